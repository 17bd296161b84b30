#include "catalog/corpus.h"

#include "catalog/rows.h"

ErrCode catalog_corpus_put(Catalog *c, const CatalogCorpus *row, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts, "INSERT INTO corpus (digest, manifest, validation_bytes_per_token)"
                             " VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO UPDATE SET"
                             " manifest = excluded.manifest,"
                             " validation_bytes_per_token = excluded.validation_bytes_per_token");
    stmt_bind_text(&q, row->digest);
    stmt_bind_text(&q, row->manifest);
    stmt_bind_f64(&q, row->validation_bytes_per_token);
    (void)stmt_step(&q);
    return stmt_finish(&q, err);
}

ErrCode catalog_corpus_list(Catalog *c, Arena *a, CatalogCorpus **ret, size_t *ret_n, Err *err)
{
    Rows rows = {.arena = a, .size = sizeof(CatalogCorpus)};
    Stmt q = stmt_kept(&c->stmts, "SELECT digest, manifest, validation_bytes_per_token FROM corpus"
                                  " ORDER BY digest");
    for (CatalogCorpus *row; (row = rows_next(&rows, &q)) != NULL;) {
        row->digest = stmt_col_text(&q, a);
        row->manifest = stmt_col_text(&q, a);
        row->validation_bytes_per_token = stmt_col_f64(&q);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK) {
        *ret = rows.data;
        *ret_n = rows.n;
    }
    return rc;
}
