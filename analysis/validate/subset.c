#include "analysis/validate/subset.h"

#include <stdlib.h>

enum { MAX_COLUMNS = 11 };

static size_t list_columns(const FitData *from, FitData *to, const double *source[MAX_COLUMNS],
                           const double **target[MAX_COLUMNS])
{
    const double *const all[MAX_COLUMNS] = {
        from->params,   from->tokens, from->flops, from->loss,  from->unique, from->experts,
        from->accuracy, from->error,  from->rate,  from->batch, from->sigma};
    const double **const slot[MAX_COLUMNS] = {&to->params, &to->tokens,  &to->flops,    &to->loss,
                                              &to->unique, &to->experts, &to->accuracy, &to->error,
                                              &to->rate,   &to->batch,   &to->sigma};
    size_t n = 0;
    for (size_t k = 0; k < MAX_COLUMNS; k++) {
        if (all[k]) {
            source[n] = all[k];
            target[n++] = slot[k];
        }
    }
    return n;
}

static void number_runs(const FitData *whole, Subset *s, size_t *number)
{
    size_t n = 0;
    for (size_t i = 0; i < s->data.n; i++) {
        size_t *own = &number[whole->run[s->at[i]]];
        *own = *own ? *own : ++n;
        s->run[i] = *own - 1;
    }
    s->data.run = s->run;
    s->data.n_runs = n;
}

ErrCode subset_open(const FitData *whole, const bool *keep, Subset *ret, Err *err)
{
    Subset s = {0};
    const double *source[MAX_COLUMNS];
    const double **target[MAX_COLUMNS];
    size_t n_columns = list_columns(whole, &s.data, source, target), n = 0;
    for (size_t i = 0; i < whole->n; i++) {
        n += keep[i] ? 1 : 0;
    }
    s.column = calloc(n_columns * n + 1, sizeof *s.column);
    s.at = calloc(n + 1, sizeof *s.at);
    s.run = calloc(n + 1, sizeof *s.run);
    size_t *number = calloc(whole->n_runs + 1, sizeof *number);
    if (!s.column || !s.at || !s.run || !number) {
        free(number);
        subset_release(&s);
        return err_nomem(err, "a part of the observations");
    }
    for (size_t i = 0; i < whole->n; i++) {
        if (keep[i]) {
            s.at[s.data.n++] = i;
        }
    }
    for (size_t k = 0; k < n_columns; k++) {
        for (size_t i = 0; i < n; i++) {
            s.column[k * n + i] = source[k][s.at[i]];
        }
        *target[k] = s.column + k * n;
    }
    if (whole->n_runs > 0) {
        number_runs(whole, &s, number);
    }
    free(number);
    *ret = s;
    return ERR_OK;
}

void subset_release(Subset *s)
{
    free(s->column);
    free(s->at);
    free(s->run);
    *s = (Subset){0};
}
