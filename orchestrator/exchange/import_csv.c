#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "orchestrator/exchange/csv_in.h"
#include "orchestrator/exchange/import_row.h"

typedef struct Header {
    Arena arena;
    const char **name;
    size_t n;
} Header;

static ErrCode keep_header(const CsvIn *in, Header *h, Err *err)
{
    h->name = arena_array(&h->arena, in->n, sizeof *h->name);
    if (!h->name) {
        return err_nomem(err, "header");
    }
    for (h->n = 0; h->n < in->n; h->n++) {
        const char *name = csv_in_field(in, h->n);
        for (size_t i = 0; i < h->n; i++) {
            if (strcmp(h->name[i], name) == 0) {
                return err_set(err, ERR_FORMAT, "%s:1: two columns are named \"%.80s\"", in->path,
                               name);
            }
        }
        h->name[h->n] = arena_strdup(&h->arena, name);
        if (!h->name[h->n]) {
            return err_nomem(err, "header");
        }
    }
    return ERR_OK;
}

static ErrCode same_header(const CsvIn *in, const Header *h, const char *first, Err *err)
{
    bool is_same = in->n == h->n;
    for (size_t i = 0; is_same && i < h->n; i++) {
        is_same = strcmp(h->name[i], csv_in_field(in, i)) == 0;
    }
    if (is_same) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_FORMAT, "%s: its columns are not those of %s", in->path, first);
    return err_hint(err, "import such files one by one");
}

static ErrCode read_rows(CsvIn *in, ImportRows *r, const Header *h, const char **value, Err *err)
{
    bool has = false;
    ErrCode rc;
    while ((rc = csv_in_next(in, &has, err)) == ERR_OK && has) {
        r->totals.lines++;
        if (in->n != h->n && r->o->is_lenient) {
            r->totals.malformed++;
            continue;
        }
        if (in->n != h->n) {
            (void)err_set(err, ERR_FORMAT, "%s:%" PRId64 ": %zu fields, and the header has %zu",
                          in->path, in->line, in->n, h->n);
            return err_hint(err, "--skip-bad leaves such rows out");
        }
        for (size_t i = 0; i < h->n; i++) {
            value[i] = csv_in_field(in, i);
        }
        rc = import_rows_add(r, in->path, in->line, value, err);
        if (rc != ERR_OK) {
            break;
        }
    }
    return rc;
}

ErrCode import_csv(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err)
{
    CsvIn *in = calloc(1, sizeof *in);
    Header h = {.arena = ARENA_INIT};
    const char **value = NULL;
    bool has = false;
    ErrCode rc = in ? ERR_OK : err_nomem(err, "import");
    for (size_t i = 0; rc == ERR_OK && i < o->n_files; i++) {
        TRY(csv_in_open(in, o->file[i], err));
        TRY(csv_in_next(in, &has, err));
        if (!has) {
            rc = err_set(err, ERR_FORMAT, "%s: an empty file", o->file[i]);
            goto done;
        }
        if (i == 0) {
            TRY(keep_header(in, &h, err));
            TRY(import_rows_open(r, o, h.name, h.n, out, err));
            value = arena_array(&h.arena, h.n, sizeof *value);
            rc = value ? ERR_OK : err_nomem(err, "import");
        } else {
            rc = same_header(in, &h, o->file[0], err);
        }
        if (rc == ERR_OK) {
            rc = read_rows(in, r, &h, value, err);
        }
        csv_in_close(in);
    }
done:
    if (in) {
        csv_in_close(in);
    }
    free(in);
    arena_release(&h.arena);
    return rc;
}
