/* slaw gc: applies checkpoints.keep. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

#include "catalog/gc.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/study_arg.h"
#include "cli/thousands.h"
#include "common/exit_code.h"
#include "common/json.h"
#include "common/quantity.h"
#include "orchestrator/sched/lock.h"

typedef struct GcOpts {
    const char *dir, *keep;
    bool is_dry;
} GcOpts;

static const Opt gc_opts[] = {
    {"dry-run", NULL, "say what would be removed, and remove nothing", OPT_FLAG,
     offsetof(GcOpts, is_dry)},
    {"keep", "RULE",
     "all, weights, last:K or none for this call (default: as at the last slaw run)", OPT_TEXT,
     offsetof(GcOpts, keep)},
    {"dir", "DIR", "the study's directory (default: runs/<study>)", OPT_TEXT,
     offsetof(GcOpts, dir)},
    {0},
};

typedef struct Listing {
    const Session *s;
    json_t *runs, *skipped; /* NULL: text */
} Listing;

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_run(const GcRun *r)
{
    char rule[KEEP_TEXT_BYTES], bytes[QUANTITY_TEXT_BYTES];
    (void)printf("%-24s  keep %-8s  %4" PRId64 " checkpoint%s  %2" PRId64 " state%s  %s",
                 r->run->name, keep_text(r->keep, rule), r->count.checkpoints,
                 r->count.checkpoints == 1 ? " " : "s", r->count.states,
                 r->count.states == 1 ? " " : "s",
                 quantity_bytes_text((double)r->count.bytes, bytes));
    if (r->count.leftovers > 0) {
        (void)printf("  (and %" PRId64 " leftover%s)", r->count.leftovers,
                     plural(r->count.leftovers));
    }
    (void)printf("\n");
}

static json_t *run_json(const GcRun *r)
{
    char rule[KEEP_TEXT_BYTES];
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "run", r->run->name, "hash",
                     r->run->hash, "rule", keep_text(r->keep, rule), "checkpoints",
                     (json_int_t)r->count.checkpoints, "states", (json_int_t)r->count.states,
                     "leftovers", (json_int_t)r->count.leftovers, "bytes",
                     (json_int_t)r->count.bytes);
}

static void on_run(void *ctx, const GcRun *r)
{
    const Listing *l = ctx;
    bool any = r->count.checkpoints + r->count.states + r->count.leftovers > 0;
    if (r->why[0] && l->skipped) {
        (void)json_array_append_new(l->skipped, json_pack("{s:s, s:s, s:s}", "run", r->run->name,
                                                          "hash", r->run->hash, "reason", r->why));
    } else if (r->is_trouble) {
        (void)fprintf(stderr, "%s is left as it is: %s\n", r->run->name, r->why);
    } else if (any && l->runs) {
        (void)json_array_append_new(l->runs, run_json(r));
    } else if (any) {
        print_run(r);
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

/* Steals the lists. */
static ErrCode print_totals(const GcOpts *o, const GcTotals *t, Listing *l, Err *err)
{
    if (l->runs) {
        json_t *runs = l->runs, *skipped = l->skipped;
        l->runs = l->skipped = NULL;
        return output_json(
            json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "schema", 1, "dry_run", o->is_dry,
                      "checkpoints", (json_int_t)t->count.checkpoints, "states",
                      (json_int_t)t->count.states, "leftovers", (json_int_t)t->count.leftovers,
                      "bytes", (json_int_t)t->count.bytes, "runs", runs, "skipped", skipped),
            err);
    }
    char n[THOUSANDS_BYTES], bytes[QUANTITY_TEXT_BYTES];
    if (t->count.checkpoints + t->count.states + t->count.leftovers == 0) {
        (void)printf("nothing to remove\n");
        return ERR_OK;
    }
    (void)printf("%s weights of %s checkpoint%s, %" PRId64 " state%s and %" PRId64
                 " leftover%s of %" PRId64 " run%s: %s\n",
                 o->is_dry ? "would remove" : "removed", thousands(t->count.checkpoints, n),
                 plural(t->count.checkpoints), t->count.states, plural(t->count.states),
                 t->count.leftovers, plural(t->count.leftovers), t->runs, plural(t->runs),
                 quantity_bytes_text((double)t->count.bytes, bytes));
    return ERR_OK;
}

/* A catalog cannot be opened for writing on a disk without any space.  States and leftovers can
 * go before that.  Best effort: opening it says what is wrong. */
static void make_room(const Session *s, const char *arg, const GcOpts *o, GcOptions options,
                      GcTotals *total)
{
    CatalogArg a = {0};
    GcTotals t = {0};
    Err ignored = ERR_INIT;
    if (catalog_arg_open(s, arg, o->dir, &a, &ignored) == ERR_OK) {
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
        return catalog_arg_open(s, arg, o->dir, a, err);
    }
    TRY(study_arg_dir(s, arg, o->dir, dir, err));
    TRY(lock_acquire(dir, lock, err));
    if (total && is_nearly_full(dir)) {
        make_room(s, arg, o, *options, total);
    }
    TRY(catalog_arg_open_writer(s, arg, o->dir, a, err));
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
    Listing l = {.s = s};
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
    if (s->is_json) {
        l.runs = json_array();
        l.skipped = json_array();
    }
    options.study_dir = a.dir;
    options.run_id = one.id;
    TRY(catalog_gc(a.c, &options, &t, err));
    add(&total, &t);
    TRY(print_totals(o, &total, &l, err));
    s->exit_status = t.trouble > 0 ? EXIT_SOME_FAILED : s->exit_status;

done:
    json_decref(l.runs);
    json_decref(l.skipped);
    catalog_arg_close(&a);
    lock_release(&lock);
    return rc;
}

const Command command_gc = {
    .name = "gc",
    .args = "STUDY [RUN]",
    .summary = "apply the retention rule: remove weights and states that need not stay",
    .description =
        "Applies checkpoints.keep of the study file to the runs that are done:\n"
        "  all       nothing goes: every checkpoint's weights and the newest two states stay\n"
        "  weights   (default) the optimizer states go, every checkpoint's weights stay\n"
        "  last: k   the weights of the newest k checkpoints stay\n"
        "  none      no weights stay\n"
        "Losses stay in any case, and so do fits, tables and plots.  Nothing is removed of a run "
        "that is\nnot done, of one with damaged checkpoints, nor of a checkpoint that an "
        "evaluation waits for.\nslaw run never removes a result by itself: when the disk gets "
        "full during a sweep, slaw stop,\nslaw gc and slaw run go on where it was.  Refused "
        "while a scheduler works on the study\n(exit status 69); --dry-run is not.  Exit status "
        "1 if a run was left alone that should not be.",
    .opts = gc_opts,
    .opts_size = sizeof(GcOpts),
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
