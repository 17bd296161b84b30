/* matrix.h -- the axes of a study, the cells that they span, and what changes in them. */
#ifndef ORCHESTRATOR_SPEC_MATRIX_H
#define ORCHESTRATOR_SPEC_MATRIX_H

#include "orchestrator/spec/source.h"

/* Cells of a matrix, before anything is left out. */
enum { MATRIX_MAX_CELLS = 10000000 };

typedef struct Axis {
    const Knob *knob;
    size_t n;
    json_t **value;        /* [n] */
    const YamlNode **node; /* [n]; NULL when places are forgotten, as are all nodes below */
} Axis;

/* A knob set to a value, and where the file says so. */
typedef struct Setting {
    const Knob *knob;
    json_t *value;
    const YamlNode *node;
} Setting;

/* The axis has one of these values. */
typedef struct Term {
    size_t axis;
    bool *is_in;    /* [n of the axis]: by index */
    json_t **value; /* [n_values]: for cells of `include` */
    size_t n_values;
} Term;

/* Every term holds. */
typedef struct Condition {
    Term *term;
    size_t n;
} Condition;

typedef struct Override {
    Condition where;
    Setting *set;
    size_t n_set;
} Override;

enum { CELL_MAX_AXES = 32 };

/* One cell: an index into every axis, or for a cell of `include` SIZE_MAX, a value of its
 * own (NULL: it does not set this axis) and settings that are no axis. */
typedef struct Cell {
    size_t index[CELL_MAX_AXES];
    const json_t *value[CELL_MAX_AXES];
    const YamlNode *node[CELL_MAX_AXES];
    Setting *extra;
    size_t n_extra;
    const YamlNode *include; /* its entry; NULL for a cell of the product */
} Cell;

typedef struct Matrix {
    Axis axis[CELL_MAX_AXES]; /* in the file's order, but architecture, size and seed first */
    size_t n_axes;
    Condition *exclude;
    size_t n_exclude;
    Override *override;
    size_t n_overrides;
    Cell *include;
    size_t n_include;
} Matrix;

enum { AXIS_ARCHITECTURE, AXIS_SIZE, AXIS_SEED };

/* Reads matrix and overrides.  Everything that is wrong in them is added to the problems,
 * a product of more than MATRIX_MAX_CELLS too.  ERR_NOMEM. */
ErrCode matrix_read(Source *src, Matrix *ret, Err *err);

/* Cells of the product: a number that may exceed what fits in memory. */
double matrix_product(const Matrix *m);

/* Fills the i-th cell of the product, last axis fastest; false if it is excluded. */
bool matrix_cell(const Matrix *m, size_t i, Cell *ret);

/* Forgets the nodes of the file, which may be freed then: cells can be resolved all the same,
 * if they are known to have no problems. */
void matrix_forget_places(Matrix *m);

bool condition_holds(const Condition *c, const Cell *cell);

#endif
