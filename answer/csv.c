#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer/formats.h"
#include "answer/painter.h"
#include "common/csv.h"
#include "common/json.h"
#include "common/quantity.h"

static void put_real(double x, Buf *out)
{
    char text[32];
    if (isfinite(x)) {
        json_number_text(x, text);
        buf_puts(out, text);
    }
}

static void put_value(const Value *v, Buf *out)
{
    switch (v->kind) {
    case VALUE_NONE:
        break;
    case VALUE_TEXT:
    case VALUE_JSON:
        csv_put_cell(out, v->as.text);
        break;
    case VALUE_REAL:
        put_real(v->as.real, out);
        break;
    case VALUE_COUNT:
        buf_printf(out, "%lld", (long long)v->as.count);
        break;
    case VALUE_BOOL:
        buf_puts(out, v->as.is_true ? "true" : "false");
        break;
    }
}

/* What a column is in CSV: its value, its interval, both; nothing without a name. */
typedef struct Parts {
    bool has_value, has_interval;
} Parts;

static const char *name_of(const Column *c)
{
    return c->key ? c->key : c->heading;
}

static Parts parts_of(const AnswerNode *table, size_t c)
{
    const Column *column = &table->column[c];
    Parts p = {.has_value = name_of(column) != NULL};
    for (const AnswerNode *r = table->first; r && p.has_value && !p.has_interval; r = r->next) {
        p.has_interval = r->value[c].interval != NULL;
    }
    if (column->key && column->interval && strcmp(column->key, column->interval) == 0) {
        p.has_value = false;
    }
    return p;
}

static void put_header(const AnswerNode *table, const Parts *part, Buf *out)
{
    const char *sep = "";
    for (size_t c = 0; c < table->n_columns; c++) {
        const Column *column = &table->column[c];
        const char *name = name_of(column);
        if (part[c].has_value) {
            buf_puts(out, sep);
            csv_put_cell(out, name);
            sep = ",";
        }
        if (part[c].has_interval) {
            char prefix[80] = "";
            if (column->has_flat) {
                (void)snprintf(prefix, sizeof prefix, "%s", column->flat ? column->flat : "");
            } else if (strcmp(name, "value") != 0) {
                (void)snprintf(prefix, sizeof prefix, "%s_", name);
            }
            buf_printf(out, "%s%sse,%slo,%shi", sep, prefix, prefix, prefix);
            sep = ",";
        }
    }
    buf_putc(out, '\n');
}

static void put_row(const AnswerNode *table, const Parts *part, const Value *value, Buf *out)
{
    const char *sep = "";
    for (size_t c = 0; c < table->n_columns; c++) {
        if (part[c].has_value) {
            buf_puts(out, sep);
            put_value(&value[c], out);
            sep = ",";
        }
        if (part[c].has_interval) {
            const Interval none = {(double)NAN, (double)NAN, (double)NAN, NULL};
            const Interval *i = value[c].interval ? value[c].interval : &none;
            const double part_of[] = {i->se, i->lo, i->hi};
            for (size_t k = 0; k < 3; k++, sep = ",") {
                buf_puts(out, sep);
                put_real(part_of[k], out);
            }
        }
    }
    buf_putc(out, '\n');
}

/* ---- which table ---- */

typedef struct Tables {
    const AnswerNode *first, *for_csv, *named;
    const char *name;
    const char *known[32];
    size_t n_known;
} Tables;

static void find_tables(const AnswerNode *in, Tables *t)
{
    for (const AnswerNode *n = in->first; n; n = n->next) {
        if (n->kind == ANSWER_TABLE && n->use != TABLE_FOR_PEOPLE) {
            bool is_named = t->name && n->key && strcmp(n->key, t->name) == 0;
            t->named = !t->named && is_named ? n : t->named;
            t->first = !t->first && n->use == TABLE_FOR_ALL ? n : t->first;
            t->for_csv = !t->for_csv && n->use == TABLE_FOR_CSV ? n : t->for_csv;
            if (n->key && t->n_known < sizeof t->known / sizeof t->known[0]) {
                t->known[t->n_known++] = n->key;
            }
        } else if (n->kind != ANSWER_TABLE) {
            find_tables(n, t);
        }
    }
}

/* An answer without a table: its labelled values as one row. */
static size_t put_pairs(const AnswerNode *in, bool is_header, size_t n_before, Buf *out)
{
    size_t n = n_before;
    for (const AnswerNode *x = in->first; x; x = x->next) {
        if (x->kind == ANSWER_VALUE && x->n_columns == 1 && name_of(x->column)) {
            buf_puts(out, n++ ? "," : "");
            if (is_header) {
                csv_put_cell(out, name_of(x->column));
            } else {
                put_value(x->value, out);
            }
        } else if (x->kind == ANSWER_SECTION || x->kind == ANSWER_OBJECT) {
            n = put_pairs(x, is_header, n, out);
        }
    }
    return n;
}

static ErrCode no_table(const Tables *t, Err *err)
{
    Buf known = BUF_INIT;
    for (size_t i = 0; i < t->n_known; i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", t->known[i]);
    }
    const char *near = nearest_name(t->name, t->known, t->n_known);
    (void)err_set(err, ERR_USAGE, "this answer has no table \"%s\"", t->name);
    if (near) {
        (void)err_hint(err, "did you mean %s?", near);
    } else if (t->n_known) {
        (void)err_hint(err, "it has: %s", buf_str(&known));
    }
    buf_release(&known);
    return err->code;
}

ErrCode render_csv(const Answer *a, const AnswerStyle *style, Buf *out, Err *err)
{
    Tables t = {.name = style->table};
    find_tables(a->top, &t);
    const AnswerNode *table = t.name ? t.named : t.for_csv ? t.for_csv : t.first;
    if (t.name && !table) {
        return no_table(&t, err);
    }
    if (!table) {
        if (put_pairs(a->top, true, 0, out) == 0) {
            (void)err_set(err, ERR_USAGE, "this answer is no table");
            return err_hint(err, "--format json has all of it");
        }
        buf_putc(out, '\n');
        (void)put_pairs(a->top, false, 0, out);
        buf_putc(out, '\n');
        return ERR_OK;
    }
    Parts part[ANSWER_MAX_COLUMNS] = {{false, false}};
    for (size_t c = 0; c < table->n_columns && c < ANSWER_MAX_COLUMNS; c++) {
        part[c] = parts_of(table, c);
    }
    put_header(table, part, out);
    AnswerRows rows = {.table = table};
    while (answer_next_row(&rows)) {
        put_row(table, part, rows.value, out);
        answer_flush(style, out);
    }
    return ERR_OK;
}
