#include "orchestrator/spec/walk.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

static size_t words_for(size_t n_conditions)
{
    return (n_conditions + WORD_BITS - 1) / WORD_BITS;
}

static size_t n_words(const Walk *w)
{
    return w->n_override + w->n_exclude;
}

/* Clears the condition's bit at every value that it does not allow. */
static void put_condition(Walk *w, const Condition *c, size_t first_word, size_t number)
{
    size_t word = first_word + number / WORD_BITS;
    uint64_t bit = 1ULL << (number % WORD_BITS);
    for (size_t i = 0; i < c->n; i++) {
        const Term *t = &c->term[i];
        for (size_t k = 0; k < w->m->axis[t->axis].n; k++) {
            if (!t->is_in[k]) {
                w->mask[t->axis][k * n_words(w) + word] &= ~bit;
            }
        }
    }
}

/* Before any axis every condition that there is holds. */
static void put_all(Walk *w)
{
    for (size_t i = 0; i < w->m->n_overrides; i++) {
        w->holds[i / WORD_BITS] |= 1ULL << (i % WORD_BITS);
    }
    for (size_t i = 0; i < w->m->n_exclude; i++) {
        w->holds[w->n_override + i / WORD_BITS] |= 1ULL << (i % WORD_BITS);
    }
}

ErrCode walk_open(const Matrix *m, Walk *ret, Err *err)
{
    Walk w = {.m = m,
              .n = (size_t)matrix_product(m),
              .cell = SIZE_MAX,
              .n_override = words_for(m->n_overrides),
              .n_exclude = words_for(m->n_exclude)};
    w.holds = calloc((m->n_axes + 1) * n_words(&w) + 1, sizeof *w.holds);
    bool is_whole = w.holds != NULL;
    for (size_t i = 0; i < m->n_axes; i++) {
        size_t words = m->axis[i].n * n_words(&w);
        w.mask[i] = malloc((words + 1) * sizeof *w.mask[i]);
        is_whole = is_whole && w.mask[i];
        if (w.mask[i]) {
            memset(w.mask[i], 0xff, words * sizeof *w.mask[i]);
        }
    }
    if (!is_whole) {
        walk_close(&w);
        return err_nomem(err, "the cells");
    }
    put_all(&w);
    for (size_t i = 0; i < m->n_overrides; i++) {
        put_condition(&w, &m->override[i].where, 0, i);
    }
    for (size_t i = 0; i < m->n_exclude; i++) {
        put_condition(&w, &m->exclude[i], w.n_override, i);
    }
    *ret = w;
    return ERR_OK;
}

void walk_close(Walk *w)
{
    for (size_t i = 0; i < CELL_MAX_AXES; i++) {
        free(w->mask[i]);
    }
    free(w->holds);
    *w = (Walk){0};
}

/* ---- steps ------------------------------------------------------------------------------- */

static void hold_from(Walk *w, size_t axis)
{
    size_t n = n_words(w);
    for (size_t i = axis; n > 0 && i < w->m->n_axes; i++) {
        const uint64_t *before = &w->holds[i * n], *mask = &w->mask[i][w->index[i] * n];
        uint64_t *after = &w->holds[(i + 1) * n];
        for (size_t k = 0; k < n; k++) {
            after[k] = before[k] & mask[k];
        }
    }
    w->changed = axis;
}

void walk_to(Walk *w, size_t cell)
{
    w->cell = cell;
    for (size_t a = w->m->n_axes; a > 0; a--) {
        w->index[a - 1] = cell % w->m->axis[a - 1].n;
        cell /= w->m->axis[a - 1].n;
    }
    hold_from(w, 0);
}

bool walk_next(Walk *w)
{
    if (w->cell == SIZE_MAX && w->n > 0) {
        walk_to(w, 0);
        return true;
    }
    if (w->n == 0 || w->cell + 1 >= w->n) {
        return false;
    }
    w->cell++;
    size_t a = w->m->n_axes - 1;
    while (++w->index[a] == w->m->axis[a].n) { /* the first axis does not run over: cell < n */
        w->index[a--] = 0;
    }
    hold_from(w, a);
    return true;
}

const uint64_t *walk_overrides(const Walk *w)
{
    return &w->holds[w->m->n_axes * n_words(w)];
}

bool walk_is_excluded(const Walk *w)
{
    const uint64_t *holds = walk_overrides(w) + w->n_override;
    uint64_t any = 0;
    for (size_t k = 0; k < w->n_exclude; k++) {
        any |= holds[k];
    }
    return any != 0;
}
