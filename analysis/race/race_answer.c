/* A race as an answer.  Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/race/race.h"

enum { MAX_COLUMNS = RACE_MAX_GROUPS + 6 };

/* Of the time the unit is the race's. */
static const struct {
    const char *title;
    Column at;
} axis_of[] = {[RACE_TIME] = {"training time", {"at", "time", NULL, NUMBER_DURATION}},
               [RACE_COMPUTE] = {"training compute", {"at", "C", "FLOP", .is_symbol = true}},
               [RACE_TOKENS] = {"training tokens", {"at", "D", "tokens", .is_symbol = true}}};

static Value group_name(const Race *r, size_t g)
{
    return value_text(g < r->n_groups ? r->group[g].name : NULL);
}

/* "At equal training time llama is best in 5 of 6 classes, beyond the interval in 3." */
static void sentence(const Race *r, RaceAxis axis, AnswerNode *top)
{
    size_t n = 0, wins[RACE_MAX_GROUPS] = {0}, sure[RACE_MAX_GROUPS] = {0}, most = 0;
    bool has_interval = false;
    for (size_t k = 0; k < r->n_classes[axis]; k++) {
        const RaceClass *c = &r->class[axis][k];
        if (c->second < r->n_groups) {
            n++;
            wins[c->best]++;
            sure[c->best] += c->lo > 0.0 ? 1 : 0;
            has_interval = has_interval || isfinite(c->lo);
        }
    }
    if (n == 0) {
        answer_say(top, NULL, SAY_VERDICT, "No two groups meet at equal %s.", axis_of[axis].title);
        return;
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        most = wins[g] > wins[most] ? g : most;
    }
    char noise[80] = "; nothing says how large the noise is";
    if (has_interval) {
        (void)snprintf(noise, sizeof noise, ", in %zu by more than the noise (95 %%)", sure[most]);
    }
    answer_say(top, NULL, SAY_VERDICT, "At equal %s %s is best in %zu of %zu classes%s.",
               axis_of[axis].title, r->group[most].name, wins[most], n, noise);
}

/* A class: its row for people and JSON, and a row of CSV for each group. */
static void class_row(const Race *r, RaceAxis axis, const RaceClass *c, AnswerNode *table,
                      AnswerNode *csv)
{
    /* of the difference to the second; the standard error is not kept apart */
    const Interval lead = {.se = (double)NAN, .lo = c->lo, .hi = c->hi, .method = "t"};
    Value v[MAX_COLUMNS] = {value_real(c->at)};
    size_t n = 1;
    for (size_t g = 0; g < r->n_groups; g++) {
        v[n++] = value_real(c->entry[g].value);
    }
    v[n++] = value_toned(group_name(r, c->best), c->lo > 0.0 ? TONE_GOOD : TONE_PLAIN);
    v[n++] = group_name(r, c->second);
    v[n++] = value_real(c->difference);
    v[n++] = value_real(c->best < r->n_groups ? c->entry[c->best].n : (double)NAN);
    v[n++] = value_between(c->difference, &lead);
    AnswerNode *row = answer_row_of(table, v, n);
    answer_set_interval(row, "interval", &lead);
    AnswerNode *groups = answer_list(row, "groups");
    for (size_t g = 0; g < r->n_groups; g++) {
        const RaceEntry *e = &c->entry[g];
        const Value name = group_name(r, g), value = value_real(e->value), at_n = value_real(e->n);
        const Value se = value_real(e->se * e->value), runs = value_size(e->runs);
        answer_set_all(answer_object(groups, NULL), "group value N runs se", name, value, at_n,
                       runs, se);
        answer_row(csv, value_text(race_axis_name(axis)), v[0], name, value, se, at_n, runs,
                   value_bool(g == c->best));
    }
}

/* A row a class, for people with a column a group. */
static void classes_table(const Race *r, RaceAxis axis, AnswerNode *axes, AnswerNode *csv)
{
    static const Column last[] = {
        {"best", "best"},
        {"second"},
        {"difference"},
        {NULL, "its N", NULL, NUMBER_QUANTITY, .rank = 1},
        {NULL, "ahead by", NULL, NUMBER_FIXED, .help = "of the second, with the 95 % interval"}};
    Column column[MAX_COLUMNS] = {axis_of[axis].at};
    char title[64], help[128];
    column[0].unit = axis == RACE_TIME ? r->time_unit : column[0].unit;
    (void)snprintf(title, sizeof title, "At equal %s", axis_of[axis].title);
    (void)snprintf(help, sizeof help, "%s of the group at its best N", r->response);
    for (size_t g = 0; g < r->n_groups; g++) {
        column[1 + g] = (Column){.heading = r->group[g].name, .format = NUMBER_FIXED};
    }
    column[1].help = help;
    memcpy(column + 1 + r->n_groups, last, sizeof last);
    AnswerNode *one = answer_object(axes, NULL);
    answer_set_all(one, "axis unit", value_text(race_axis_name(axis)), value_text(column[0].unit));
    AnswerNode *table =
        answer_table(one, "classes", title, column, r->n_groups + MAX_COLUMNS - RACE_MAX_GROUPS);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < r->n_classes[axis]; k++) {
        class_row(r, axis, &r->class[axis][k], table, csv);
    }
}

static void groups_table(const Race *r, AnswerNode *top)
{
    static const char *const name[] = {"none", "seeds", "law"};
    static const char *const source[] = {
        [RACE_NO_NOISE] = "unknown: no size has two runs, and they determine no law",
        [RACE_SEEDS] = "between runs of one size",
        [RACE_LAW] = "of the points about the group's law; no size has two runs"};
    static const Column column[] = {
        {"group", "group"},
        {"n", "points", .rank = 1},
        {"without_time", "without a time", .rank = 2},
        {"noise"},
        {"sigma_log", "noise", "%", .format = NUMBER_PERCENT, .digits = 3},
        {.heading = "estimated", .is_prose = true},
    };
    AnswerNode *table = answer_table(top, "groups", "Noise of a run", COLUMNS(column));
    for (size_t g = 0; g < r->n_groups; g++) {
        const RaceGroup *group = &r->group[g];
        answer_row(table, value_text(group->name), value_size(group->n),
                   value_size(group->n_untimed), value_text(name[group->noise]),
                   value_real(group->noise ? group->sigma : (double)NAN),
                   value_text(source[group->noise]));
    }
}

static void speeds_table(const Race *r, AnswerNode *top)
{
    char unit[64];
    (void)snprintf(unit, sizeof unit, "tokens per %s",
                   r->time_unit[0] == 'c' ? "core-second" : "second");
    const Column column[] = {
        {"group", "group"},
        {"N", "N", .format = NUMBER_QUANTITY, .is_symbol = true},
        {"runs", "runs", .rank = 1},
        {"tokens_per_s", "speed", .unit = unit},
    };
    AnswerNode *table = answer_table(top, "speeds", "Speed", COLUMNS(column));
    for (size_t k = 0; k < r->n_speeds; k++) {
        const RaceSpeed *s = &r->speed[k];
        answer_row(table, group_name(r, s->group), value_real(s->n), value_size(s->runs),
                   value_real(s->tokens_per_s));
    }
}

void race_answer(const Race *r, AnswerNode *top)
{
    static const Column column[] = {{"axis"}, {"at"}, {"group"}, {"value"},
                                    {"se"},   {"N"},  {"runs"},  {"is_best"}};
    answer_set(top, "response", value_text(r->response));
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        sentence(r, (RaceAxis)axis, top);
    }
    AnswerNode *csv = answer_table(top, NULL, NULL, COLUMNS(column));
    AnswerNode *axes = answer_list(top, "axes");
    answer_table_use(csv, TABLE_FOR_CSV);
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        classes_table(r, (RaceAxis)axis, axes, csv);
    }
    groups_table(r, top);
    speeds_table(r, top);
}
