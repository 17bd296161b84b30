#include "orchestrator/sched/run_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "orchestrator/catalog/record.h"

enum { FILE_MAX_BYTES = 64 << 20 };

CatalogRun run_files_row(const RunSpec *r, size_t position, const char *axes, const char *config)
{
    const RunConfig *c = &r->config;
    return (CatalogRun){
        .hash = c->hash,
        .name = c->name,
        .dir = r->dir,
        .architecture = c->shape.arch->name,
        .size = r->size,
        .seed = c->seed,
        .axes = axes,
        .config = config,
        .position = (int64_t)position,
        .params = r->params,
        .params_total = r->params_total,
        .tokens = c->steps * c->batch_tokens,
        .steps = c->steps,
        .batch_tokens = c->batch_tokens,
        .flops_6nd = r->flops_6nd,
        .flops_exact = r->flops_exact,
        .flops_paper = r->flops_paper,
        .checkpoints = c->checkpoint_count,
    };
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

static bool record_is_current(const char *dir, const CatalogRun *row)
{
    Arena a = ARENA_INIT;
    Err ignored = ERR_INIT;
    CatalogRun old = {0};
    bool is = run_record_read(dir, &a, &old, &ignored) == ERR_OK && old.position == row->position &&
              old.checkpoints == row->checkpoints && strcmp(old.size, row->size) == 0 &&
              strcmp(old.axes, row->axes) == 0;
    arena_release(&a);
    return is;
}

ErrCode run_files_write(const Job *j, const JobContext *x, Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    Buf axes = BUF_INIT;
    CatalogRun row;
    TRY(job_dir(j, x, dir, err));
    TRY(fsx_mkdirs(dir, err));
    TRY(write_config(dir, j->spec->json, err));
    json_canonical(j->spec->axes, &axes);
    TRY(buf_ok(&axes, err));
    row = run_files_row(j->spec, j->index, buf_str(&axes), "");
    row.id = j->id;
    if (!record_is_current(dir, &row)) {
        TRY(run_record_write(dir, &row, err));
    }

done:
    buf_release(&axes);
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

bool run_files_has_checkpoints(const Job *j, const JobContext *x)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return fsx_path(path, &ignored, "%s/%s/checkpoints", x->options->dir, j->spec->dir) == ERR_OK &&
           fsx_is_dir(path);
}
