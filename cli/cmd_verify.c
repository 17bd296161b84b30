#include <inttypes.h>
#include <stdio.h>

#include "catalog/verify.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/study_arg.h"
#include "cli/thousands.h"
#include "common/exit_code.h"
#include "common/quantity.h"
#include "orchestrator/sched/lock.h"

typedef struct VerifyOpts {
    const char *dir;
} VerifyOpts;

static const Opt verify_opts[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(VerifyOpts, dir)},
    {0},
};

typedef struct Listing {
    const CatalogArg *a;
    json_t *bad; /* NULL: text */
} Listing;

static void on_checkpoint(void *ctx, const CatalogRun *run, const CatalogCheckpoint *k,
                          CatalogCheckpointState found, const char *why)
{
    const Listing *l = ctx;
    if (found == CATALOG_CHECKPOINT_COMPLETE) {
        return;
    }
    if (l->bad) {
        (void)json_array_append_new(
            l->bad, json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "run", run->name, "hash", run->hash,
                              "step", (json_int_t)k->step, "path", k->path, "state",
                              catalog_checkpoint_state_name(found), "why", why));
    } else {
        (void)printf("%-7s  %s/%s/%s: %s\n", catalog_checkpoint_state_name(found), l->a->dir,
                     run->dir, k->path, why);
    }
}

/* Steals bad. */
static ErrCode print_totals(const Session *s, const VerifyTotals *t, bool can_mark, json_t *bad,
                            Err *err)
{
    int64_t n_bad = t->missing + t->corrupt, n_total = t->good + n_bad;
    if (s->is_json) {
        return output_json(json_pack("{s:i, s:{s:I, s:I, s:I, s:I}, s:I, s:b, s:o}", "schema", 1,
                                     "checkpoints", "total", (json_int_t)n_total, "good",
                                     (json_int_t)t->good, "missing", (json_int_t)t->missing,
                                     "corrupt", (json_int_t)t->corrupt, "bytes",
                                     (json_int_t)t->bytes, "marked", (int)can_mark, "bad", bad),
                           err);
    }
    char total[THOUSANDS_BYTES], good[THOUSANDS_BYTES], bytes[QUANTITY_TEXT_BYTES];
    (void)printf("%s of %s checkpoints are good (%s read)", thousands(t->good, good),
                 thousands(n_total, total), quantity_bytes_text((double)t->bytes, bytes));
    if (n_bad > 0) {
        (void)printf(", %" PRId64 " missing, %" PRId64 " corrupt", t->missing, t->corrupt);
    }
    (void)printf("\n");
    return ERR_OK;
}

/* For writing and with the study's lock, so that what is found can be marked.  While a scheduler
 * is at work, and for a copy on read-only media, it can still be checked. */
static ErrCode open_catalog(const Session *s, const char *arg, const VerifyOpts *o, CatalogArg *a,
                            Lock *lock, Err *err)
{
    char dir[FSX_PATH_BYTES];
    Err why = ERR_INIT;
    ErrCode rc = study_arg_dir(s, arg, o->dir, dir, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = lock_acquire(dir, lock, &why);
    if (rc == ERR_OK) {
        rc = catalog_arg_open_writer(s, arg, o->dir, a, &why);
        if (rc != ERR_OK) {
            catalog_arg_close(a);
            lock_release(lock);
        }
    }
    if (rc != ERR_UNAVAILABLE && rc != ERR_DB && rc != ERR_IO) {
        *err = why;
        return rc;
    }
    rc = catalog_arg_open(s, arg, o->dir, a, err);
    if (rc == ERR_OK && !s->is_quiet) {
        (void)fprintf(stderr, "%s; what is found is shown and nothing is marked\n", why.msg);
    }
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const VerifyOpts *o = opts;
    CatalogArg a = {0};
    Lock lock = LOCK_INIT;
    CatalogRun one = {.id = -1};
    Listing l = {.a = &a, .bad = s->is_json ? json_array() : NULL};
    VerifyTotals t = {0};
    ErrCode rc = ERR_OK;
    TRY(open_catalog(s, argv[0], o, &a, &lock, err));
    if (argc > 1) {
        TRY(catalog_run_find(a.c, argv[1], &a.arena, &one, err));
    }
    TRY(catalog_check(a.c, err));
    TRY(catalog_verify(a.c, a.dir, one.id, on_checkpoint, &l, &t, err));
    rc = print_totals(s, &t, !a.c->is_readonly, l.bad, err);
    l.bad = NULL;
    if (rc == ERR_OK && t.missing + t.corrupt > 0) {
        s->exit_status = EXIT_SOME_FAILED;
    }

done:
    json_decref(l.bad);
    catalog_arg_close(&a);
    lock_release(&lock);
    return rc;
}

const Command command_verify = {
    .name = "verify",
    .args = "STUDY [RUN]",
    .summary = "check every checkpoint's bytes against its digests",
    .description = "Reads every file of every checkpoint and compares its size and XXH3-128 digest "
                   "with what was\nwritten. Missing and corrupt ones are listed and marked in the "
                   "catalog, so that no law is\nfitted to them; a file that was put back counts "
                   "again. Exit status 1 if any is bad.",
    .opts = verify_opts,
    .opts_size = sizeof(VerifyOpts),
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
