#include <math.h>
#include <stdlib.h>

#include "analysis/observe/scores_reader.h"

static ErrCode is_selected(const Reader *r, size_t row, bool *ret, Err *err)
{
    *ret = true;
    for (size_t i = 0; *ret && i < r->o->n_where; i++) {
        ErrCode rc = where_holds(&r->where[i], r->f, row, ret, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static double step_of(const Reader *r, size_t row)
{
    double step;
    Err ignored = ERR_INIT;
    return frame_number(r->f, row, r->step, &step, &ignored) == ERR_OK ? step : -1.0;
}

/* Of a pivot with steps only each model's last step stays. */
static ErrCode keep_last(Reader *r, Err *err)
{
    double *last = malloc((r->models.n + 1) * sizeof *last);
    if (!last) {
        return err_nomem(err, "models");
    }
    for (size_t i = 0; i < r->models.n; i++) {
        last[i] = -(double)INFINITY;
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        if (r->row_model[i] != MAP_NONE) {
            last[r->row_model[i]] = fmax(last[r->row_model[i]], step_of(r, i));
        }
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        if (r->row_model[i] != MAP_NONE && step_of(r, i) < last[r->row_model[i]]) {
            r->row_model[i] = MAP_NONE;
        }
    }
    free(last);
    return ERR_OK;
}

static void model_name(const Reader *r, size_t row, Buf *out)
{
    buf_clear(out);
    if (r->model == FRAME_NONE) {
        buf_printf(out, "row %zu", row + 1);
    } else {
        buf_puts(out, frame_cell(r->f, row, r->model));
    }
    if (r->step != FRAME_NONE && r->o->is_every_step) {
        buf_printf(out, "@%s", frame_cell(r->f, row, r->step));
    }
}

ErrCode reader_number_models(Reader *r, Err *err)
{
    Buf name = BUF_INIT;
    ErrCode rc = ERR_OK;
    r->row_model = malloc((r->f->n_rows + 1) * sizeof *r->row_model);
    if (!r->row_model) {
        return err_nomem(err, "models");
    }
    for (size_t i = 0; i < r->f->n_rows; i++) {
        bool is_in = true;
        TRY(is_selected(r, i, &is_in, err));
        r->row_model[i] = MAP_NONE;
        if (!is_in) {
            r->s->n_where++;
            continue;
        }
        model_name(r, i, &name);
        size_t before = r->models.n;
        r->row_model[i] = map_add_text(&r->models, buf_str(&name));
        r->is_short = r->is_short || name.is_short || r->row_model[i] == MAP_NONE;
        if (!r->o->pivot && r->models.n == before) {
            rc = frame_bad_cell(r->f, i, r->model, "names a model that is there already", err);
            (void)err_hint(err, "choose a column that names each model: --model COLUMN; or --pivot "
                                "BENCHMARK=SCORE for one row a score");
            goto done;
        }
    }
    if (r->models.n == 0) {
        rc = err_set(err, ERR_INVALID, "%s: none of its %zu rows is selected", r->f->source,
                     r->f->n_rows);
        goto done;
    }
    if (r->step != FRAME_NONE && !r->o->is_every_step) {
        TRY(keep_last(r, err));
    }
done:
    buf_release(&name);
    return rc;
}
