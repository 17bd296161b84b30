#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/use/use_report.h"
#include "common/json.h"

void use_value_text(double x, const FitInterval *i, int digits, char out[96])
{
    int n = isfinite(x) ? snprintf(out, 96, "%.*g", digits, x) : 0;
    out[n] = '\0';
    if (n && i && !isnan(i->lo) && isinf(i->hi)) {
        (void)snprintf(out + n, 96 - (size_t)n, " [%.3g, no end]", i->lo);
    } else if (n && i && isfinite(i->lo)) {
        (void)snprintf(out + n, 96 - (size_t)n, " [%.*g, %.*g]", digits - 1, i->lo, digits - 1,
                       i->hi);
    }
}

static void value_cell(Table *t, double x, const FitInterval *i, int digits)
{
    char shown[96], full[32] = "";
    use_value_text(x, i, digits, shown);
    if (isfinite(x)) {
        json_number_text(x, full);
    }
    table_both(t, shown, full);
}

/* ---- predictions ---- */

/* Four decimals, or four digits where a law has gone astray. */
static const char *loss_text(double x, char out[32])
{
    (void)snprintf(out, 32, fabs(x) < 1e5 ? "%.4f" : "%.4g", x);
    return out;
}

static void loss_cell(Table *t, double x)
{
    if (fabs(x) < 1e5) {
        table_decimals(t, 4, x);
    } else {
        table_digits(t, 4, x);
    }
}

static void range_cell(Table *t, double lo, double hi)
{
    char shown[96] = "";
    if (isfinite(lo) && isfinite(hi)) {
        char a[32], b[32];
        (void)snprintf(shown, sizeof shown, "%s to %s", loss_text(lo, a), loss_text(hi, b));
    }
    table_text(t, shown);
}

/* "N x1.2" where the point is that many times beyond the data. */
static void outside_cell(Table *t, const Prediction *v)
{
    char shown[96] = "";
    size_t n = 0;
    const struct {
        const char *name;
        double ln;
    } row[] = {{"N", v->outside.n}, {"D", v->outside.d}, {"C", v->outside.c}};
    for (size_t i = 0; i < 3; i++) {
        if (row[i].ln > 0.0) {
            n += (size_t)snprintf(shown + n, sizeof shown - n, "%s%s x%.3g", n ? ", " : "",
                                  row[i].name, exp(row[i].ln));
        }
    }
    table_text(t, shown);
}

static void prediction_row(Table *t, const UsePrediction *p, bool is_csv, bool has_runs)
{
    const Prediction *v = &p->value;
    table_text(t, p->fit->group->name);
    table_text(t, p->fit->form->name);
    if (has_runs) {
        table_text(t, p->run);
    }
    table_digits(t, 4, v->at.n);
    table_digits(t, 4, v->at.d);
    table_digits(t, 4, v->at.c);
    if (has_runs) {
        loss_cell(t, p->left_out.measured);
    }
    loss_cell(t, v->value);
    if (has_runs) {
        loss_cell(t, p->left_out.error);
    }
    if (is_csv) {
        const double x[] = {v->law.lo,    v->law.hi,    v->run_lo,   v->run_hi,
                            v->outside.n, v->outside.d, v->outside.c};
        for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
            table_digits(t, 9, x[i]);
        }
        return;
    }
    range_cell(t, v->law.lo, v->law.hi);
    range_cell(t, v->run_lo, v->run_hi);
    outside_cell(t, v);
}

static size_t prediction_columns(const UsePrediction *p, bool is_csv, bool has_runs, TableColumn *c)
{
    size_t n = 0;
    c[n++] = (TableColumn){"group", false};
    c[n++] = (TableColumn){"law", false};
    if (has_runs) {
        c[n++] = (TableColumn){"run", false};
    }
    c[n++] = (TableColumn){"N", true};
    c[n++] = (TableColumn){"D", true};
    c[n++] = (TableColumn){"C", true};
    if (has_runs) {
        c[n++] = (TableColumn){"measured", true};
    }
    c[n++] = (TableColumn){form_response_name(p->fit->form->response), true};
    if (has_runs) {
        c[n++] = (TableColumn){"error", true};
    }
    static const char *const csv[] = {"lo",        "hi",        "predict_lo", "predict_hi",
                                      "outside_N", "outside_D", "outside_C"};
    static const char *const text[] = {"95 % law", "95 % new run", "outside"};
    for (size_t i = 0; i < (is_csv ? 7 : 3); i++) {
        c[n++] = (TableColumn){is_csv ? csv[i] : text[i], i < 2 || is_csv};
    }
    return n;
}

static void prediction_sentence(const UsePrediction *p, Buf *out)
{
    const Prediction *v = &p->value;
    if (p->run) {
        const PredictedRun *r = &p->left_out;
        buf_printf(out,
                   "Without %s, %s predicts %.4f for it, against %.4f measured: %+.4f (%+.2f %%)",
                   p->run, p->fit->form->name, v->value, r->measured, r->error,
                   100.0 * r->error / r->measured);
        if (isfinite(v->run_lo)) {
            buf_printf(out, ", %s the interval for a new run", r->is_in_run ? "within" : "outside");
        }
        buf_puts(out, ".\n\n");
        return;
    }
    char x[32], y[32];
    buf_printf(out, "%s predicts %s = %s", p->fit->form->name,
               form_response_name(p->fit->form->response), loss_text(v->value, x));
    if (isfinite(v->law.lo)) {
        buf_printf(out, " (the law: %s to %s", loss_text(v->law.lo, x), loss_text(v->law.hi, y));
        if (isfinite(v->run_lo)) {
            buf_printf(out, "; a new run: %s to %s", loss_text(v->run_lo, x),
                       loss_text(v->run_hi, y));
        }
        buf_puts(out, "; 95 %)");
    }
    buf_puts(out, ".\n\n");
}

static void prediction_legend(bool has_runs, bool is_far, Buf *out)
{
    buf_puts(out,
             "\n  N, D, C       parameters, tokens, FLOP; losses are in nats per token\n"
             "  95 % law      where the curve is: the bootstrap's replicates\n"
             "  95 % new run  where a measurement of one new run will be, if the law holds there\n"
             "  outside       how many times beyond the data\n");
    if (has_runs) {
        buf_puts(out, "  error         predicted less measured; the run was left out of the fit\n");
    }
    if (is_far) {
        buf_puts(out,
                 "  warning       far: more than ten times beyond the data; no interval covers "
                 "a law that changes there\n");
    }
}

ErrCode use_predictions_table(const UsePrediction *p, size_t n, TableFormat format, Buf *out,
                              Err *err)
{
    TableColumn column[20];
    Table t;
    size_t shown = 0;
    bool is_csv = format == TABLE_CSV, has_runs = n > 0 && p[0].run, is_far = false;
    const UsePrediction *one = NULL;
    for (size_t i = 0; i < n; i++) {
        one = p[i].is_refused ? one : &p[i];
        shown += p[i].is_refused ? 0 : 1;
        is_far = is_far || (!p[i].is_refused && p[i].value.is_far);
    }
    if (shown == 0) {
        return ERR_OK;
    }
    table_init(&t, column, prediction_columns(one, is_csv, has_runs, column));
    for (size_t i = 0; i < n; i++) {
        if (!p[i].is_refused) {
            prediction_row(&t, &p[i], is_csv, has_runs);
        }
    }
    if (shown == 1 && (format == TABLE_TEXT || format == TABLE_MARKDOWN)) {
        prediction_sentence(one, out);
    }
    ErrCode rc = table_print(&t, format, out, err);
    if (format == TABLE_TEXT) {
        prediction_legend(has_runs, is_far, out);
    }
    table_release(&t);
    return rc;
}

/* ---- allocations ---- */

static const AnswerPart best_part[] = {ANSWER_C, ANSWER_N, ANSWER_D, ANSWER_LOSS, ANSWER_RATIO};
static const AnswerPart cost_part[] = {ANSWER_C,       ANSWER_N,      ANSWER_D,
                                       ANSWER_RATIO,   ANSWER_LOSS,   ANSWER_BEST_LOSS,
                                       ANSWER_PENALTY, ANSWER_BEST_C, ANSWER_FACTOR};

static size_t parts_of(bool is_cost, const AnswerPart **ret)
{
    *ret = is_cost ? cost_part : best_part;
    return is_cost ? sizeof cost_part / sizeof cost_part[0]
                   : sizeof best_part / sizeof best_part[0];
}

static bool is_cost(const Allocation *a)
{
    return a->question >= ASK_SIZE_FLOPS;
}

static void allocation_sentence(const UseAllocation *a, Buf *out)
{
    const Allocation *r = &a->answer;
    const double *v = r->value;
    if (is_cost(r)) {
        buf_printf(out,
                   "N = %.4g on D = %.4g costs %.4g FLOP and reaches %.4f nats/token; the best "
                   "choice reaches that\nwith %.4g FLOP: this one takes %.3g times as much.\n\n",
                   v[ANSWER_N], v[ANSWER_D], v[ANSWER_C], v[ANSWER_LOSS], v[ANSWER_BEST_C],
                   v[ANSWER_FACTOR]);
        return;
    }
    buf_printf(
        out,
        "C = %.4g FLOP is best spent on N = %.4g parameters and D = %.4g tokens (%.3g tokens "
        "a parameter):\nloss %.4f nats/token.\n\n",
        v[ANSWER_C], v[ANSWER_N], v[ANSWER_D], v[ANSWER_RATIO], v[ANSWER_LOSS]);
}

static void allocation_row(Table *t, const UseAllocation *a, bool is_csv)
{
    const AnswerPart *part;
    const Allocation *r = &a->answer;
    size_t n = parts_of(is_cost(r), &part);
    table_text(t, a->fit->group->name);
    table_text(t, a->fit->form->name);
    for (size_t i = 0; i < n; i++) {
        const FitInterval *own = &r->interval[part[i]];
        bool is_loss = part[i] == ANSWER_LOSS || part[i] == ANSWER_BEST_LOSS;
        value_cell(t, r->value[part[i]], is_csv ? NULL : own, is_loss ? 5 : 4);
        if (is_csv) {
            table_digits(t, 9, own->lo);
            table_digits(t, 9, own->hi);
        }
    }
    table_text(t, r->is_far                            ? "far outside the data"
                  : r->is_outside_n || r->is_outside_d ? "outside the data"
                                                       : "");
}

static size_t allocation_columns(bool cost, bool is_csv, TableColumn *c, char name[][40])
{
    const AnswerPart *part;
    size_t n = 0, parts = parts_of(cost, &part);
    static const char *const shown[ANSWER_PARTS] = {
        [ANSWER_C] = "C",
        [ANSWER_N] = "N",
        [ANSWER_D] = "D",
        [ANSWER_LOSS] = "loss",
        [ANSWER_RATIO] = "D/N",
        [ANSWER_BEST_LOSS] = "best loss",
        [ANSWER_PENALTY] = "penalty",
        [ANSWER_BEST_C] = "best C",
        [ANSWER_FACTOR] = "factor",
    };
    c[n++] = (TableColumn){"group", false};
    c[n++] = (TableColumn){"law", false};
    for (size_t i = 0; i < parts; i++) {
        c[n++] = (TableColumn){is_csv ? answer_part_name(part[i]) : shown[part[i]], true};
        for (size_t e = 0; is_csv && e < 2; e++) {
            (void)snprintf(name[2 * i + e], 40, "%s_%s", answer_part_name(part[i]),
                           e ? "hi" : "lo");
            c[n++] = (TableColumn){name[2 * i + e], true};
        }
    }
    c[n++] = (TableColumn){"note", false};
    return n;
}

static void allocation_legend(bool cost, Buf *out)
{
    buf_puts(out, "\n  C, N, D   FLOP, parameters, tokens; losses are in nats per token\n"
                  "  [.., ..]  95 % interval from the bootstrap's replicates\n");
    if (cost) {
        buf_puts(out, "  penalty   loss less the best loss for the same C\n"
                      "  best C    least FLOP for the same loss\n"
                      "  factor    C / best C: what the choice costs against the best one\n");
    }
}

static ErrCode allocations_of(const UseAllocation *a, size_t n, bool cost, TableFormat format,
                              Buf *out, Err *err)
{
    TableColumn column[40];
    char name[32][40];
    Table t;
    size_t shown = 0;
    const UseAllocation *one = NULL;
    table_init(&t, column, allocation_columns(cost, format == TABLE_CSV, column, name));
    for (size_t i = 0; i < n; i++) {
        if (!a[i].is_refused && is_cost(&a[i].answer) == cost) {
            allocation_row(&t, &a[i], format == TABLE_CSV);
            one = &a[i];
            shown++;
        }
    }
    ErrCode rc = ERR_OK;
    if (shown == 1 && (format == TABLE_TEXT || format == TABLE_MARKDOWN)) {
        allocation_sentence(one, out);
    }
    if (shown > 0) {
        rc = table_print(&t, format, out, err);
        if (format == TABLE_TEXT) {
            allocation_legend(cost, out);
        }
    }
    table_release(&t);
    return rc;
}

ErrCode use_allocations_table(const UseAllocation *a, size_t n, TableFormat format, Buf *out,
                              Err *err)
{
    ErrCode rc = allocations_of(a, n, false, format, out, err);
    return rc == ERR_OK ? allocations_of(a, n, true, format, out, err) : rc;
}

/* ---- approaches ---- */

static void approach_row(Table *t, const Approach *r, const UseApproaches *a)
{
    const Approaches *all = &a->all;
    char text[64];
    table_text(t, a->fit->group->name);
    (void)snprintf(text, sizeof text, "%s %s", approach_number(r->kind), approach_name(r->kind));
    table_text(t, text);
    value_cell(t, r->value[APPROACH_A], &r->interval[APPROACH_A], 4);
    value_cell(t, r->value[APPROACH_B], &r->interval[APPROACH_B], 4);
    value_cell(t, r->value[APPROACH_K_N], &r->interval[APPROACH_K_N], 3);
    for (size_t i = 0; i < all->n_at; i++) {
        value_cell(t, r->value[APPROACH_N_OPT + i], &r->interval[APPROACH_N_OPT + i], 3);
    }
    text[0] = '\0';
    if (r->has_bias) {
        (void)snprintf(text, sizeof text, "%+.4f, x%.3f", r->bias[APPROACH_A],
                       r->bias[APPROACH_N_OPT + all->n_at - 1]);
    }
    table_text(t, text);
    if (r->has_bias) {
        table_digits(t, 4, r->corrected[APPROACH_A]);
    } else {
        table_text(t, "");
    }
}

static void approach_notes(const UseApproaches *a, Buf *out)
{
    for (size_t i = 0; i < a->all.n_why; i++) {
        buf_printf(out, "\n%s: %s\n", a->fit->group->name, a->all.why[i]);
    }
    for (size_t i = 0; i < APPROACH_NAMES; i++) {
        const Approach *r = &a->all.by[i];
        if (r->is_refused && r->refusal.msg[0]) {
            buf_printf(out, "\n%s: approach %s: none: %s\n", a->fit->group->name,
                       approach_number(r->kind), r->refusal.msg);
        }
    }
}

/* One line of the long table: a number of one approach. */
static void approach_line(Table *t, const UseApproaches *a, const Approach *r, const char *name,
                          size_t part, double c)
{
    table_text(t, a->fit->group->name);
    table_text(t, approach_number(r->kind));
    table_text(t, approach_name(r->kind));
    table_text(t, name);
    const double x[] = {c,
                        r->value[part],
                        r->interval[part].lo,
                        r->interval[part].hi,
                        r->bias[part],
                        r->corrected[part]};
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) {
        table_digits(t, 9, x[i]);
    }
}

/* As CSV one long table, every number in full. */
static ErrCode approaches_csv(const UseApproaches *a, size_t n, Buf *out, Err *err)
{
    static const TableColumn column[] = {{"group", false},   {"approach", false}, {"method", false},
                                         {"name", false},    {"C", true},         {"value", true},
                                         {"lo", true},       {"hi", true},        {"bias", true},
                                         {"corrected", true}};
    static const char *const name[] = {"a", "b", "k_N", "k_D"};
    Table t;
    table_init(&t, column, sizeof column / sizeof column[0]);
    for (size_t g = 0; g < n; g++) {
        for (size_t i = 0; i < APPROACH_NAMES && !a[g].is_refused; i++) {
            const Approach *r = &a[g].all.by[i];
            for (size_t p = 0; p < 4 && !r->is_refused; p++) {
                approach_line(&t, &a[g], r, name[p], APPROACH_A + p, (double)NAN);
            }
            for (size_t k = 0; k < a[g].all.n_at && !r->is_refused; k++) {
                approach_line(&t, &a[g], r, "N_opt", APPROACH_N_OPT + k, a[g].all.at[k]);
                approach_line(&t, &a[g], r, "D_opt", APPROACH_D_OPT + k, a[g].all.at[k]);
            }
        }
    }
    ErrCode rc = table_print(&t, TABLE_CSV, out, err);
    table_release(&t);
    return rc;
}

ErrCode use_approaches_table(const UseApproaches *a, size_t n, TableFormat format, Buf *out,
                             Err *err)
{
    if (format == TABLE_CSV) {
        return approaches_csv(a, n, out, err);
    }
    TableColumn column[8 + APPROACH_MAX_AT] = {
        {"group", false}, {"approach", false}, {"a", true}, {"b", true}, {"k_N", true}};
    char name[APPROACH_MAX_AT][48];
    size_t columns = 5, n_at = n > 0 ? a[0].all.n_at : 0;
    bool has_own_c = false; /* no --flops: each group's largest C, which may differ */
    for (size_t g = 1; g < n; g++) {
        has_own_c = has_own_c || a[g].all.at[0] != a[0].all.at[0];
    }
    for (size_t i = 0; i < n_at; i++) {
        (void)snprintf(name[i], sizeof name[i], has_own_c ? "N_opt(largest C)" : "N_opt(%.4g)",
                       a[0].all.at[i]);
        column[columns++] = (TableColumn){name[i], true};
    }
    column[columns++] = (TableColumn){"bias of a, N_opt", false};
    column[columns++] = (TableColumn){"a corrected", true};
    Table t;
    table_init(&t, column, columns);
    size_t shown = 0;
    for (size_t g = 0; g < n; g++) {
        for (size_t i = 0; i < APPROACH_NAMES && !a[g].is_refused; i++) {
            if (!a[g].all.by[i].is_refused) {
                approach_row(&t, &a[g].all.by[i], &a[g]);
                shown++;
            }
        }
    }
    ErrCode rc = shown ? table_print(&t, format, out, err) : ERR_OK;
    table_release(&t);
    if (format != TABLE_TEXT && format != TABLE_MARKDOWN) {
        return rc;
    }
    for (size_t g = 0; g < n; g++) {
        if (!a[g].is_refused) {
            approach_notes(&a[g], out);
        }
    }
    if (format == TABLE_TEXT) {
        buf_puts(out,
                 "\n  a, b   N_opt = k_N C^a, D_opt = k_D C^b, C in FLOP\n"
                 "  bias   what the approach finds without noise on the fitted law at the same "
                 "N and D,\n         less the law's own a, and over its N_opt\n");
    }
    return rc;
}

void use_fit_warnings(const UseFit *f, Buf *out)
{
    for (size_t i = 0; !f->is_refused && i < f->law.fit.n_warnings; i++) {
        buf_printf(out, "  warning       %s: %s\n", f->group->name, f->law.fit.warning[i]);
    }
}
