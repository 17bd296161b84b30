#include "cli/command.h"
#include "cli/ready.h"
#include "cli/study_arg.h"

static int64_t count_checkpoints(const Study *study)
{
    int64_t n = 0;
    for (size_t i = 0; i < study->n_runs; i++) {
        n += study->runs[i].checkpoints;
    }
    return n;
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
        AnswerNode *top = answer_top(&s->answer);
        answer_say(top, NULL, SAY_VERDICT, "%s is a good study file.", argv[0]);
        answer_show(top, &(Column){"study", "study"}, value_text(a.study->name));
        answer_show(top, &(Column){"runs", "runs"}, value_size(a.study->n_runs));
        answer_show(top, &(Column){"checkpoints", "checkpoints"},
                    value_count(count_checkpoints(a.study)));
    }
    study_arg_close(&a);
    return rc;
}

const Command command_check = {
    .name = "check",
    .args = "FILE",
    .summary = "check a study file",
    .description = "Reads a study file, resolves every cell of its matrix and looks at the sizes "
                   "of its texts; starts nothing and writes nothing.\n\nEvery problem is printed "
                   "as file:line:column: message, with the line and a hint where the cure is "
                   "known; the exit status is then 65. What slaw run would refuse here and is no "
                   "error of the file is a warning.",
    .examples = {"slaw check experiments/quickstart.yaml",
                 "slaw check experiments/quickstart.yaml --json"},
    .run = run,
};
