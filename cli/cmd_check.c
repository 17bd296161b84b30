#include <stdio.h>

#include "cli/command.h"
#include "cli/ready.h"
#include "cli/study_arg.h"
#include "cli/thousands.h"
#include "common/json.h"

static int64_t count_checkpoints(const Study *study)
{
    int64_t n = 0;
    for (size_t i = 0; i < study->n_runs; i++) {
        n += study->runs[i].checkpoints;
    }
    return n;
}

static ErrCode print_json(const Study *study, int64_t checkpoints, Err *err)
{
    json_t *v = json_pack("{s:i, s:s, s:I, s:I}", "schema", 1, "study", study->name, "runs",
                          (json_int_t)study->n_runs, "checkpoints", (json_int_t)checkpoints);
    Buf text = BUF_INIT;
    json_pretty(v, &text);
    json_decref(v);
    ErrCode rc = v ? buf_ok(&text, err) : err_nomem(err, "the answer");
    if (rc == ERR_OK) {
        (void)fputs(buf_str(&text), stdout);
    }
    buf_release(&text);
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)opts;
    (void)argc;
    StudyArg a;
    ErrCode rc = study_arg_open(s, argv[0], NULL, &a, err);
    if (rc == ERR_OK) {
        rc = ready_warn(s, a.study, a.dir, true, err);
    }
    if (rc == ERR_OK) {
        int64_t checkpoints = count_checkpoints(a.study);
        char runs[THOUSANDS_BYTES], marks[THOUSANDS_BYTES];
        if (s->is_json) {
            rc = print_json(a.study, checkpoints, err);
        } else {
            (void)printf("ok: %s run%s, %s checkpoint%s\n",
                         thousands((int64_t)a.study->n_runs, runs), a.study->n_runs == 1 ? "" : "s",
                         thousands(checkpoints, marks), checkpoints == 1 ? "" : "s");
        }
    }
    study_arg_close(&a);
    return rc;
}

const Command command_check = {
    .name = "check",
    .args = "FILE",
    .summary = "check a study file",
    .description = "Reads a study file, resolves every cell of its matrix and looks at the sizes "
                   "of its texts;\n"
                   "starts nothing and writes nothing.  Every problem is printed as "
                   "file:line:column: message,\n"
                   "with the line and a hint where the cure is known; the exit status is then 65.  "
                   "What slaw run\n"
                   "would refuse here and is no error of the file is a warning.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
