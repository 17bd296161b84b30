#include "orchestrator/exchange/export.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/rows.h"
#include "catalog/train_time.h"
#include "common/arena.h"
#include "common/json.h"
#include "common/words.h"

enum { MAX_COLUMNS = 32, MAX_AXES = 32 };

typedef enum CellKind {
    CELL_TEXT,
    CELL_COUNT,
    CELL_REAL,
    CELL_LOSS,
    CELL_SECONDS, /* the query has the step there: so many seconds of training lead to it */
    CELL_CORE_SECONDS,
} CellKind;

typedef struct ExportColumn {
    const char *name;
    CellKind kind; /* a loss is two columns of the query: value, kind (stmt.h) */
} ExportColumn;

typedef struct ExportTable {
    const char *name;
    bool has_times;
    const char *sql; /* of one run: ?1 is its hash */
    ExportColumn column[MAX_COLUMNS];
} ExportTable;

#define RUN_COLUMNS                                                                            \
    {"run", CELL_TEXT}, {"name", CELL_TEXT}, {"architecture", CELL_TEXT}, {"size", CELL_TEXT}, \
    {                                                                                          \
        "seed", CELL_COUNT                                                                     \
    }
#define RUN_SQL "SELECT r.hash, r.name, r.architecture, r.size, r.seed, "
#define SIZE_COLUMNS                                                                     \
    {"N", CELL_COUNT}, {"N_total", CELL_COUNT}, {"D", CELL_COUNT}, {"C_6nd", CELL_REAL}, \
        {"C_exact", CELL_REAL},                                                          \
    {                                                                                    \
        "C_paper", CELL_REAL                                                             \
    }
#define SIZE_SQL                                                  \
    "r.params, r.params_total, x.tokens, r.flops_6nd * x.tokens," \
    " r.flops_exact * x.tokens, r.flops_paper * x.tokens, "

static const ExportTable table_list[EXPORT_N_WHATS] = {
    [EXPORT_OBSERVATIONS] =
        {.name = "observations",
         .has_times = true,
         .sql = "SELECT o.run, o.name, o.architecture, o.size, o.seed, o.task, o.step, o.N,"
                " o.N_total, o.D, o.C_6nd, o.C_exact, o.C_paper, o.loss, o.bits_per_byte,"
                " o.train_loss, o.state, o.is_final, o.step, o.step FROM observation o"
                " WHERE o.run = ?1 ORDER BY o.task, o.step",
         .column = {RUN_COLUMNS,
                    {"task", CELL_TEXT},
                    {"step", CELL_COUNT},
                    SIZE_COLUMNS,
                    {"loss", CELL_REAL},
                    {"bits_per_byte", CELL_REAL},
                    {"train_loss", CELL_REAL},
                    {"state", CELL_TEXT},
                    {"is_final", CELL_COUNT},
                    {"seconds", CELL_SECONDS},
                    {"core_seconds", CELL_CORE_SECONDS}}},
    [EXPORT_RUNS] = {.name = "runs",
                     .sql = RUN_SQL
                     "r.params, r.params_total, r.tokens, r.flops_6nd, r.flops_exact,"
                     " r.flops_paper, r.steps, r.batch_tokens, r.checkpoints, r.state, r.reason,"
                     " r.dir FROM run r WHERE r.hash = ?1",
                     .column = {RUN_COLUMNS,
                                {"N", CELL_COUNT},
                                {"N_total", CELL_COUNT},
                                {"D", CELL_COUNT},
                                {"flops_per_token_6nd", CELL_REAL},
                                {"flops_per_token_exact", CELL_REAL},
                                {"flops_per_token_paper", CELL_REAL},
                                {"steps", CELL_COUNT},
                                {"batch_tokens", CELL_COUNT},
                                {"checkpoints", CELL_COUNT},
                                {"state", CELL_TEXT},
                                {"reason", CELL_TEXT},
                                {"dir", CELL_TEXT}}},
    [EXPORT_CHECKPOINTS] = {.name = "checkpoints",
                            .sql = RUN_SQL
                            "x.step, " SIZE_SQL
                            "x.train_loss, x.train_loss_status, x.state, x.attempt,"
                            " x.path, x.bytes, x.digest, x.created_ms FROM run r JOIN checkpoint x"
                            " ON x.run_id = r.id WHERE r.hash = ?1 ORDER BY x.step",
                            .column = {RUN_COLUMNS,
                                       {"step", CELL_COUNT},
                                       SIZE_COLUMNS,
                                       {"train_loss", CELL_LOSS},
                                       {"state", CELL_TEXT},
                                       {"attempt", CELL_COUNT},
                                       {"path", CELL_TEXT},
                                       {"bytes", CELL_COUNT},
                                       {"digest", CELL_TEXT},
                                       {"created_ms", CELL_COUNT}}},
    [EXPORT_METRICS] = {.name = "metrics",
                        .sql = RUN_SQL
                        "x.step, " SIZE_SQL "x.loss, x.loss_status, x.grad_norm, x.lr,"
                        " x.tokens_per_s, x.attempt FROM run r JOIN metric x ON x.run_id = r.id"
                        " WHERE r.hash = ?1 ORDER BY x.step",
                        .column = {RUN_COLUMNS,
                                   {"step", CELL_COUNT},
                                   SIZE_COLUMNS,
                                   {"loss", CELL_LOSS},
                                   {"grad_norm", CELL_REAL},
                                   {"lr", CELL_REAL},
                                   {"tokens_per_s", CELL_REAL},
                                   {"attempt", CELL_COUNT}}},
    [EXPORT_ATTEMPTS] = {.name = "attempts",
                         .sql = RUN_SQL
                         "x.number, x.state, x.resumed_step, x.started_ms, x.ended_ms,"
                         " x.exit_code, x.exit_signal, x.reason, x.threads, x.cores,"
                         " x.peak_rss_bytes, x.isa FROM run r JOIN attempt x ON x.run_id = r.id"
                         " WHERE r.hash = ?1 ORDER BY x.number",
                         .column = {RUN_COLUMNS,
                                    {"attempt", CELL_COUNT},
                                    {"state", CELL_TEXT},
                                    {"resumed_step", CELL_COUNT},
                                    {"started_ms", CELL_COUNT},
                                    {"ended_ms", CELL_COUNT},
                                    {"exit_code", CELL_COUNT},
                                    {"exit_signal", CELL_COUNT},
                                    {"reason", CELL_TEXT},
                                    {"threads", CELL_COUNT},
                                    {"cores", CELL_TEXT},
                                    {"peak_rss_bytes", CELL_COUNT},
                                    {"isa", CELL_TEXT}}},
    [EXPORT_EVALUATIONS] = {.name = "evaluations",
                            .sql = RUN_SQL
                            "x.task, x.step, " SIZE_SQL "x.loss, x.loss_status, x.bits_per_byte,"
                            " x.items, x.attempt FROM run r JOIN evaluation x ON x.run_id = r.id"
                            " WHERE r.hash = ?1 ORDER BY x.task, x.step",
                            .column = {RUN_COLUMNS,
                                       {"task", CELL_TEXT},
                                       {"step", CELL_COUNT},
                                       SIZE_COLUMNS,
                                       {"loss", CELL_LOSS},
                                       {"bits_per_byte", CELL_REAL},
                                       {"items", CELL_COUNT},
                                       {"attempt", CELL_COUNT}}},
};

ErrCode export_what_parse(const char *text, ExportWhat *ret, Err *err)
{
    const char *name[EXPORT_N_WHATS];
    size_t i = 0;
    for (size_t k = 0; k < EXPORT_N_WHATS; k++) {
        name[k] = table_list[k].name;
    }
    ErrCode rc = words_enum("what", text, name, EXPORT_N_WHATS, &i, err);
    *ret = rc == ERR_OK ? (ExportWhat)i : *ret;
    return rc;
}

/* A run's hash, and its values on the axes as JSON. */
typedef struct RunKey {
    const char *hash, *axes;
} RunKey;

typedef struct Exporter {
    Catalog *c;
    const ExportTable *table;
    TableOut out;
    Arena arena;
    Rows runs;
    CatalogTrainTime *time; /* [n_times], sorted; of a table that has times */
    size_t n_times;
    const char *column[MAX_COLUMNS + MAX_AXES];
    size_t n_own, n_columns;
} Exporter;

/* ---- the columns ---- */

static ErrCode add_axes(Exporter *x, const RunKey *run, Err *err)
{
    const char *key;
    json_t *value, *axes = json_loads(run->axes, 0, NULL);
    ErrCode rc = ERR_OK;
    json_object_foreach(axes, key, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < x->n_columns && !is_known; i++) {
            is_known = strcmp(x->column[i], key) == 0;
        }
        if (is_known || rc != ERR_OK) {
            continue;
        }
        if (x->n_columns == x->n_own + MAX_AXES) {
            rc = err_set(err, ERR_INVALID, "the study has more than %d axes", MAX_AXES);
        } else if (!(x->column[x->n_columns++] = arena_strdup(&x->arena, key))) {
            rc = err_nomem(err, "axes");
        }
    }
    json_decref(axes);
    return rc;
}

static ErrCode list_runs(Exporter *x, Err *err)
{
    Stmt q = stmt_begin(x->c->db, "SELECT hash, axes FROM run ORDER BY position, id");
    x->runs = (Rows){.arena = &x->arena, .size = sizeof(RunKey)};
    for (RunKey *r; (r = rows_next(&x->runs, &q)) != NULL;) {
        r->hash = stmt_col_text(&q, &x->arena);
        r->axes = stmt_col_text(&q, &x->arena);
    }
    return stmt_finish(&q, err);
}

static ErrCode list_columns(Exporter *x, Err *err)
{
    while (x->n_own < MAX_COLUMNS && x->table->column[x->n_own].name) {
        x->column[x->n_own] = x->table->column[x->n_own].name;
        x->n_own++;
    }
    x->n_columns = x->n_own;
    const RunKey *run = x->runs.data;
    for (size_t i = 0; i < x->runs.n; i++) {
        ErrCode rc = add_axes(x, &run[i], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* ---- the rows ---- */

static void put_known(TableOut *out, double x)
{
    if (x != x) {
        table_out_none(out);
    } else {
        table_out_real(out, x);
    }
}

static void put_time(Exporter *e, const RunKey *run, int64_t step, bool is_of_cores)
{
    const CatalogTrainTime *t = catalog_train_time_find(e->time, e->n_times, run->hash, step);
    put_known(&e->out, !t ? (double)NAN : is_of_cores ? t->core_seconds : t->seconds);
}

static void put_cell(Exporter *e, CellKind kind, const RunKey *run, Stmt *q)
{
    TableOut *out = &e->out;
    int64_t n;
    switch (kind) {
    case CELL_TEXT:
        table_out_text(out, stmt_col_view(q));
        break;
    case CELL_COUNT:
        n = stmt_col_i64_or(q, INT64_MIN);
        if (n == INT64_MIN) {
            table_out_none(out);
        } else {
            table_out_i64(out, n);
        }
        break;
    case CELL_REAL:
        put_known(out, stmt_col_f64(q)); /* NULL is NaN */
        break;
    case CELL_LOSS:
        table_out_real(out, stmt_col_loss(q));
        break;
    case CELL_SECONDS:
    case CELL_CORE_SECONDS:
        put_time(e, run, stmt_col_i64(q), kind == CELL_CORE_SECONDS);
        break;
    }
}

static void put_axis(TableOut *out, const json_t *v)
{
    if (json_is_string(v)) {
        table_out_text(out, json_string_value(v));
    } else if (json_is_integer(v)) {
        table_out_i64(out, json_integer_value(v));
    } else if (json_is_real(v)) {
        table_out_real(out, json_real_value(v));
    } else if (json_is_boolean(v)) {
        table_out_text(out, json_is_true(v) ? "true" : "false");
    } else if (!v) {
        table_out_none(out);
    } else {
        Buf text = BUF_INIT;
        json_canonical(v, &text);
        table_out_text(out, buf_str(&text));
        buf_release(&text);
    }
}

static ErrCode put_run(Exporter *x, const RunKey *run, Err *err)
{
    json_t *axes = json_loads(run->axes, 0, NULL);
    Stmt q = stmt_kept(&x->c->stmts, x->table->sql);
    stmt_bind_text(&q, run->hash);
    while (stmt_row(&q)) {
        for (size_t i = 0; i < x->n_own; i++) {
            put_cell(x, x->table->column[i].kind, run, &q);
        }
        for (size_t i = x->n_own; i < x->n_columns; i++) {
            put_axis(&x->out, json_object_get(axes, x->column[i]));
        }
        table_out_end_row(&x->out);
    }
    json_decref(axes);
    return stmt_finish(&q, err);
}

ErrCode export_table(Catalog *c, ExportWhat what, TableOutFormat format, OutFile *file,
                     int64_t *ret_rows, Err *err)
{
    Exporter x = {.c = c, .table = &table_list[what], .arena = ARENA_INIT};
    ErrCode rc = ERR_OK;
    TRY(catalog_begin_reading(c, err));
    TRY(list_runs(&x, err));
    TRY(list_columns(&x, err));
    if (x.table->has_times) {
        TRY(catalog_train_time_list(c, &x.arena, &x.time, &x.n_times, err));
        catalog_train_time_sort(x.time, x.n_times);
    }
    table_out_begin(&x.out, file, format, x.column, x.n_columns);
    for (size_t i = 0; i < x.runs.n && !ferror(file->f); i++) {
        TRY(put_run(&x, (const RunKey *)x.runs.data + i, err));
    }
    TRY(table_out_finish(&x.out, err));
    *ret_rows = x.out.n_rows;
done:
    catalog_rollback(c);
    table_out_release(&x.out);
    arena_release(&x.arena);
    return rc;
}
