#include "analysis/obs/study_frame.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"
#include "catalog/observation.h"
#include "catalog/run.h"
#include "catalog/study.h"
#include "common/arena.h"
#include "common/json.h"
#include "common/map.h"

static const char *const fixed_column[] = {
    "run",     "name", "architecture",  "size",       "seed",  "task",
    "step",    "N",    "N_total",       "D",          "C_6nd", "C_exact",
    "C_paper", "loss", "bits_per_byte", "train_loss", "state", "is_final",
};
enum { N_FIXED = sizeof fixed_column / sizeof fixed_column[0], MAX_AXES = 32 };
/* Places in it: from SEED on all but two are numbers. */
enum { SEED = 4, TASK = 5, STATE = 16 };

/* Axes of the matrix that are not columns already, and each run's values on them. */
typedef struct Axes {
    const char *name[MAX_AXES];
    size_t n;
    CatalogRun *run;
    json_t **value; /* [n_runs] */
    size_t n_runs;
    Map by_hash; /* values: those of `value` */
} Axes;

void study_analysis_release(StudyAnalysis *a)
{
    free(a->name);
    free(a->by);
    for (size_t i = 0; i < a->n_laws; i++) {
        free(a->law[i]);
    }
    *a = (StudyAnalysis){0};
}

static void axes_release(Axes *x)
{
    for (size_t i = 0; x->value && i < x->n_runs; i++) {
        json_decref(x->value[i]);
    }
    free(x->value);
    map_release(&x->by_hash);
}

static void add_axis(Axes *x, const char *name)
{
    for (size_t i = 0; i < N_FIXED; i++) {
        if (strcmp(fixed_column[i], name) == 0) {
            return;
        }
    }
    for (size_t i = 0; i < x->n; i++) {
        if (strcmp(x->name[i], name) == 0) {
            return;
        }
    }
    if (x->n < MAX_AXES) {
        x->name[x->n++] = name;
    }
}

static ErrCode read_axes(Catalog *c, Arena *a, Axes *x, Err *err)
{
    ErrCode rc = catalog_run_list(c, a, &x->run, &x->n_runs, err);
    if (rc != ERR_OK) {
        return rc;
    }
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers */
    x->value = calloc(x->n_runs + 1, sizeof(json_t *));
    if (!x->value) {
        return err_nomem(err, "axes");
    }
    for (size_t i = 0; i < x->n_runs; i++) {
        const char *key;
        json_t *v;
        x->value[i] = json_loads(x->run[i].axes, 0, NULL);
        map_set(&x->by_hash, map_add_text(&x->by_hash, x->run[i].hash), x->value[i]);
        json_object_foreach(x->value[i], key, v)
        {
            add_axis(x, key);
        }
    }
    return map_ok(&x->by_hash, "axes", err);
}

static void add_text(Frame *f, const char *s)
{
    frame_add(f, s ? s : "", s ? strlen(s) : 0);
}

static void add_axis_value(Frame *f, const json_t *v)
{
    Buf text = BUF_INIT;
    json_plain_text(v, &text);
    f->text.is_short = f->text.is_short || text.is_short;
    add_text(f, buf_str(&text));
    buf_release(&text);
}

/* Text of a column whose rows mostly repeat the one above: stored once. */
static void add_repeated(Frame *f, const char *s)
{
    size_t above = f->n_at >= 2 * f->n_columns ? f->at[f->n_at - f->n_columns] : 0;
    if (above && s && strcmp(f->text.data + above, s) == 0) {
        (void)frame_point(f, above);
    } else {
        add_text(f, s);
    }
}

static void add_observation(Frame *f, const CatalogObservation *o, const Axes *x)
{
    add_repeated(f, o->run);
    add_repeated(f, o->name);
    add_repeated(f, o->architecture);
    add_repeated(f, o->size);
    for (size_t i = SEED; i < N_FIXED; i++) {
        if (i == TASK) {
            add_repeated(f, o->task);
        } else if (i == STATE) {
            add_repeated(f, catalog_run_state_name(o->state));
        } else {
            (void)frame_point(f, 0); /* a number: add_numbers() */
        }
    }
    const json_t *axes = x->n ? map_get_text(&x->by_hash, o->run) : NULL;
    for (size_t i = 0; i < x->n; i++) {
        add_axis_value(f, json_object_get(axes, x->name[i]));
    }
}

static double number_of(const CatalogObservation *o, size_t column)
{
    const double v[] = {(double)o->seed,
                        0.0,
                        (double)o->step,
                        o->n,
                        o->n_total,
                        o->d,
                        o->c_6nd,
                        o->c_exact,
                        o->c_paper,
                        o->loss,
                        o->bits_per_byte,
                        o->train_loss,
                        0.0,
                        o->is_final ? 1.0 : 0.0};
    return v[column - SEED];
}

/* The columns that are numbers, as numbers. */
static ErrCode add_numbers(Frame *f, const CatalogObservation *o, size_t n, Err *err)
{
    for (size_t c = SEED; c < N_FIXED; c++) {
        double *v = c == TASK || c == STATE ? NULL : calloc(n + 1, sizeof *v);
        if (c == TASK || c == STATE) {
            continue;
        }
        if (!v) {
            return err_nomem(err, "table");
        }
        for (size_t i = 0; i < n; i++) {
            v[i] = number_of(&o[i], c);
        }
        ErrCode rc = frame_set_numbers(f, c, v, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* ---- the digest ---- */

static void add_double(Buf *out, double x)
{
    uint64_t bits = UINT64_C(0x7ff8) << 48;
    unsigned char bytes[8];
    if (!isnan(x)) {
        memcpy(&bits, &x, sizeof bits);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(bits >> 8 * i);
    }
    buf_add(out, bytes, sizeof bytes);
}

static void add_canonical(Buf *out, const CatalogObservation *o)
{
    const double number[] = {(double)o->step,  o->n,         o->n_total, o->d,
                             o->c_6nd,         o->c_exact,   o->c_paper, o->loss,
                             o->bits_per_byte, o->train_loss};
    buf_puts(out, o->run);
    buf_add(out, o->task, strlen(o->task) + 1);
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        add_double(out, number[i]);
    }
}

/* Where the observations of one run lie in the list. */
typedef struct Block {
    const CatalogObservation *first;
    size_t n;
} Block;

static int by_run(const void *a, const void *b)
{
    const Block *x = a, *y = b;
    return strcmp(x->first->run, y->first->run);
}

/* The list has runs one after the other, each by task and step; only their order may differ. */
static ErrCode digest_of(const CatalogObservation *o, size_t n, Arena *a,
                         char ret[SHA256_HEX_BYTES], Err *err)
{
    Block *block = arena_array(a, n + 1, sizeof *block);
    Buf bytes = BUF_INIT;
    size_t n_blocks = 0;
    if (!block) {
        return err_nomem(err, "digest");
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(o[i].run, o[i - 1].run) != 0) {
            block[n_blocks++].first = &o[i];
        }
        block[n_blocks - 1].n++;
    }
    qsort(block, n_blocks, sizeof *block, by_run);
    for (size_t b = 0; b < n_blocks; b++) {
        for (size_t i = 0; i < block[b].n; i++) {
            add_canonical(&bytes, block[b].first + i);
        }
    }
    ErrCode rc = buf_ok(&bytes, err);
    rc = rc == ERR_OK ? hash_sha256(buf_str(&bytes), bytes.len, ret, err) : rc;
    buf_release(&bytes);
    return rc;
}

/* {"analysis":{"laws":[...],"by":"..."}} of the resolved study; what is missing stays empty. */
static void read_analysis(const CatalogStudy *s, StudyAnalysis *a)
{
    json_t *resolved = json_loads(s->resolved, 0, NULL);
    const json_t *analysis = json_object_get(resolved, "analysis");
    const char *by = json_string_value(json_object_get(analysis, "by"));
    const json_t *laws = json_object_get(analysis, "laws");
    a->name = strdup(s->name);
    a->by = by ? strdup(by) : NULL;
    for (size_t i = 0; i < json_array_size(laws) && a->n_laws < STUDY_FRAME_MAX_LAWS; i++) {
        const char *law = json_string_value(json_array_get(laws, i));
        char *copy = law ? strdup(law) : NULL;
        if (copy) {
            a->law[a->n_laws++] = copy;
        }
    }
    json_decref(resolved);
}

ErrCode study_frame_read(const char *catalog_path, Frame *ret, StudyAnalysis *ret_analysis,
                         Err *err)
{
    Catalog *c = NULL;
    Arena arena = ARENA_INIT;
    Axes axes = {0};
    Frame f = {0};
    CatalogObservation *o = NULL;
    CatalogStudy study = {0};
    size_t n = 0;
    ErrCode rc = ERR_OK;
    TRY(catalog_open_readonly(catalog_path, &c, err));
    TRY(catalog_study_get(c, &arena, &study, err));
    TRY(read_axes(c, &arena, &axes, err));
    TRY(catalog_observation_list(c, &arena, &o, &n, err));
    TRY(digest_of(o, n, &arena, f.digest, err));
    f.source = strdup(catalog_path);
    f.n_columns = N_FIXED + axes.n;
    f.first_axis = N_FIXED;
    f.n_axes = axes.n;
    for (size_t i = 0; i < f.n_columns; i++) {
        add_text(&f, i < N_FIXED ? fixed_column[i] : axes.name[i - N_FIXED]);
    }
    for (size_t i = 0; i < n; i++) {
        add_observation(&f, &o[i], &axes);
    }
    TRY(frame_finish(&f, err));
    TRY(add_numbers(&f, o, n, err));
    if (!f.source) {
        rc = err_nomem(err, "table");
        goto done;
    }
    read_analysis(&study, ret_analysis);
    *ret = f;
    f = (Frame){0};
done:
    frame_release(&f);
    axes_release(&axes);
    arena_release(&arena);
    catalog_close(c);
    return rc;
}
