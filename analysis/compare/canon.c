#include "analysis/compare/canon.h"

#include <stdint.h>
#include <stdlib.h>

enum { N_COLUMNS = 11 };

typedef struct Row {
    double value[N_COLUMNS];
    size_t run;
} Row;

static int by_value(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    for (size_t k = 0; k < N_COLUMNS; k++) {
        if (x->value[k] != y->value[k]) {
            return x->value[k] < y->value[k] ? -1 : 1;
        }
    }
    return x->run < y->run ? -1 : x->run > y->run;
}

static void number_runs(const Row *row, size_t n, size_t *new_run, size_t *run)
{
    size_t next = 0;
    for (size_t i = 0; i < n; i++) {
        size_t old = row[i].run;
        if (new_run[old] == SIZE_MAX) {
            new_run[old] = next++;
        }
        run[i] = new_run[old];
    }
}

ErrCode canon_data(Arena *arena, const FitData *from, FitData *ret, Err *err)
{
    size_t n = from->n;
    const double *old[N_COLUMNS] = {from->params, from->tokens,  from->flops,    from->loss,
                                    from->unique, from->experts, from->accuracy, from->error,
                                    from->rate,   from->batch,   from->sigma};
    Row *row = arena_array(arena, n + 1, sizeof *row);
    size_t *run = arena_array(arena, n + 1, sizeof *run);
    size_t *new_run = arena_array(arena, from->n_runs + 1, sizeof *new_run);
    double *column = arena_array(arena, (n + 1) * N_COLUMNS, sizeof *column);
    if (!row || !run || !new_run || !column) {
        return err_nomem(err, "observations");
    }
    for (size_t i = 0; i < n; i++) {
        row[i].run = from->n_runs ? from->run[i] : 0;
        for (size_t k = 0; k < N_COLUMNS; k++) {
            row[i].value[k] = old[k] ? old[k][i] : 0.0;
        }
    }
    qsort(row, n, sizeof *row, by_value);
    for (size_t r = 0; r < from->n_runs; r++) {
        new_run[r] = SIZE_MAX;
    }
    if (from->n_runs) {
        number_runs(row, n, new_run, run);
    }
    const double *new[N_COLUMNS] = {0};
    for (size_t k = 0; k < N_COLUMNS; k++) {
        double *c = column + k * (n + 1);
        for (size_t i = 0; i < n; i++) {
            c[i] = row[i].value[k];
        }
        new[k] = old[k] ? c : NULL;
    }
    *ret = (FitData){.n = n,
                     .params = new[0],
                     .tokens = new[1],
                     .flops = new[2],
                     .loss = new[3],
                     .unique = new[4],
                     .experts = new[5],
                     .accuracy = new[6],
                     .error = new[7],
                     .rate = new[8],
                     .batch = new[9],
                     .sigma = new[10],
                     .run = from->n_runs ? run : NULL,
                     .n_runs = from->n_runs};
    return ERR_OK;
}
