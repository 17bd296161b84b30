#include <string.h>

#include "common/arena.h"
#include "common/csv.h"
#include "orchestrator/exchange/import_row.h"

typedef struct Header {
    Arena arena;
    const char **name;
    size_t n;
} Header;

static ErrCode keep_header(const Csv *in, Header *h, Err *err)
{
    h->name = arena_array(&h->arena, in->n + 1, sizeof *h->name);
    if (!h->name) {
        return err_nomem(err, "header");
    }
    for (; h->n < in->n; h->n++) {
        h->name[h->n] = arena_strdup(&h->arena, csv_field(in, h->n));
        if (!h->name[h->n]) {
            return err_nomem(err, "header");
        }
    }
    return csv_check_header(in, err);
}

static ErrCode same_header(const Csv *in, const Header *h, const char *first, Err *err)
{
    bool is_same = in->n == h->n;
    for (size_t i = 0; is_same && i < h->n; i++) {
        is_same = strcmp(h->name[i], csv_field(in, i)) == 0;
    }
    if (is_same) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_FORMAT, "%s: its columns are not those of %s", in->path, first);
    return err_hint(err, "import such files one by one");
}

static ErrCode read_rows(Csv *in, ImportRows *r, const Header *h, const char **value, Err *err)
{
    bool has = false;
    ErrCode rc;
    while ((rc = csv_next(in, &has, err)) == ERR_OK && has) {
        r->totals.lines++;
        if (in->n != h->n && r->o->is_lenient) {
            r->totals.malformed++;
            continue;
        }
        rc = csv_check_length(in, h->n, err);
        if (rc != ERR_OK) {
            return err_hint(err, "--skip-bad leaves such rows out");
        }
        for (size_t i = 0; i < h->n; i++) {
            value[i] = csv_field(in, i);
        }
        rc = import_rows_add(r, in->path, (int64_t)in->line, value, err);
        if (rc != ERR_OK) {
            break;
        }
    }
    return rc;
}

ErrCode import_csv(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err)
{
    Csv in = {0};
    Header h = {.arena = ARENA_INIT};
    const char **value = NULL;
    bool has = false;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < o->n_files; i++) {
        TRY(csv_open(&in, o->file[i], err));
        TRY(csv_next(&in, &has, err));
        if (i == 0) {
            TRY(keep_header(&in, &h, err));
            TRY(import_rows_open(r, o, h.name, h.n, out, err));
            value = arena_array(&h.arena, h.n + 1, sizeof *value);
            rc = value ? ERR_OK : err_nomem(err, "import");
        } else {
            rc = same_header(&in, &h, o->file[0], err);
        }
        if (rc == ERR_OK) {
            rc = read_rows(&in, r, &h, value, err);
        }
        csv_close(&in);
    }
done:
    csv_close(&in);
    arena_release(&h.arena);
    return rc;
}
