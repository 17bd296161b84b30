#include "catalog/observation.h"

#include <string.h>

#include "catalog/rows.h"

/* The next column: the text of the row before when it is the same, else a copy. */
static const char *shared_text(Stmt *q, Arena *a, const char *before)
{
    const char *text = stmt_col_view(q);
    return text && before && strcmp(text, before) == 0 ? before : arena_strdup(a, text);
}

/* `before`: the row before, whose texts are shared where they are the same. */
static void read_observation(Stmt *q, Arena *a, const CatalogObservation *before,
                             CatalogObservation *o)
{
    o->run = shared_text(q, a, before->run);
    o->name = shared_text(q, a, before->name);
    o->architecture = shared_text(q, a, before->architecture);
    o->size = shared_text(q, a, before->size);
    o->seed = stmt_col_i64(q);
    o->task = shared_text(q, a, before->task);
    o->step = stmt_col_i64(q);
    o->n = stmt_col_f64(q);
    o->n_total = stmt_col_f64(q);
    o->d = stmt_col_f64(q);
    o->c_6nd = stmt_col_f64(q);
    o->c_exact = stmt_col_f64(q);
    o->c_paper = stmt_col_f64(q);
    o->loss = stmt_col_f64(q);
    o->bits_per_byte = stmt_col_f64(q);
    o->train_loss = stmt_col_f64(q);
    (void)catalog_run_state_parse(stmt_col_view(q), &o->state);
    o->is_final = stmt_col_i64(q) != 0;
}

ErrCode catalog_observation_list(Catalog *c, Arena *a, CatalogObservation **ret, size_t *ret_n,
                                 Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogObservation)};
    CatalogObservation before = {0};
    Stmt q = stmt_kept(
        &c->stmts,
        "SELECT o.run, o.name, o.architecture, o.size, o.seed, o.task, o.step, o.N,"
        " o.N_total, o.D, o.C_6nd, o.C_exact, o.C_paper, o.loss, o.bits_per_byte,"
        " o.train_loss, o.state, o.is_final FROM observation o JOIN run r ON r.hash = o.run"
        " ORDER BY r.position, r.id, o.task, o.step");
    for (CatalogObservation *o; (o = rows_next(&rows, &q)) != NULL;) {
        read_observation(&q, a, &before, o);
        before = *o;
    }
    return rows_finish(&rows, &q, ret, ret_n, err);
}
