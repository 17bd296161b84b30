#include "orchestrator/exchange/import_row.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/quantity.h"
#include "common/words.h"

static const struct {
    const char *name;
    bool is_number;
} known[] = {
    {"run", false},
    {"architecture", false},
    {"size", false},
    {"seed", true},
    {"task", false},
    {"step", true},
    {"N", true},
    {"N_total", true},
    {"D", true},
    {"C", true},
    {"C_6nd", true},
    {"C_exact", true},
    {"C_paper", true},
    {"loss", true},
    {"bits_per_byte", true},
    {"train_loss", true},
    {"U", true},
    {"experts", true},
    {"accuracy", true},
    {"error", true},
    {"lr", true},
    {"batch", true},
    {"sigma", true},
};
enum { N_KNOWN = sizeof known / sizeof known[0] };

ErrCode import_split(const char *option, const char *text, char name[WORD_BYTES],
                     const char **ret_rest, Err *err)
{
    const char *form = strcmp(option, "map") == 0 ? "NAME=FIELD" : "NAME=VALUE";
    return words_setting(option, form, text, name, ret_rest, err);
}

static size_t find(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i], name) == 0) {
            return i;
        }
    }
    return IMPORT_NO_FIELD;
}

static bool is_numeric(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return known[i].is_number;
        }
    }
    return false;
}

static ErrCode no_field(const char *name, const char *const *field, size_t n, Err *err)
{
    (void)err_set(err, ERR_INVALID, "the source has no field \"%s\"", name);
    return words_hint("its field", name, field, n, err);
}

static ErrCode add(ImportRows *r, const char *name, ImportColumn **ret, Err *err)
{
    *ret = r->column;
    for (size_t i = 0; i < r->n_columns; i++) {
        if (strcmp(r->column[i].name, name) == 0) {
            return err_set(err, ERR_USAGE, "%s is given twice by --map, --set and --keep", name);
        }
    }
    if (r->n_columns == IMPORT_MAX_COLUMNS || strlen(name) >= WORD_BYTES) {
        return err_set(err, ERR_INVALID, "more than %d columns, or a name of over %d bytes",
                       IMPORT_MAX_COLUMNS, WORD_BYTES - 1);
    }
    ImportColumn *c = &r->column[r->n_columns];
    *c = (ImportColumn){.field = IMPORT_NO_FIELD, .factor = 1.0, .is_number = is_numeric(name)};
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    r->name[r->n_columns++] = c->name;
    *ret = c;
    return ERR_OK;
}

/* "step*2048": the field of that name, or the part before the last star and a factor. */
static ErrCode add_mapped(ImportRows *r, const char *name, const char *from,
                          const char *const *field, size_t n, Err *err)
{
    char base[WORD_BYTES];
    double factor;
    ImportColumn *c;
    ErrCode rc = add(r, name, &c, err);
    if (rc != ERR_OK) {
        return rc;
    }
    c->field = find(field, n, from);
    if (c->field == IMPORT_NO_FIELD && words_scaled(from, base, &factor)) {
        c->factor = factor;
        c->field = find(field, n, base);
        c->is_number = true;
        from = base;
    }
    return c->field == IMPORT_NO_FIELD ? no_field(from, field, n, err) : ERR_OK;
}

static ErrCode add_constant(ImportRows *r, const char *name, const char *value, Err *err)
{
    double x;
    ImportColumn *c;
    ErrCode rc = add(r, name, &c, err);
    if (rc == ERR_OK && c->is_number && !quantity_parse(value, QUANTITY_COUNT, &x)) {
        rc = err_set(err, ERR_USAGE, "--set %s=%s: not a number", name, value);
    }
    if (rc == ERR_OK) {
        c->constant = value;
    }
    return rc;
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The options that give a column of this name, or (NULL) columns under names of the user's own. */
static ErrCode add_given(ImportRows *r, const char *wanted, const char *const *field, size_t n,
                         bool *ret, Err *err)
{
    const ImportOptions *o = r->o;
    char name[WORD_BYTES];
    const char *rest;
    ErrCode rc = ERR_OK;
    *ret = false;
    for (size_t i = 0; i < o->n_set; i++) {
        TRY(import_split("set", o->set[i], name, &rest, err));
        if (wanted ? strcmp(name, wanted) == 0 : !is_known(name)) {
            TRY(add_constant(r, name, rest, err));
            *ret = true;
        }
    }
    for (size_t i = 0; i < o->n_map; i++) {
        TRY(import_split("map", o->map[i], name, &rest, err));
        if (wanted ? strcmp(name, wanted) == 0 : !is_known(name)) {
            TRY(add_mapped(r, name, rest, field, n, err));
            *ret = true;
        }
    }
done:
    return rc;
}

static ErrCode add_known(ImportRows *r, const char *name, const char *const *field, size_t n,
                         Err *err)
{
    bool is_done = false, is_run = strcmp(name, "run") == 0, is_task = strcmp(name, "task") == 0;
    ImportColumn *c;
    ErrCode rc = add_given(r, name, field, n, &is_done, err);
    if (rc != ERR_OK || is_done) {
        return rc;
    }
    if (is_run && r->o->is_per_file) {
        rc = add(r, name, &c, err);
        if (rc == ERR_OK) {
            c->is_file = true;
        }
        return rc;
    }
    size_t at = find(field, n, name);
    if (at != IMPORT_NO_FIELD) {
        rc = add(r, name, &c, err);
        if (rc == ERR_OK) {
            c->field = at;
        }
    } else if (is_run && r->o->format == IMPORT_LOG) {
        rc = add(r, name, &c, err);
        if (rc == ERR_OK) {
            c->is_file = true;
        }
    } else if (is_task) {
        rc = add_constant(r, name, "validation", err); /* what `slaw fit` selects by itself */
    }
    return rc;
}

/* Columns under names of the user's own. */
static ErrCode add_others(ImportRows *r, const char *const *field, size_t n, Err *err)
{
    const ImportOptions *o = r->o;
    bool has_any;
    ErrCode rc = ERR_OK;
    TRY(add_given(r, NULL, field, n, &has_any, err));
    for (size_t i = 0; i < o->n_keep; i++) {
        if (find(r->name, r->n_columns, o->keep[i]) == IMPORT_NO_FIELD) {
            TRY(add_mapped(r, o->keep[i], o->keep[i], field, n, err));
        }
    }
done:
    return rc;
}

static ErrCode check_response(const ImportRows *r, const char *const *field, size_t n, Err *err)
{
    static const char *const response[] = {"loss", "bits_per_byte", "accuracy", "error"};
    for (size_t i = 0; i < sizeof response / sizeof response[0]; i++) {
        if (find(r->name, r->n_columns, response[i]) != IMPORT_NO_FIELD) {
            return ERR_OK;
        }
    }
    Buf list = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        buf_printf(&list, "%s%s", i ? ", " : "", field[i]);
    }
    (void)err_set(err, ERR_INVALID, "nothing to fit: no loss, bits_per_byte, accuracy or error");
    (void)err_hint(err, "say where it is: --map loss=FIELD; the fields are: %.380s",
                   buf_str(&list));
    buf_release(&list);
    return err->code;
}

ErrCode import_rows_open(ImportRows *r, const ImportOptions *o, const char *const *field,
                         size_t n_fields, OutFile *out, Err *err)
{
    ErrCode rc = ERR_OK;
    r->o = o;
    r->loss = IMPORT_MAX_COLUMNS;
    for (size_t i = 0; i < N_KNOWN; i++) {
        TRY(add_known(r, known[i].name, field, n_fields, err));
    }
    TRY(add_others(r, field, n_fields, err));
    TRY(check_response(r, field, n_fields, err));
    for (size_t i = 0; i < r->n_columns; i++) {
        r->loss = strcmp(r->name[i], "loss") == 0 ? i : r->loss;
    }
    table_out_begin(&r->out, out, TABLE_OUT_CSV, r->name, r->n_columns);
done:
    return rc;
}

/* ---- rows ---- */

static bool is_none(const char *s)
{
    static const char *const none[] = {"", "null", "none", "na", "n/a", "-"};
    if (s && *s >= '0' && *s <= '9') {
        return false;
    }
    for (size_t i = 0; s && i < sizeof none / sizeof none[0]; i++) {
        if (strcasecmp(s, none[i]) == 0) {
            return true;
        }
    }
    return s == NULL;
}

static bool is_not_finite(const char *s)
{
    static const char *const word[] = {"nan",  "inf",       "infinity", "+inf",
                                       "-inf", "-infinity", "-nan"};
    if (*s >= '0' && *s <= '9') {
        return false;
    }
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++) {
        if (strcasecmp(s, word[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *text_of(const ImportColumn *c, const char *const *value)
{
    return c->constant ? c->constant : c->field == IMPORT_NO_FIELD ? NULL : value[c->field];
}

/* Numbers of the row into x; false with *ret_skip for a row that is left out. */
static ErrCode read_numbers(ImportRows *r, const char *path, int64_t line, const char *const *value,
                            double *x, bool *ret_skip, Err *err)
{
    *ret_skip = false;
    for (size_t i = 0; i < r->n_columns; i++) {
        const ImportColumn *c = &r->column[i];
        const char *text = text_of(c, value);
        x[i] = (double)NAN;
        if (!c->is_number || is_none(text)) {
            *ret_skip = *ret_skip || i == r->loss;
            r->totals.no_loss += i == r->loss ? 1 : 0;
        } else if (is_not_finite(text)) {
            *ret_skip = *ret_skip || i == r->loss;
            r->totals.not_finite += i == r->loss ? 1 : 0;
        } else if (quantity_parse(text, QUANTITY_COUNT, &x[i])) {
            x[i] *= c->factor;
        } else if (r->o->is_lenient) {
            r->totals.malformed++;
            *ret_skip = true;
            return ERR_OK;
        } else {
            (void)err_set(err, ERR_FORMAT, "%s:%" PRId64 ": %s: \"%.60s\" is not a number", path,
                          line, c->name, text);
            return err_hint(err, "--skip-bad leaves such rows out");
        }
        if (*ret_skip) {
            return ERR_OK;
        }
    }
    return ERR_OK;
}

/* The file's name without its folder and its last ending. */
static void put_file_name(TableOut *out, const char *path)
{
    char name[WORD_BYTES];
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    (void)snprintf(name, sizeof name, "%.*s", dot && dot > base ? (int)(dot - base) : 255, base);
    table_out_text(out, name);
}

ErrCode import_rows_add(ImportRows *r, const char *path, int64_t line, const char *const *value,
                        Err *err)
{
    double x[IMPORT_MAX_COLUMNS] = {0.0};
    bool is_out = false;
    ErrCode rc = read_numbers(r, path, line, value, x, &is_out, err);
    if (rc != ERR_OK || is_out) {
        return rc;
    }
    for (size_t i = 0; i < r->n_columns; i++) {
        const ImportColumn *c = &r->column[i];
        if (c->is_file) {
            put_file_name(&r->out, path);
        } else if (!c->is_number) {
            table_out_text(&r->out, text_of(c, value));
        } else if (isnan(x[i])) {
            table_out_none(&r->out);
        } else {
            table_out_real(&r->out, x[i]);
        }
    }
    table_out_end_row(&r->out);
    r->totals.rows++;
    return ERR_OK;
}
