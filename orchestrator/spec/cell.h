/* cell.h -- one cell of the matrix, resolved to a run. */
#ifndef ORCHESTRATOR_SPEC_CELL_H
#define ORCHESTRATOR_SPEC_CELL_H

#include "orchestrator/spec/matrix.h"
#include "trainer/config/run_config.h"

/* A run in full. */
typedef struct CellRun {
    json_t *json; /* its config.json object; NULL when the cell has a problem */
    json_t *axes; /* {"architecture":..., "size":..., "seed":..., <axis>:...} */
    RunConfig config;
} CellRun;

/* Resolves a cell: axes, then its extra settings, then the overrides whose condition holds,
 * in order.  What is wrong with the result is added to the problems at the place that says
 * it, and *ret is empty then.  The caller releases it.  ERR_NOMEM. */
ErrCode cell_resolve(const Source *src, const Matrix *m, const Cell *cell, CellRun *ret, Err *err);

/* The parts of it, for those who make many runs of few (stencil.h). */

/* {"training", "checkpoints", "sizes": the cell's own size, "options"} with every setting
 * applied; an axis with a value in `stand_in` [n_axes] has that one (stand_in NULL: none).
 * The caller owns it.  ERR_INVALID: more settings apply than one run may have; ERR_NOMEM. */
ErrCode cell_document(const Source *src, const Matrix *m, const Cell *cell, json_t *const *stand_in,
                      json_t **ret, Err *err);

/* The model of a document, unchecked. */
ModelShape cell_shape(const Source *src, const Cell *cell, const json_t *doc);
json_t *cell_model_json(const ModelShape *s);
json_t *cell_corpus_json(const Source *src);

/* config.json with "run" empty; takes over `model`, `corpus` and `seed`.  NULL when memory is
 * short. */
json_t *cell_config_json(const Source *src, const Cell *cell, const json_t *doc, const char *name,
                         json_t *model, json_t *corpus, json_t *seed);

/* Appends "-<leaf><value>" to a name, cut to fit. */
void cell_add_to_name(char name[RUN_NAME_BYTES], const char *leaf, const json_t *v);

/* Whether names say the seed. */
bool cell_names_have_seeds(const Matrix *m);

/* Frees a run, which may be empty. */
void cell_run_release(CellRun *r);

#endif
