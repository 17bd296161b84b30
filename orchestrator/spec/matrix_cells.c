#include "orchestrator/spec/matrix.h"

#include <string.h>

bool condition_holds(const Condition *c, const Cell *cell)
{
    for (size_t i = 0; i < c->n; i++) {
        const Term *t = &c->term[i];
        size_t index = cell->index[t->axis];
        bool holds = index != SIZE_MAX && t->is_in[index];
        if (index == SIZE_MAX && cell->value[t->axis]) {
            for (size_t j = 0; j < t->n_values && !holds; j++) {
                holds = json_equal(t->value[j], cell->value[t->axis]);
            }
        }
        if (!holds) {
            return false;
        }
    }
    return true;
}

bool matrix_cell(const Matrix *m, size_t i, Cell *ret)
{
    *ret = (Cell){0};
    for (size_t a = m->n_axes; a > 0; a--) {
        const Axis *axis = &m->axis[a - 1];
        size_t k = i % axis->n;
        i /= axis->n;
        ret->index[a - 1] = k;
        ret->value[a - 1] = axis->value[k];
        ret->node[a - 1] = axis->node ? axis->node[k] : NULL;
    }
    for (size_t e = 0; e < m->n_exclude; e++) {
        if (condition_holds(&m->exclude[e], ret)) {
            return false;
        }
    }
    return true;
}

void matrix_forget_places(Matrix *m)
{
    for (size_t i = 0; i < m->n_axes; i++) {
        m->axis[i].node = NULL;
    }
    for (size_t i = 0; i < m->n_include; i++) {
        Cell *c = &m->include[i];
        memset(c->node, 0, sizeof c->node);
        for (size_t k = 0; k < c->n_extra; k++) {
            c->extra[k].node = NULL;
        }
    }
    for (size_t i = 0; i < m->n_overrides; i++) {
        for (size_t k = 0; k < m->override[i].n_set; k++) {
            m->override[i].set[k].node = NULL;
        }
    }
}
