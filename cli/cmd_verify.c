#include <inttypes.h>

#include "catalog/verify.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/exit_code.h"
#include "orchestrator/sched/lock.h"

static const Column bad_column[] = {
    {"run", "run"},     {"hash"},
    {"step", "step"},   {"path", "checkpoint", .rank = 1},
    {"state", "state"}, {"why", "why", .is_prose = true},
};

static void on_checkpoint(void *ctx, const CatalogRun *run, const CatalogCheckpoint *k,
                          CatalogCheckpointState found, const char *why)
{
    if (found != CATALOG_CHECKPOINT_COMPLETE) {
        answer_row(ctx, value_text(run->name), value_text(run->hash), value_count(k->step),
                   value_text(k->path),
                   value_toned(value_text(catalog_checkpoint_state_name(found)), TONE_BAD),
                   value_text(why));
    }
}

static void tell(const VerifyTotals *t, bool can_mark, AnswerNode *top)
{
    char good[NUMBER_TEXT_BYTES], total[NUMBER_TEXT_BYTES], bytes[NUMBER_TEXT_BYTES];
    int64_t n_total = t->good + t->missing + t->corrupt;
    const Column of = {"checkpoints.total"};
    answer_show(top, &of, value_count(n_total));
    answer_show(top, &(Column){"checkpoints.good"}, value_count(t->good));
    answer_show(top, &(Column){"checkpoints.missing"}, value_count(t->missing));
    answer_show(top, &(Column){"checkpoints.corrupt"}, value_count(t->corrupt));
    answer_show(top, &(Column){"bytes"}, value_count(t->bytes));
    answer_show(top, &(Column){"marked"}, value_bool(can_mark));
    answer_say(top, NULL, SAY_VERDICT, "%s of %s checkpoints are good (%s read).",
               whole_text(t->good, good), whole_text(n_total, total),
               number_text((double)t->bytes, NUMBER_BYTES, 0, bytes));
    if (t->missing + t->corrupt > 0) {
        answer_say(top, NULL, SAY_WARNING, "%" PRId64 " missing, %" PRId64 " corrupt%s.",
                   t->missing, t->corrupt,
                   can_mark ? "; no law is fitted to them, and slaw run makes them again" : "");
    }
}

/* For writing and with the study's lock, so that what is found can be marked.  While a scheduler
 * is at work, and for a copy on read-only media, it can still be checked. */
static ErrCode open_catalog(Session *s, const char *arg, CatalogArg *a, Lock *lock, Err *err)
{
    char dir[FSX_PATH_BYTES];
    Err why = ERR_INIT;
    ErrCode rc = study_arg_dir(s, arg, s->fit.dir, dir, err);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = lock_acquire(dir, lock, &why);
    if (rc == ERR_OK) {
        rc = catalog_arg_open_writer(s, arg, s->fit.dir, a, &why);
        if (rc != ERR_OK) {
            catalog_arg_close(a);
            lock_release(lock);
        }
    }
    if (rc != ERR_UNAVAILABLE && rc != ERR_DB && rc != ERR_IO) {
        *err = why;
        return rc;
    }
    rc = catalog_arg_open(s, arg, s->fit.dir, a, err);
    if (rc == ERR_OK) {
        answer_say(answer_top(&s->answer), NULL, SAY_NOTE,
                   "%s; what is found is shown and nothing is marked.", why.msg);
    }
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    CatalogArg a = {0};
    Lock lock = LOCK_INIT;
    CatalogRun one = {.id = -1};
    VerifyTotals t = {0};
    AnswerNode *bad = NULL;
    ErrCode rc = ERR_OK;
    (void)opts;
    TRY(open_catalog(s, argv[0], &a, &lock, err));
    if (argc > 1) {
        TRY(catalog_run_find(a.c, argv[1], &a.arena, &one, err));
    }
    TRY(catalog_check(a.c, err));
    bad = answer_table(answer_top(&s->answer), "bad", NULL, COLUMNS(bad_column));
    TRY(catalog_verify(a.c, a.dir, one.id, on_checkpoint, bad, &t, err));
    tell(&t, !a.c->is_readonly, answer_top(&s->answer));
    s->exit_status = t.missing + t.corrupt > 0 ? EXIT_SOME_FAILED : s->exit_status;

done:
    catalog_arg_close(&a);
    lock_release(&lock);
    return rc;
}

const Command command_verify = {
    .name = "verify",
    .args = "STUDY [RUN]",
    .summary = "check every checkpoint's bytes against its digests",
    .description = "Reads every file of every checkpoint and compares its size and XXH3-128 digest "
                   "with what was written. Missing and corrupt ones are listed and marked in the "
                   "catalog, so that no law is fitted to them; a file that was put back counts "
                   "again. While a scheduler works on the study nothing is marked.",
    .groups = {&group_study},
    .examples = {"slaw verify runs/quickstart", "slaw verify runs/quickstart --format csv"},
    .can_fail_part = true,
    .run = run,
};
