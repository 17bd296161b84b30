/* A race as an answer.  Field names are a contract: docs/json.md. */
#include <math.h>
#include <stdio.h>

#include "analysis/race/race.h"

enum { MAX_COLUMNS = RACE_MAX_GROUPS + 4 };

static const char *const axis_title[] = {[RACE_TIME] = "training time",
                                         [RACE_COMPUTE] = "training compute",
                                         [RACE_TOKENS] = "training tokens"};

static const char *axis_unit(const Race *r, RaceAxis axis)
{
    return axis == RACE_TIME ? r->time_unit : axis == RACE_COMPUTE ? "FLOP" : "tokens";
}

static Value group_name(const Race *r, size_t g)
{
    return value_text(g < r->n_groups ? r->group[g].name : NULL);
}

/* Of the difference to the second; the standard error is not kept apart. */
static Interval lead_of(const RaceClass *c)
{
    return (Interval){.se = (double)NAN, .lo = c->lo, .hi = c->hi, .method = "t"};
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
        answer_say(top, NULL, SAY_VERDICT, "No two groups meet at equal %s.", axis_title[axis]);
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
               axis_title[axis], r->group[most].name, wins[most], n, noise);
}

/* For people: a row a class, a column a group. */
static void classes_table(const Race *r, RaceAxis axis, AnswerNode *top)
{
    Column column[MAX_COLUMNS] = {0};
    char title[64], help[128];
    size_t n = 0;
    (void)snprintf(title, sizeof title, "At equal %s", axis_title[axis]);
    (void)snprintf(help, sizeof help, "%s of the group at its best N", r->response);
    column[n++] = axis == RACE_TIME
                      ? (Column){.heading = "time", .unit = r->time_unit, .format = NUMBER_DURATION}
                      : (Column){.heading = axis == RACE_COMPUTE ? "C" : "D",
                                 .unit = axis_unit(r, axis),
                                 .is_symbol = true};
    for (size_t g = 0; g < r->n_groups; g++) {
        column[n++] = (Column){.heading = r->group[g].name, .format = NUMBER_FIXED};
    }
    column[1].help = help;
    column[n++] = (Column){.heading = "best"};
    column[n++] = (Column){.heading = "its N", .format = NUMBER_QUANTITY, .rank = 1};
    column[n++] = (Column){.heading = "ahead by",
                           .format = NUMBER_FIXED,
                           .help = "of the second, with the 95 % interval"};
    AnswerNode *table = answer_table(top, NULL, title, column, n);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    for (size_t k = 0; k < r->n_classes[axis]; k++) {
        const RaceClass *c = &r->class[axis][k];
        const Interval lead = lead_of(c);
        Value v[MAX_COLUMNS];
        v[0] = value_real(c->at);
        for (size_t g = 0; g < r->n_groups; g++) {
            v[g + 1] = value_real(c->entry[g].value);
        }
        v[n - 3] = value_toned(group_name(r, c->best), c->lo > 0.0 ? TONE_GOOD : TONE_PLAIN);
        v[n - 2] = value_real(c->best < r->n_groups ? c->entry[c->best].n : (double)NAN);
        v[n - 1] = value_between(c->difference, &lead);
        (void)answer_row_of(table, v, n);
    }
}

/* For CSV: a row a class and a group. */
static void long_table(const Race *r, AnswerNode *top)
{
    static const Column column[] = {{"axis"}, {"at"}, {"group"}, {"value"},
                                    {"se"},   {"N"},  {"runs"},  {"is_best"}};
    AnswerNode *table = answer_table(top, NULL, NULL, COLUMNS(column));
    answer_table_use(table, TABLE_FOR_CSV);
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        for (size_t k = 0; k < r->n_classes[axis]; k++) {
            const RaceClass *c = &r->class[axis][k];
            for (size_t g = 0; g < r->n_groups; g++) {
                const RaceEntry *e = &c->entry[g];
                answer_row(table, value_text(race_axis_name((RaceAxis)axis)), value_real(c->at),
                           group_name(r, g), value_real(e->value), value_real(e->se * e->value),
                           value_real(e->n), value_size(e->runs), value_bool(g == c->best));
            }
        }
    }
}

static void class_json(const Race *r, const RaceClass *c, AnswerNode *classes)
{
    AnswerNode *o = answer_object(classes, NULL);
    const Interval lead = lead_of(c);
    answer_set(o, "at", value_real(c->at));
    answer_set(o, "best", group_name(r, c->best));
    answer_set(o, "second", group_name(r, c->second));
    answer_set(o, "difference", value_real(c->difference));
    answer_set_interval(o, "interval", &lead);
    AnswerNode *groups = answer_list(o, "groups");
    for (size_t g = 0; g < r->n_groups; g++) {
        const RaceEntry *e = &c->entry[g];
        AnswerNode *one = answer_object(groups, NULL);
        answer_set(one, "group", group_name(r, g));
        answer_set(one, "value", value_real(e->value));
        answer_set(one, "N", value_real(e->n));
        answer_set(one, "runs", value_size(e->runs));
        answer_set(one, "se", value_real(e->se * e->value));
    }
}

static void axes_json(const Race *r, AnswerNode *top)
{
    AnswerNode *axes = answer_list(top, "axes");
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        AnswerNode *one = answer_object(axes, NULL);
        answer_set(one, "axis", value_text(race_axis_name((RaceAxis)axis)));
        answer_set(one, "unit", value_text(axis_unit(r, (RaceAxis)axis)));
        AnswerNode *classes = answer_list(one, "classes");
        for (size_t k = 0; k < r->n_classes[axis]; k++) {
            class_json(r, &r->class[axis][k], classes);
        }
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
    answer_set(top, "response", value_text(r->response));
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        sentence(r, (RaceAxis)axis, top);
    }
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        classes_table(r, (RaceAxis)axis, top);
    }
    long_table(r, top);
    axes_json(r, top);
    groups_table(r, top);
    speeds_table(r, top);
}
