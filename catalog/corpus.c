#include "catalog/corpus.h"

#include "catalog/rows.h"

#define STMT_ROW CatalogCorpus
static const StmtField fields[] = {STMT_FIELD(TEXT, digest),
                                   STMT_FIELD(TEXT, manifest),
                                   STMT_FIELD(F64, validation_bytes_per_token),
                                   {STMT_END}};

ErrCode catalog_corpus_put(Catalog *c, const CatalogCorpus *row, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts, "INSERT INTO corpus (digest, manifest, validation_bytes_per_token)"
                             " VALUES (?1, ?2, ?3) ON CONFLICT (digest) DO UPDATE SET"
                             " manifest = excluded.manifest,"
                             " validation_bytes_per_token = excluded.validation_bytes_per_token");
    stmt_bind_row(&q, fields, row);
    return stmt_run(&q, err);
}

ErrCode catalog_corpus_list(Catalog *c, Arena *a, CatalogCorpus **ret, size_t *ret_n, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT digest, manifest, validation_bytes_per_token FROM corpus"
                                  " ORDER BY digest");
    return rows_read(&q, a, fields, sizeof **ret, ret, ret_n, err);
}
