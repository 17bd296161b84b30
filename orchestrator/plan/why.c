#include "orchestrator/plan/why.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"

/* ---- states -------------------------------------------------------------------------------- */

/* "; attempt 2, runs/x/attempt-002/stderr.log", or nothing. */
static void log_of(const PastRun *p, char out[FSX_PATH_BYTES])
{
    out[0] = '\0';
    if (p->newest_attempt >= 0) {
        (void)snprintf(out, FSX_PATH_BYTES,
                       " (attempt %" PRId64 ", %s/attempt-%03" PRId64 "/stderr.log)",
                       p->newest_attempt, p->dir, p->newest_attempt);
    }
}

static const char *waiting(const PastRun *p, Arena *a)
{
    const char *and = p->reason ? ": " : "", *reason = p->reason ? p->reason : "";
    if (p->by) {
        return arena_printf(a, "running by %s, attempt %" PRId64 ", checkpoint at step %" PRId64,
                            p->by, p->newest_attempt, p->step);
    }
    if (p->step > 0) {
        return arena_printf(a, "would resume from step %" PRId64 "%s%s", p->step, and, reason);
    }
    if (p->attempts > 0) {
        return arena_printf(a, "would run again, nothing was kept%s%s", and, reason);
    }
    return strcmp(p->state, "running") == 0 ? "would run: started before, nothing kept"
                                            : "would run: new";
}

ErrCode why_of(const PastRun *p, Arena *a, Why *ret, Err *err)
{
    char log[FSX_PATH_BYTES];
    const char *because = p && p->reason ? p->reason : "no reason is recorded";
    *ret = (Why){.is_todo = true, .state = "new", .text = "would run: new"};
    if (!p) {
        return ERR_OK;
    }
    ret->state = p->state;
    if (strcmp(p->state, "done") == 0) {
        ret->is_todo = p->lost > 0;
        ret->text = p->lost > 0
                        ? arena_printf(a,
                                       "done, but %" PRId64 " checkpoint%s missing or corrupt: "
                                       "would be made again",
                                       p->lost, p->lost == 1 ? " is" : "s are")
                        : "done";
    } else if (strcmp(p->state, "failed") == 0) {
        log_of(p, log);
        ret->is_todo = false;
        ret->text = arena_printf(a, "failed: %s%s; `slaw retry` would run it again", because, log);
    } else if (strcmp(p->state, "diverged") == 0) {
        log_of(p, log);
        ret->is_todo = false;
        const char *says = strncmp(because, "diverged", 8) == 0 ? "" : "diverged: ";
        ret->text = arena_printf(a, "%s%s%s; it would do so again", says, because, log);
    } else if (strcmp(p->state, "retired") == 0) {
        ret->text =
            p->step > 0
                ? arena_printf(a, "would run: back in the study file, from step %" PRId64, p->step)
                : "would run: back in the study file";
    } else {
        ret->text = waiting(p, a);
    }
    return ret->text ? ERR_OK : err_nomem(err, "the plan");
}

/* ---- differences ----------------------------------------------------------------------------- */

enum { MAX_SHOWN = 8, PATH_BYTES = 160 };

typedef struct Diff {
    Buf *out; /* NULL: only count */
    size_t n;
} Diff;

static void put_value(const json_t *v, Buf *out)
{
    if (v) {
        json_canonical(v, out);
    } else {
        buf_puts(out, "(none)");
    }
}

static void add_difference(Diff *d, const char *path, const json_t *before, const json_t *after)
{
    if (d->out && d->n < MAX_SHOWN) {
        buf_printf(d->out, "%s%s: ", d->n ? ", " : "", path);
        put_value(before, d->out);
        buf_puts(d->out, " -> ");
        put_value(after, d->out);
    }
    d->n++;
}

/* 10 and 10.0 are one number here, as they are in an identity. */
static bool is_equal(const json_t *a, const json_t *b)
{
    return json_equal(a, b) ||
           (json_is_number(a) && json_is_number(b) && json_number_value(a) == json_number_value(b));
}

static void compare(Diff *d, const char *path, const json_t *before, const json_t *after);

static void compare_members(Diff *d, const char *path, const json_t *before, const json_t *after)
{
    const char *key;
    json_t *v;
    char inner[PATH_BYTES];
    json_object_foreach(json_for_iteration(before), key, v)
    {
        (void)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] ? "." : "", key);
        compare(d, inner, v, json_object_get(after, key));
    }
    json_object_foreach(json_for_iteration(after), key, v)
    {
        if (!json_object_get(before, key)) {
            (void)snprintf(inner, sizeof inner, "%s%s%s", path, path[0] ? "." : "", key);
            compare(d, inner, NULL, v);
        }
    }
}

static void compare(Diff *d, const char *path, const json_t *before, const json_t *after)
{
    bool is_retained = strcmp(path, "checkpoints.keep") == 0; /* of no identity */
    if (is_retained || (before && after && is_equal(before, after))) {
        return;
    }
    if ((json_is_object(before) || !before) && (json_is_object(after) || !after)) {
        compare_members(d, path, before, after);
    } else {
        add_difference(d, path, before, after);
    }
}

size_t why_differences(const json_t *before, const json_t *after, Buf *out)
{
    static const char *const part[] = {"model", "corpus", "training", "checkpoints", "seed"};
    Diff d = {.out = out};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        compare(&d, part[i], json_object_get(before, part[i]), json_object_get(after, part[i]));
    }
    if (out && d.n > MAX_SHOWN) {
        buf_printf(out, " and %zu more", d.n - MAX_SHOWN);
    }
    return d.n;
}

/* ---- what was changed --------------------------------------------------------------------------- */

/* Every comparison of settings takes some ten microseconds. */
enum { MAX_COMPARISONS = 20000 };

static int by_name(const void *a, const void *b)
{
    const PastRun *x = *(PastRun *const *)a, *y = *(PastRun *const *)b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->dir, y->dir);
}

ErrCode leftovers_of(Past *past, size_t n_new, Leftovers *ret, Err *err)
{
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    Leftovers l = {.run = malloc((past->n + 1) * sizeof *l.run)};
    if (!l.run) {
        return err_nomem(err, "the plan");
    }
    for (size_t i = 0; i < past->n; i++) {
        if (!past->run[i].is_of_study) {
            l.run[l.n++] = &past->run[i];
        }
    }
    /* pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    qsort(l.run, l.n, sizeof *l.run, by_name);
    l.is_thorough = n_new <= MAX_COMPARISONS / (l.n + 1);
    *ret = l;
    return ERR_OK;
}

void leftovers_release(Leftovers *l)
{
    free(l->run);
    *l = (Leftovers){0};
}

static bool is_kin(const PastRun *p, const RunSpec *r)
{
    char prefix[RUN_NAME_BYTES];
    int n = snprintf(prefix, sizeof prefix, "%s-%s", r->model->shape.arch->name, r->model->size);
    return strncmp(p->name, prefix, (size_t)n) == 0 && (p->name[n] == '\0' || p->name[n] == '-');
}

/* The first leftover whose name is not before it. */
static size_t first_at(const Leftovers *l, const char *name)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(l->run[middle]->name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The leftover among [from, to) that differs in the fewest settings; SIZE_MAX: there is none. */
static size_t nearest(const Leftovers *l, size_t from, size_t to, const RunSpec *kin,
                      const json_t *config, const char *study_dir)
{
    size_t best = SIZE_MAX, fewest = SIZE_MAX;
    for (size_t k = from; k < to; k++) {
        PastRun *p = l->run[k];
        if ((kin && !is_kin(p, kin)) || !past_config(p, study_dir)) {
            continue;
        }
        size_t n = why_differences(p->config, config, NULL);
        if (n < fewest) {
            fewest = n;
            best = k;
        }
    }
    return best;
}

ErrCode why_changed(const Study *study, size_t i, const Leftovers *l, const char *study_dir,
                    Buf *out, size_t *ret, Err *err)
{
    const RunSpec *r = &study->runs[i];
    size_t from = first_at(l, r->name), to = from;
    json_t *config = NULL;
    *ret = SIZE_MAX;
    while (to < l->n && strcmp(l->run[to]->name, r->name) == 0) {
        to++;
    }
    if (to == from && !l->is_thorough) {
        return ERR_OK;
    }
    ErrCode rc = study_run_json(study, i, &config, err);
    if (rc == ERR_OK) {
        *ret = to > from ? nearest(l, from, to, NULL, config, study_dir)
                         : nearest(l, 0, l->n, r, config, study_dir);
    }
    if (*ret != SIZE_MAX) {
        (void)why_differences(l->run[*ret]->config, config, out);
        rc = buf_ok(out, err);
    }
    json_decref(config);
    return rc;
}
