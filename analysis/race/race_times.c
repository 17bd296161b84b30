#include "analysis/race/race_times.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/catalog.h"
#include "catalog/train_time.h"
#include "common/quantity.h"

#define SECONDS_PER_HOUR 3600.0

static ErrCode open_catalog(const char *path, RaceTimes *t, Err *err)
{
    Catalog *c = NULL;
    ErrCode rc = catalog_open_readonly(path, &c, err);
    if (rc == ERR_OK) {
        rc = catalog_train_time_list(c, &t->arena, &t->time, &t->n, err);
    }
    catalog_close(c);
    if (rc == ERR_OK) {
        catalog_train_time_sort(t->time, t->n);
    }
    return rc;
}

/* The first of the columns that times are in by themselves; core_seconds is what a study is raced
 * by, so that it comes first in what was exported from one. */
static ErrCode open_frame(const Frame *f, const char *column, RaceTimes *t, Err *err)
{
    static const struct {
        const char *name, *unit;
        double factor;
    } known[] = {{"core_seconds", "core-seconds", 1.0},
                 {"seconds", "seconds", 1.0},
                 {"hours", "seconds", SECONDS_PER_HOUR}};
    t->unit = "seconds";
    if (column) {
        ErrCode rc = frame_scaled(f, column, &t->column, &t->factor, err);
        return rc == ERR_OK && !(t->factor > 0.0)
                   ? err_set(err, ERR_USAGE, "--time takes COLUMN or COLUMN*FACTOR, not \"%.80s\"",
                             column)
                   : rc;
    }
    for (size_t i = t->is_wall ? 1 : 0; i < sizeof known / sizeof known[0]; i++) {
        t->column = frame_find(f, known[i].name);
        t->unit = known[i].unit;
        t->factor = known[i].factor;
        if (t->column != FRAME_NONE) {
            return ERR_OK;
        }
    }
    (void)err_set(err, ERR_INVALID, "%s has no column of training times", f->source);
    return err_hint(err, "name one in seconds: --time COLUMN, or --time 'gpu_hours*3600'");
}

ErrCode race_times_open(const ObsSource *source, const RaceOptions *o, RaceTimes *ret, Err *err)
{
    RaceTimes t = {.arena = ARENA_INIT,
                   .is_study = source->is_study && !o->time,
                   .is_wall = o->is_wall,
                   .unit = o->is_wall ? "seconds" : "core-seconds"};
    ErrCode rc = t.is_study ? open_catalog(source->frame.source, &t, err)
                            : open_frame(&source->frame, o->time, &t, err);
    if (rc != ERR_OK) {
        race_times_release(&t);
        return rc;
    }
    *ret = t;
    return ERR_OK;
}

void race_times_release(RaceTimes *t)
{
    arena_release(&t->arena);
    *t = (RaceTimes){.arena = ARENA_INIT};
}

static ErrCode read_catalog(const RaceTimes *t, const Frame *frame, const ObsGroup *g, double *ret,
                            Err *err)
{
    size_t run = 0, step = 0;
    ErrCode rc = ERR_OK;
    TRY(frame_column(frame, "run", &run, err));
    TRY(frame_column(frame, "step", &step, err));
    for (size_t i = 0; i < g->data.n; i++) {
        double number;
        TRY(frame_number(frame, g->row[i], step, &number, err));
        const CatalogTrainTime *at = catalog_train_time_find(
            t->time, t->n, frame_cell(frame, g->row[i], run), (int64_t)number);
        ret[i] = !at ? (double)NAN : t->is_wall ? at->seconds : at->core_seconds;
    }
done:
    return rc;
}

ErrCode race_times_read(const RaceTimes *t, const Frame *frame, const ObsGroup *g, double *ret,
                        Err *err)
{
    if (t->is_study) {
        return read_catalog(t, frame, g, ret, err);
    }
    for (size_t i = 0; i < g->data.n; i++) {
        Err ignored = ERR_INIT;
        bool is_number = frame_number(frame, g->row[i], t->column, &ret[i], &ignored) == ERR_OK;
        ret[i] = is_number ? ret[i] * t->factor : (double)NAN;
    }
    return ERR_OK;
}

ErrCode race_response_read(const char *name, const Frame *frame, const ObsGroup *g, double *ret,
                           Err *err)
{
    size_t column = FRAME_NONE;
    if (!name) {
        memcpy(ret, g->data.loss, g->data.n * sizeof *ret);
        return ERR_OK;
    }
    ErrCode rc = frame_column(frame, name, &column, err);
    for (size_t i = 0; i < g->data.n && rc == ERR_OK; i++) {
        rc = frame_number(frame, g->row[i], column, &ret[i], err);
        if (rc == ERR_OK && !(ret[i] > 0.0)) {
            rc = frame_bad_cell(frame, g->row[i], column, "must be positive", err);
        }
    }
    return rc;
}
