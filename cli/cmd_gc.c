/* slaw gc: applies checkpoints.keep. */
#include <stdio.h>
#include <sys/statvfs.h>

#include "catalog/gc.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/study_arg.h"
#include "common/exit_code.h"
#include "orchestrator/sched/lock.h"

typedef struct GcOpts {
    const char *keep;
    bool is_dry;
} GcOpts;

static const Opt gc_opts[] = {
    {"dry-run", NULL, "say what would be removed, and remove nothing", OPT_FLAG,
     offsetof(GcOpts, is_dry)},
    {"keep", "RULE",
     "all, weights, last:K or none for this call (default: as at the last slaw run)", OPT_TEXT,
     offsetof(GcOpts, keep)},
    {0},
};

typedef struct Lists {
    AnswerNode *top, *runs, *skipped;
} Lists;

static Lists begin(Session *s)
{
    static const Column run[] = {
        {"run", "run"},
        {"hash"},
        {"rule", "keep"},
        {"checkpoints", "weights"},
        {"states", "states"},
        {"leftovers", "leftovers", .rank = 1},
        {"bytes", "space", .format = NUMBER_BYTES},
    };
    static const Column skipped[] = {{"run"}, {"hash"}, {"reason"}};
    AnswerNode *top = answer_top(&s->answer);
    return (Lists){.top = top,
                   .runs = answer_table(top, "runs", NULL, COLUMNS(run)),
                   .skipped = answer_table(top, "skipped", NULL, skipped, 3)};
}

static void on_run(void *ctx, const GcRun *r)
{
    const Lists *l = ctx;
    char rule[KEEP_TEXT_BYTES];
    if (r->why[0]) {
        answer_row(l->skipped, value_text(r->run->name), value_text(r->run->hash),
                   value_text(r->why));
    } else if (r->count.checkpoints + r->count.states + r->count.leftovers > 0) {
        answer_row(l->runs, value_text(r->run->name), value_text(r->run->hash),
                   value_text(keep_text(r->keep, rule)), value_count(r->count.checkpoints),
                   value_count(r->count.states), value_count(r->count.leftovers),
                   value_count(r->count.bytes));
    }
    if (r->is_trouble) {
        answer_say(l->top, NULL, SAY_WARNING, "%s is left as it is: %s", r->run->name, r->why);
    }
}

static void add(GcTotals *to, const GcTotals *t)
{
    to->count.checkpoints += t->count.checkpoints;
    to->count.states += t->count.states;
    to->count.leftovers += t->count.leftovers;
    to->count.bytes += t->count.bytes;
    to->runs = t->runs > to->runs ? t->runs : to->runs;
    to->trouble = t->trouble;
}

static void tell(const GcOpts *o, const GcTotals *t, AnswerNode *top)
{
    const GcCount *n = &t->count;
    char marks[NUMBER_TEXT_BYTES], states[NUMBER_TEXT_BYTES], rest[NUMBER_TEXT_BYTES];
    char runs[NUMBER_TEXT_BYTES], bytes[NUMBER_TEXT_BYTES];
    answer_set(top, "dry_run", value_bool(o->is_dry));
    answer_set(top, "checkpoints", value_count(n->checkpoints));
    answer_set(top, "states", value_count(n->states));
    answer_set(top, "leftovers", value_count(n->leftovers));
    answer_set(top, "bytes", value_count(n->bytes));
    if (n->checkpoints + n->states + n->leftovers == 0) {
        answer_say(top, NULL, SAY_VERDICT, "There is nothing to remove.");
        return;
    }
    answer_say(
        top, NULL, SAY_VERDICT, "%s: weights of %s, %s and %s of %s: %s.",
        o->is_dry ? "This would go" : "Removed", count_text(n->checkpoints, "checkpoint", marks),
        count_text(n->states, "state", states), count_text(n->leftovers, "leftover", rest),
        count_text(t->runs, "run", runs), number_text((double)n->bytes, NUMBER_BYTES, 0, bytes));
}

/* A catalog cannot be opened for writing on a disk without any space.  States and leftovers can
 * go before that.  Best effort: opening it says what is wrong. */
static void make_room(const Session *s, const char *arg, GcOptions options, GcTotals *total)
{
    CatalogArg a = {0};
    GcTotals t = {0};
    Err ignored = ERR_INIT;
    if (catalog_arg_open(s, arg, s->fit.dir, &a, &ignored) == ERR_OK) {
        options.study_dir = a.dir;
        options.only_states = true;
        options.report = NULL; /* what goes now is in the totals */
        if (catalog_gc(a.c, &options, &t, &ignored) == ERR_OK) {
            add(total, &t);
        }
    }
    catalog_arg_close(&a);
}

static bool is_nearly_full(const char *dir)
{
    enum { ENOUGH_BYTES = 4 << 20 };
    struct statvfs v;
    return statvfs(dir, &v) == 0 && (double)v.f_bavail * (double)v.f_frsize < ENOUGH_BYTES;
}

/* A dry run reads only: it may look while a scheduler is at work.  total NULL: no room may be
 * made, since that would reach beyond the one run that was named. */
static ErrCode open_study(const Session *s, const GcOpts *o, const char *arg,
                          const GcOptions *options, CatalogArg *a, Lock *lock, GcTotals *total,
                          Err *err)
{
    ErrCode rc = ERR_OK;
    char dir[FSX_PATH_BYTES];
    if (o->is_dry) {
        return catalog_arg_open(s, arg, s->fit.dir, a, err);
    }
    TRY(study_arg_dir(s, arg, s->fit.dir, dir, err));
    TRY(lock_acquire(dir, lock, err));
    if (total && is_nearly_full(dir)) {
        make_room(s, arg, *options, total);
    }
    TRY(catalog_arg_open_writer(s, arg, s->fit.dir, a, err));
done:
    return rc;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const GcOpts *o = opts;
    CatalogArg a = {0};
    CatalogRun one = {.id = -1};
    Lock lock = LOCK_INIT;
    Keep keep = {0};
    Lists l = {0};
    GcTotals t = {0}, total = {0};
    GcOptions options = {.run_id = -1, .is_dry = o->is_dry, .report = on_run, .ctx = &l};
    ErrCode rc = ERR_OK;
    if (o->keep) {
        TRY(keep_parse(o->keep, &keep, err));
        options.keep = &keep;
    }
    TRY(open_study(s, o, argv[0], &options, &a, &lock, argc > 1 ? NULL : &total, err));
    if (argc > 1) {
        TRY(catalog_run_find(a.c, argv[1], &a.arena, &one, err));
    }
    l = begin(s);
    options.study_dir = a.dir;
    options.run_id = one.id;
    TRY(catalog_gc(a.c, &options, &t, err));
    add(&total, &t);
    tell(o, &total, l.top);
    s->exit_status = t.trouble > 0 ? EXIT_SOME_FAILED : s->exit_status;

done:
    catalog_arg_close(&a);
    lock_release(&lock);
    return rc;
}

const Command command_gc = {
    .name = "gc",
    .args = "STUDY [RUN]",
    .summary = "apply the retention rule: remove weights and states that need not stay",
    .description =
        "Applies checkpoints.keep of the study file to the runs that are done. all: nothing goes, "
        "every checkpoint's weights and the newest two states stay. weights (default): the "
        "optimizer states go. last: k: the weights of the newest k checkpoints stay. none: no "
        "weights stay.\n\nLosses stay in any case, and so do fits, tables and plots. Nothing is "
        "removed of a run that is not done, of one with damaged checkpoints, nor of a checkpoint "
        "that an evaluation waits for. slaw run never removes a result by itself: when the disk "
        "gets full during a sweep, slaw stop, slaw gc and slaw run go on where it was.\n\n"
        "Refused while a scheduler works on the study; --dry-run is not. Exit status 1 if a run "
        "was left alone that should not be.",
    COMMAND_OPTS(gc_opts, GcOpts),
    .groups = {&group_study},
    .examples = {"slaw gc runs/quickstart --dry-run",
                 "slaw gc runs/quickstart --keep last:1 --dry-run"},
    .can_fail_part = true,
    .can_be_refused = true,
    .run = run,
};
