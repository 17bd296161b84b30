#include "catalog/study.h"

#include "catalog/stmt.h"

#define STMT_ROW CatalogStudy
static const StmtField fields[] = {STMT_FIELD(TEXT, name),          STMT_FIELD(TEXT, source_path),
                                   STMT_FIELD(TEXT, source_sha256), STMT_FIELD(TEXT, resolved),
                                   STMT_FIELD(TEXT, slaw_version),  {STMT_END}};

ErrCode catalog_study_put(Catalog *c, const CatalogStudy *s, UnixMs now, Err *err)
{
    Stmt q =
        stmt_kept(&c->stmts,
                  "INSERT INTO study (id, name, source_path, source_sha256, resolved, slaw_version,"
                  " created_ms, updated_ms) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?6)"
                  " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                  " source_path = excluded.source_path, source_sha256 = excluded.source_sha256,"
                  " resolved = excluded.resolved, slaw_version = excluded.slaw_version,"
                  " updated_ms = excluded.updated_ms");
    stmt_bind_row(&q, fields, s);
    stmt_bind_i64(&q, now);
    return stmt_run(&q, err);
}

ErrCode catalog_study_get(Catalog *c, Arena *a, CatalogStudy *ret, Err *err)
{
    Stmt q = stmt_kept(&c->stmts, "SELECT name, source_path, source_sha256, resolved, slaw_version,"
                                  " created_ms, updated_ms FROM study");
    CatalogStudy s = {0};
    bool found = stmt_row(&q);
    if (found) {
        stmt_read_row(&q, a, fields, &s);
        s.created_ms = stmt_col_i64(&q);
        s.updated_ms = stmt_col_i64(&q);
    }
    ErrCode rc = stmt_finish(&q, err);
    if (rc == ERR_OK && !found) {
        rc = err_set(err, ERR_NOTFOUND, "%s: no study was recorded in this catalog yet", c->path);
    }
    if (rc == ERR_OK) {
        *ret = s;
    }
    return rc;
}
