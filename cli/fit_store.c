#include "cli/fit_store.h"

#include <string.h>

#include "catalog/fit_log.h"
#include "catalog/location.h"
#include "common/fsx.h"
#include "common/json.h"
#include "orchestrator/sched/lock.h"

/* The newest fit of a law and group has this very text. */
static bool is_known(const CatalogFit *have, size_t n, const CatalogFit *f)
{
    for (size_t i = n; i-- > 0;) {
        if (strcmp(have[i].law, f->law) == 0 && strcmp(have[i].group, f->group) == 0) {
            return strcmp(have[i].result, f->result) == 0;
        }
    }
    return false;
}

/* Adds the row and gives it whole, its text in the arena, at the end of `added`. */
static ErrCode add_one(Catalog *c, const json_t *fit, const CatalogFit *have, size_t n,
                       Arena *arena, CatalogFit *added, size_t *n_added, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = ERR_OK;
    CatalogFit f = {.created_ms = clock_unix_ms()};
    TRY(json_get_str(fit, "law", &f.law, err));
    TRY(json_get_str(fit, "group", &f.group, err));
    json_canonical(fit, &text);
    TRY(buf_ok(&text, err));
    f.result = arena_strdup(arena, buf_str(&text));
    if (!f.result) {
        rc = err_nomem(err, "a fit");
        goto done;
    }
    if (!is_known(have, n, &f)) {
        TRY(catalog_fit_add(c, &f, &f.id, err));
        added[(*n_added)++] = f;
    }
done:
    buf_release(&text);
    return rc;
}

/* Rows, then the lines of the file, then the commit: fit_log.h says why. */
static ErrCode add_all(Catalog *c, const char *dir, const json_t *fits, Err *err)
{
    Arena arena = ARENA_INIT;
    CatalogFit *have = NULL, *added = NULL;
    size_t n = 0, n_added = 0;
    ErrCode rc = ERR_OK;
    TRY(catalog_begin(c, err));
    TRY(catalog_fit_list(c, &arena, &have, &n, err));
    added = arena_array(&arena, json_array_size(fits) + 1, sizeof *added);
    if (!added) {
        rc = err_nomem(err, "the fits");
        goto done;
    }
    for (size_t i = 0; i < json_array_size(fits); i++) {
        TRY(add_one(c, json_array_get(fits, i), have, n, &arena, added, &n_added, err));
    }
    if (n_added > 0) {
        TRY(fit_log_append(dir, added, n_added, err));
    }
    TRY(catalog_commit(c, err));
done:
    catalog_rollback(c);
    arena_release(&arena);
    return rc;
}

ErrCode fit_store(const char *dir, const json_t *fits, bool *ret_stored, Err *err)
{
    char path[FSX_PATH_BYTES];
    Lock lock = LOCK_INIT;
    Catalog *c = NULL;
    Err why = ERR_INIT;
    ErrCode rc = ERR_OK;
    bool is_stored = false;
    if (lock_acquire(dir, &lock, &why) == ERR_OK &&
        catalog_location(dir, path, NULL, &why) == ERR_OK &&
        catalog_open(path, &c, &why) == ERR_OK) {
        TRY(add_all(c, dir, fits, err));
        is_stored = true;
    }
    *ret_stored = is_stored;
done:
    catalog_close(c);
    lock_release(&lock);
    return rc;
}
