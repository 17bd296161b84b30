/* Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/fit_answer.h"
#include "analysis/use/explain.h"
#include "analysis/use/use_answer.h"

enum { MAX_COLUMNS = 40 };

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])

static const char bootstrap[] = "bootstrap";

static const struct {
    const char *name;
    ApproachPart part;
} constant[] = {{"a", APPROACH_A}, {"b", APPROACH_B}, {"k_N", APPROACH_K_N}, {"k_D", APPROACH_K_D}};

UseApproaches use_approaches(AnswerNode *top)
{
    static const Column column[] = {{"group"}, {"approach"}, {"method"}, {"name"}, {"C"},
                                    {"value"}, {"lo"},       {"hi"},     {"bias"}, {"corrected"}};
    AnswerNode *lines = answer_table(top, NULL, NULL, column, COUNT_OF(column));
    answer_table_use(lines, TABLE_FOR_CSV);
    return (UseApproaches){answer_list(top, "approaches"), lines};
}

static Value bias_value(const Approach *r, const double *of, size_t part)
{
    return value_real(r->has_bias ? of[part] : (double)NAN);
}

/* A number of one approach in the long table. */
static void approach_line(AnswerNode *lines, const UseFit *f, const Approach *r, const char *name,
                          size_t part, double c)
{
    answer_row(lines, value_text(f->group->name), value_text(approach_number(r->kind)),
               value_text(approach_name(r->kind)), value_text(name), value_real(c),
               value_real(r->value[part]), value_real(r->interval[part].lo),
               value_real(r->interval[part].hi), bias_value(r, r->bias, part),
               bias_value(r, r->corrected, part));
}

static void approach_lines(AnswerNode *lines, const UseFit *f, const Approach *r,
                           const Approaches *all)
{
    for (size_t i = 0; i < COUNT_OF(constant); i++) {
        approach_line(lines, f, r, constant[i].name, constant[i].part, (double)NAN);
    }
    for (size_t i = 0; i < all->n_at; i++) {
        approach_line(lines, f, r, "N_opt", APPROACH_N_OPT + i, all->at[i]);
        approach_line(lines, f, r, "D_opt", APPROACH_D_OPT + i, all->at[i]);
    }
}

/* The table of a group; for people the N_opt of every C stand in it. */
static AnswerNode *approaches_table(AnswerNode *in, const UseFit *f, const Approaches *all)
{
    static const Column head[] = {
        {"approach", "approach"},
        {"method", "method"},
        {"a", "a", .is_symbol = true, .help = "of N_opt = k_N C^a, C in FLOP"},
        {"b", "b", .rank = 3, .is_symbol = true, .help = "of D_opt = k_D C^b"},
        {"k_N", "k_N", .rank = 4, .is_symbol = true},
        {"k_D"}};
    static const Column tail[] = {
        {"bias.a", "bias of a", .rank = 2,
         .help =
             "what the approach finds without noise on the fitted law at the same N and D, less "
             "the law's own a"},
        {"bias.b"},
        {"bias.k_N"},
        {"bias.k_D"},
        {.heading = "of N_opt", .rank = 2, .help = "the same over the law's own N_opt"},
        {"a_corrected", "a corrected", .rank = 2}};
    Column column[MAX_COLUMNS];
    char name[APPROACH_MAX_AT][NUMBER_TEXT_BYTES + 16], c[NUMBER_TEXT_BYTES], title[256];
    size_t n = COUNT_OF(head);
    memcpy(column, head, sizeof head);
    for (size_t i = 0; i < all->n_at; i++) {
        (void)snprintf(name[i], sizeof name[i], "N_opt(%s)",
                       number_text(all->at[i], NUMBER_DIGITS, 4, c));
        column[n++] = (Column){
            .heading = name[i], .format = NUMBER_QUANTITY, .rank = i ? 1 : 0, .is_symbol = true};
    }
    memcpy(column + n, tail, sizeof tail);
    n += COUNT_OF(tail);
    (void)snprintf(title, sizeof title, "Approaches: %s", f->group->name);
    AnswerNode *table = answer_table(in, "approaches", title, column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    return table;
}

/* N_opt and D_opt at every C. */
static void ats_answer(AnswerNode *row, const Approach *r, const Approaches *all)
{
    AnswerNode *list = answer_list(row, "at");
    for (size_t i = 0; i < all->n_at; i++) {
        const size_t n_opt = APPROACH_N_OPT + i, d_opt = APPROACH_D_OPT + i;
        const Interval of_n = fit_interval(&r->interval[n_opt], bootstrap);
        const Interval of_d = fit_interval(&r->interval[d_opt], bootstrap);
        AnswerNode *o = answer_object(list, NULL);
        answer_set_all(o, "C N_opt D_opt", value_real(all->at[i]), value_real(r->value[n_opt]),
                       value_real(r->value[d_opt]));
        AnswerNode *intervals = answer_object(o, "intervals");
        interval_answer(intervals, "N_opt", &of_n);
        interval_answer(intervals, "D_opt", &of_d);
        if (r->has_bias) {
            answer_set_all(o, "bias N_opt_corrected", value_real(r->bias[n_opt]),
                           value_real(r->corrected[n_opt]));
        }
    }
}

static void approach_row(AnswerNode *table, const Approach *r, const Approaches *all)
{
    Interval interval[APPROACH_PARTS];
    Value x[MAX_COLUMNS] = {value_text(approach_number(r->kind)),
                            value_text(approach_name(r->kind))};
    size_t n = 2;
    for (size_t p = 0; p < APPROACH_PARTS; p++) {
        interval[p] = fit_interval(&r->interval[p], bootstrap);
    }
    for (size_t i = 0; i < COUNT_OF(constant); i++) {
        x[n++] = value_between(r->value[constant[i].part], &interval[constant[i].part]);
    }
    for (size_t i = 0; i < all->n_at; i++) {
        x[n++] = value_between(r->value[APPROACH_N_OPT + i], &interval[APPROACH_N_OPT + i]);
    }
    for (size_t i = 0; i < COUNT_OF(constant); i++) {
        x[n++] = bias_value(r, r->bias, constant[i].part);
    }
    x[n++] = bias_value(r, r->bias, APPROACH_N_OPT + all->n_at - 1);
    x[n++] = bias_value(r, r->corrected, APPROACH_A);
    for (size_t i = 2; r->is_refused && i < n; i++) {
        x[i] = value_none();
    }
    AnswerNode *row = answer_row_of(table, x, n);
    if (r->is_refused) {
        answer_set(row, "reason", value_text(r->refusal.msg));
        return;
    }
    answer_set_all(row, "points replicates failed", value_size(r->points),
                   value_size(r->replicates), value_size(r->failed));
    ats_answer(row, r, all);
}

void use_approach(const UseApproaches *to, const UseFit *f, const Approaches *all)
{
    AnswerNode *o = answer_object(to->list, NULL);
    answer_set_all(o, "group law", value_text(f->group->name), value_text(f->form->name));
    AnswerNode *table = approaches_table(o, f, all);
    for (size_t i = 0; i < APPROACH_NAMES; i++) {
        const Approach *r = &all->by[i];
        approach_row(table, r, all);
        if (!r->is_refused) {
            approach_lines(to->lines, f, r, all);
        } else if (r->refusal.msg[0]) {
            answer_say(o, NULL, SAY_NOTE, "Approach %s has no answer: %s.",
                       approach_number(r->kind), r->refusal.msg);
        }
    }
    explain_approaches(all, answer_list(o, "disagreements"));
}
