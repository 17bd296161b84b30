#include "orchestrator/exchange/table_out.h"

#include <inttypes.h>
#include <math.h>

#include "common/csv.h"
#include "common/json.h"

static bool is_json(const TableOut *t)
{
    return t->format == TABLE_OUT_JSONL;
}

static void put_json_text(Buf *out, const char *s)
{
    json_t *v = json_string(s);
    if (v) {
        json_line(v, out);
    } else {
        buf_puts(out, "null"); /* not UTF-8 */
    }
    json_decref(v);
}

void table_out_begin(TableOut *t, OutFile *file, TableOutFormat format, const char *const *column,
                     size_t n_columns)
{
    *t = (TableOut){.file = file, .format = format, .column = column, .n_columns = n_columns};
    if (is_json(t)) {
        return;
    }
    csv_put_row(&t->row, column, n_columns);
    outfile_write(file, buf_str(&t->row), t->row.len);
    buf_clear(&t->row);
}

static void start_cell(TableOut *t)
{
    buf_puts(&t->row, t->at ? "," : is_json(t) ? "{" : "");
    if (is_json(t)) {
        put_json_text(&t->row, t->column[t->at]);
        buf_putc(&t->row, ':');
    }
    t->at++;
}

void table_out_none(TableOut *t)
{
    start_cell(t);
    buf_puts(&t->row, is_json(t) ? "null" : "");
}

void table_out_text(TableOut *t, const char *s)
{
    if (!s) {
        table_out_none(t);
        return;
    }
    start_cell(t);
    if (is_json(t)) {
        put_json_text(&t->row, s);
    } else {
        csv_put_cell(&t->row, s);
    }
}

void table_out_i64(TableOut *t, int64_t x)
{
    start_cell(t);
    buf_printf(&t->row, "%" PRId64, x);
}

void table_out_real(TableOut *t, double x)
{
    char text[32];
    start_cell(t);
    if (isfinite(x)) {
        json_number_text(x, text);
        buf_puts(&t->row, text);
    } else {
        const char *quote = is_json(t) ? "\"" : "";
        buf_printf(&t->row, "%s%s%s", quote, isnan(x) ? "nan" : x > 0.0 ? "inf" : "-inf", quote);
    }
}

void table_out_end_row(TableOut *t)
{
    buf_puts(&t->row, is_json(t) ? "}\n" : "\n");
    outfile_write(t->file, buf_str(&t->row), t->row.len);
    buf_clear(&t->row);
    t->at = 0;
    t->n_rows++;
}

ErrCode table_out_finish(TableOut *t, Err *err)
{
    return buf_ok(&t->row, err);
}

void table_out_release(TableOut *t)
{
    buf_release(&t->row);
    *t = (TableOut){0};
}
