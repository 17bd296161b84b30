/* A plan as an answer.  Field names are a contract: docs/json.md. */
#include <string.h>

#include "orchestrator/plan/plan.h"

static const Column cell_column[] = {
    {"run", "run"},
    {"architecture"},
    {"size"},
    {"seed"},
    {"N", "N", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    {"N_total", "N_total", .format = NUMBER_QUANTITY, .rank = 8},
    {"D", "D", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    {"flops_per_token.6nd"},
    {"flops_per_token.exact"},
    {"flops_per_token.paper"},
    {"flops_per_step.6nd"},
    {"flops_per_step.exact"},
    {"flops_per_step.paper"},
    {"checkpoints", "checkpoints", .rank = 5},
    {"id"},
    {"dir"},
    {"axes"},
    {"steps"},
    {"batch"},
    {"flops_total.6nd", "C 6nd", .digits = 3, .rank = 7},
    {"flops_total.exact", "C exact", .digits = 3, .rank = 2},
    {"flops_total.paper", "C paper", .digits = 3, .rank = 7},
    {"flops_per_token_head"},
    {"disk_bytes", "disk", .format = NUMBER_BYTES, .rank = 4},
    {"memory_bytes", "memory", .format = NUMBER_BYTES, .rank = 4},
    {"seconds", "time", .format = NUMBER_DURATION, .rank = 1},
    {"measured"},
    {"state"},
    {"why", "what would happen", .rank = 3, .is_prose = true},
};
enum { N_COLUMNS = sizeof cell_column / sizeof cell_column[0] };

/* Names have no character that JSON wants escaped: words of the schema, numbers, hyphens. */
static void make_cell(void *ctx, size_t i, Value *v)
{
    PlanRows *rows = ctx;
    const PlanCell *c = &rows->plan->cells[i];
    const RunSpec *r = c->run;
    const PlanFlops token = plan_flops_per_token(r), step = plan_flops_per_step(r);
    const PlanFlops total = plan_flops_total(r);
    Err ignored = ERR_INIT;
    buf_clear(&rows->axes);
    if (study_run_axes_line(rows->study, (size_t)(r - rows->study->runs), &rows->axes, &ignored) !=
        ERR_OK) {
        rows->answer->is_short = true;
    }
    run_spec_hash(r, rows->hash);
    run_spec_dir(r, rows->dir);
    const Value row[N_COLUMNS] = {
        value_text(r->name),
        value_text(r->model->shape.arch->name),
        value_text(r->model->size),
        value_count(r->seed),
        value_count(r->model->params),
        value_count(r->model->params_total),
        value_count(run_spec_tokens(r)),
        value_real(token.six_nd),
        value_real(token.exact),
        value_real(token.paper),
        value_real(step.six_nd),
        value_real(step.exact),
        value_real(step.paper),
        value_count(r->checkpoints),
        value_text(rows->hash),
        value_text(rows->dir),
        value_json_text(buf_str(&rows->axes)),
        value_count(r->steps),
        value_count(r->batch_tokens),
        value_real(total.six_nd),
        value_real(total.exact),
        value_real(total.paper),
        value_real(r->model->flops_head),
        value_count(plan_disk_bytes(r)),
        c->memory_bytes > 0 ? value_count(c->memory_bytes) : value_none(),
        value_real(c->seconds),
        value_bool(c->is_measured),
        value_text(c->state),
        value_text(c->why),
    };
    memcpy(v, row, sizeof row);
}

static void add_cells(const Plan *p, PlanView view, AnswerNode *top, PlanRows *rows)
{
    Column column[N_COLUMNS];
    for (size_t c = 0; c < N_COLUMNS; c++) {
        bool is_run = c == 0, is_why = c == N_COLUMNS - 1;
        bool is_shown = view == PLAN_COSTS || (view == PLAN_WHY && (is_run || is_why));
        column[c] = cell_column[c];
        column[c].heading = is_shown ? column[c].heading : NULL;
        column[c].rank = view == PLAN_WHY ? 0 : column[c].rank;
    }
    AnswerNode *table = answer_table(top, "cells", NULL, column, N_COLUMNS);
    answer_table_rows(table, p->n_cells, make_cell, rows);
}

static void make_retired(void *ctx, size_t i, Value *v)
{
    PlanRows *rows = ctx;
    const PlanRetired *x = &rows->plan->retired[i];
    hash_hex(x->run->sha256, SHA256_BYTES, rows->hash);
    const Value row[] = {value_text(x->run->name), value_text(rows->hash), value_text(x->run->dir),
                         value_text(x->run->state), value_text(x->why)};
    memcpy(v, row, sizeof row);
}

static void add_retired(const Plan *p, PlanView view, AnswerNode *top, PlanRows *rows)
{
    static const Column plain[] = {{"run"}, {"id"}, {"dir"}, {"state"}, {"why"}};
    static const Column shown[] = {{"run", "run"},
                                   {"id"},
                                   {"dir"},
                                   {"state", "state", .rank = 1},
                                   {"why", "why", .is_prose = true}};
    const bool is_shown = view == PLAN_WHY;
    AnswerNode *table = answer_table(top, "retired", is_shown ? "Retired" : NULL,
                                     is_shown ? shown : COLUMNS(plain));
    answer_table_rows(table, p->n_retired, make_retired, rows);
}

void plan_answer(const Plan *p, const Study *study, PlanView view, AnswerNode *top, PlanRows *rows)
{
    *rows = (PlanRows){.plan = p, .study = study, .answer = top->answer};
    answer_set(top, "study", value_text(study->name));
    answer_set(top, "runs", value_size(p->n_cells));
    answer_set(top, "checkpoints", value_count(p->checkpoints));
    answer_set(top, "tokens", value_count(p->tokens));
    AnswerNode *flops = answer_object(top, "flops");
    answer_set(flops, "6nd", value_real(p->flops.six_nd));
    answer_set(flops, "exact", value_real(p->flops.exact));
    answer_set(flops, "paper", value_real(p->flops.paper));
    answer_set(top, "disk_bytes", value_count(p->disk_bytes));
    answer_set(top, "seconds", value_real(p->seconds));
    answer_set(top, "memory_bytes",
               p->memory_bytes > 0 ? value_count(p->memory_bytes) : value_none());
    answer_set(top, "todo", value_size(p->n_todo));
    add_cells(p, view, top, rows);
    add_retired(p, view, top, rows);
}

void plan_rows_release(PlanRows *rows)
{
    buf_release(&rows->axes);
}
