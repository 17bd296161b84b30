#include "orchestrator/sched/run_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/record.h"
#include "common/arena.h"
#include "common/json.h"

enum { FILE_MAX_BYTES = 64 << 20 };

CatalogRun run_files_row(const RunSpec *r, size_t position, const RunFilesText *t)
{
    return (CatalogRun){
        .hash = t->hash,
        .name = r->name,
        .dir = t->dir,
        .architecture = r->model->shape.arch->name,
        .size = r->model->size,
        .seed = r->seed,
        .axes = buf_str(&t->axes),
        .config = buf_str(&t->config),
        .position = (int64_t)position,
        .params = r->model->params,
        .params_total = r->model->params_total,
        .tokens = run_spec_tokens(r),
        .steps = r->steps,
        .batch_tokens = r->batch_tokens,
        .flops_6nd = r->model->flops_6nd,
        .flops_exact = r->model->flops_exact,
        .flops_paper = r->model->flops_paper,
        .checkpoints = r->checkpoints,
    };
}

ErrCode run_files_text(const Study *study, size_t i, RunFilesText *t, Err *err)
{
    run_spec_hash(&study->runs[i], t->hash);
    run_spec_dir(&study->runs[i], t->dir);
    buf_clear(&t->axes);
    buf_clear(&t->config);
    return study_run_texts(study, i, &t->config, &t->axes, err);
}

void run_files_text_release(RunFilesText *t)
{
    buf_release(&t->axes);
    buf_release(&t->config);
}

static bool file_has(const char *path, const Buf *want)
{
    Buf got = BUF_INIT;
    Err ignored = ERR_INIT;
    bool same = fsx_read(path, FILE_MAX_BYTES, &got, &ignored) == ERR_OK && got.len == want->len &&
                memcmp(buf_str(&got), buf_str(want), want->len) == 0;
    buf_release(&got);
    return same;
}

static ErrCode write_config(const char *dir, const json_t *config, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    TRY(fsx_join(path, dir, "config.json", err));
    json_pretty(config, &text);
    TRY(buf_ok(&text, err));
    if (!file_has(path, &text)) {
        TRY(fsx_note(path, buf_str(&text), text.len, err));
    }

done:
    buf_release(&text);
    return rc;
}

static bool has_same_numbers(const CatalogRun *a, const CatalogRun *b)
{
    return a->id == b->id && a->position == b->position && a->checkpoints == b->checkpoints &&
           a->params == b->params && a->params_total == b->params_total && a->tokens == b->tokens &&
           a->steps == b->steps && a->batch_tokens == b->batch_tokens &&
           a->flops_6nd == b->flops_6nd && a->flops_exact == b->flops_exact &&
           a->flops_paper == b->flops_paper;
}

static bool record_is_current(const char *dir, const CatalogRun *row)
{
    Arena a = ARENA_INIT;
    Err ignored = ERR_INIT;
    CatalogRun old = {0};
    bool is = run_record_read(dir, &a, &old, &ignored) == ERR_OK && has_same_numbers(&old, row) &&
              strcmp(old.size, row->size) == 0 && strcmp(old.axes, row->axes) == 0;
    arena_release(&a);
    return is;
}

ErrCode run_files_write(const Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    RunFilesText text = {0};
    json_t *config = NULL;
    CatalogRun row;
    TRY(job_dir(j, x, dir, err));
    TRY(fsx_mkdirs(dir, err));
    TRY(study_run_json(x->study, j->index, &config, err));
    TRY(write_config(dir, config, err));
    TRY(run_files_text(x->study, j->index, &text, err));
    row = run_files_row(j->spec, j->index, &text);
    row.id = j->id;
    if (!record_is_current(dir, &row)) {
        TRY(run_record_write(dir, &row, err));
    }

done:
    json_decref(config);
    run_files_text_release(&text);
    return rc;
}

ErrCode run_files_newest_attempt(const char *run_dir, int64_t *ret, Err *err)
{
    static const char prefix[] = "attempt-";
    int64_t newest = -1;
    DIR *d = opendir(run_dir);
    if (!d && errno != ENOENT) {
        return err_sys(err, "%s", run_dir);
    }
    /* One thread reads this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        const char *digits = e->d_name + sizeof prefix - 1;
        char *end = NULL;
        if (strncmp(e->d_name, prefix, sizeof prefix - 1) == 0 && digits[0]) {
            int64_t number = strtoll(digits, &end, 10);
            newest = *end == '\0' && number > newest ? number : newest;
        }
    }
    if (d) {
        (void)closedir(d);
    }
    *ret = newest;
    return ERR_OK;
}

/* What run.json says, all that the study file does not know of a run; 0 when it says nothing. */
static int64_t number_in_catalog(const char *run_dir)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    json_t *v = NULL;
    int64_t id = 0;
    bool is_read = fsx_join(path, run_dir, "run.json", &ignored) == ERR_OK &&
                   json_read_file(path, &v, &ignored) == ERR_OK &&
                   json_get_i64(v, "id", &id, &ignored) == ERR_OK && id > 0;
    json_decref(v);
    return is_read ? id : 0;
}

ErrCode run_files_restore(const Study *study, const char *study_dir, Err *err)
{
    const SchedOptions options = {.dir = study_dir};
    const JobContext x = {.study = study, .options = &options};
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < study->n_runs; i++) {
        Job j = {.spec = &study->runs[i], .index = i};
        char dir[FSX_PATH_BYTES];
        int64_t newest = -1;
        TRY(job_dir(&j, &x, dir, err));
        TRY(run_files_newest_attempt(dir, &newest, err));
        if (newest >= 0) {
            j.id = number_in_catalog(dir);
            TRY(run_files_write(&j, &x, err));
        }
    }

done:
    return rc;
}

bool run_files_has_checkpoints(const Job *j, const JobContext *x)
{
    char path[FSX_PATH_BYTES], dir[RUN_DIR_BYTES];
    Err ignored = ERR_INIT;
    run_spec_dir(j->spec, dir);
    return fsx_path(path, &ignored, "%s/%s/checkpoints", x->options->dir, dir) == ERR_OK &&
           fsx_is_dir(path);
}
