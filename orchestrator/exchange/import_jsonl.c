/* JSON lines: an object a line; members of members are fields "a.b".  Read twice: first for the names,
 * since any line may bring a new one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/map.h"
#include "orchestrator/exchange/import_row.h"
#include "orchestrator/exchange/line_in.h"

enum { MAX_FIELDS = 1024, MAX_DEPTH = 8 };

typedef struct Fields {
    Arena arena;
    Map known; /* the names, in the order of their first appearance */
    const char *name[MAX_FIELDS];
    /* of the row being read */
    Buf text;
    size_t at[MAX_FIELDS]; /* of the value in text, plus 1; 0: not there */
    const char *value[MAX_FIELDS];
} Fields;

/* NaN and Infinity, which Python writes bare, as strings. */
static void quote_names(const Buf *line, Buf *out)
{
    static const char *const name[] = {"NaN", "Infinity", "-Infinity"};
    bool is_inside = false;
    buf_clear(out);
    for (size_t i = 0; i < line->len; i++) {
        const char *p = line->data + i;
        size_t n = 0;
        if (is_inside && *p == '\\' && i + 1 < line->len) {
            buf_add(out, p, 2);
            i++;
            continue;
        }
        is_inside = *p == '"' ? !is_inside : is_inside;
        for (size_t k = 0; !is_inside && k < 3 && n == 0; k++) {
            n = strncmp(p, name[k], strlen(name[k])) == 0 ? strlen(name[k]) : 0;
        }
        if (n) {
            buf_printf(out, "\"%.*s\"", (int)n, p);
            i += n - 1;
        } else {
            buf_putc(out, *p);
        }
    }
}

/* *ret NULL for an empty line, and, when lenient, for one that is no object. */
static ErrCode parse(const LineIn *in, bool is_lenient, Buf *scratch, json_t **ret, Err *err)
{
    json_error_t e = {0};
    *ret = NULL;
    if (strspn(buf_str(&in->line), " \t") == in->line.len) {
        return ERR_OK;
    }
    *ret = json_loadb(in->line.data, in->line.len, 0, &e);
    if (!*ret && (strstr(in->line.data, "NaN") || strstr(in->line.data, "Infinity"))) {
        quote_names(&in->line, scratch);
        *ret = json_loadb(buf_str(scratch), scratch->len, 0, &e);
    }
    if (json_is_object(*ret) || is_lenient) {
        bool is_bad = !json_is_object(*ret);
        if (is_bad) {
            json_decref(*ret);
            *ret = NULL;
        }
        return ERR_OK;
    }
    json_decref(*ret);
    *ret = NULL;
    (void)err_set(err, ERR_FORMAT, "%s:%" PRId64 ": not a JSON object: %.200s", in->path,
                  in->number, e.text[0] ? e.text : "another kind of value");
    return err_hint(err, "--skip-bad leaves such lines out");
}

/* The number of a field, new ones added while `is_first`; MAX_FIELDS: not wanted. */
static size_t number_of(Fields *f, const char *name, bool is_first)
{
    bool can_add = is_first && f->known.n < MAX_FIELDS;
    size_t i = can_add ? map_add_text(&f->known, name) : map_find_text(&f->known, name);
    if (i == MAP_NONE) {
        return MAX_FIELDS;
    }
    f->name[i] = map_text(&f->known, i);
    return i;
}

static void put_value(Buf *text, const json_t *v)
{
    char number[32];
    if (json_is_string(v)) {
        buf_puts(text, json_string_value(v));
    } else if (json_is_integer(v)) {
        buf_printf(text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    } else if (json_is_real(v)) {
        json_number_text(json_real_value(v), number);
        buf_puts(text, number);
    } else if (json_is_boolean(v)) {
        buf_puts(text, json_is_true(v) ? "true" : "false");
    }
    buf_add(text, "", 1);
}

/* Members of v under the name `prefix`, into the row; arrays and what lies too deep are left. */
static void flatten(Fields *f, const char *prefix, json_t *v, int depth, bool is_first)
{
    const char *key;
    json_t *member;
    json_object_foreach(v, key, member)
    {
        char name[WORD_BYTES];
        (void)snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(member) && depth < MAX_DEPTH) {
            flatten(f, name, member, depth + 1, is_first);
            continue;
        }
        size_t i = json_is_array(member) || json_is_null(member) ? MAX_FIELDS
                                                                 : number_of(f, name, is_first);
        if (i < MAX_FIELDS && !is_first) {
            f->at[i] = f->text.len + 1;
            put_value(&f->text, member);
        }
    }
}

static ErrCode add_row(ImportRows *r, Fields *f, const LineIn *in, json_t *v, Err *err)
{
    buf_clear(&f->text);
    memset(f->at, 0, f->known.n * sizeof *f->at);
    flatten(f, "", v, 0, false);
    for (size_t i = 0; i < f->known.n; i++) {
        f->value[i] = f->at[i] ? f->text.data + f->at[i] - 1 : NULL;
    }
    ErrCode rc = buf_ok(&f->text, err);
    return rc == ERR_OK ? import_rows_add(r, in->path, in->number, f->value, err) : rc;
}

/* All lines of one file: their names, or with r their rows. */
static ErrCode each_line(const char *path, Fields *f, ImportRows *r, bool is_lenient, Err *err)
{
    LineIn in;
    Buf scratch = BUF_INIT;
    ErrCode rc = line_in_open(&in, path, false, err);
    if (rc != ERR_OK) {
        return rc;
    }
    while (line_in_next(&in)) {
        json_t *v;
        TRY(parse(&in, is_lenient, &scratch, &v, err));
        if (v && !r) {
            flatten(f, "", v, 0, true);
        } else if (v) {
            r->totals.lines++;
            rc = add_row(r, f, &in, v, err);
        } else if (r && in.line.len) {
            r->totals.lines++;
            r->totals.malformed++;
        }
        json_decref(v);
        TRY(rc);
    }
    TRY(line_in_finish(&in, err));
    if (r) {
        r->totals.too_long += in.n_long;
    }
done:
    buf_release(&scratch);
    line_in_close(&in);
    return rc;
}

ErrCode import_jsonl(ImportRows *r, const ImportOptions *o, OutFile *out, Err *err)
{
    Fields *f = calloc(1, sizeof *f);
    ErrCode rc = f ? ERR_OK : err_nomem(err, "import");
    for (size_t i = 0; rc == ERR_OK && i < o->n_files; i++) {
        f->known.keep = &f->arena;
        rc = each_line(o->file[i], f, NULL, o->is_lenient, err);
    }
    if (rc == ERR_OK) {
        rc = map_ok(&f->known, "import", err);
    }
    if (rc == ERR_OK) {
        rc = import_rows_open(r, o, f->name, f->known.n, out, err);
    }
    for (size_t i = 0; rc == ERR_OK && i < o->n_files; i++) {
        rc = each_line(o->file[i], f, r, o->is_lenient, err);
    }
    if (f) {
        buf_release(&f->text);
        map_release(&f->known);
        arena_release(&f->arena);
    }
    free(f);
    return rc;
}
