/* A race as text and JSON.  Field names are a contract: docs/equal-time.md. */
#include <math.h>
#include <stdio.h>

#include "analysis/race/race.h"

enum { MAX_COLUMNS = RACE_MAX_GROUPS + 4 };

static const char *const axis_title[] = {[RACE_TIME] = "training time",
                                         [RACE_COMPUTE] = "training compute",
                                         [RACE_TOKENS] = "training tokens"};

/* ---- text ---- */

static void class_text(RaceAxis axis, double x, char out[32])
{
    if (axis != RACE_TIME) {
        (void)snprintf(out, 32, "%.4g", x);
    } else if (x >= 3600.0) {
        (void)snprintf(out, 32, "%.4g h", x / 3600.0);
    } else if (x >= 60.0) {
        (void)snprintf(out, 32, "%.4g min", x / 60.0);
    } else {
        (void)snprintf(out, 32, "%.4g s", x);
    }
}

static bool has_second(const Race *r, const RaceClass *c)
{
    return c->second < r->n_groups;
}

/* "At equal training time llama is best in 5 of 6 classes, beyond the interval in 3." */
static void sentence(const Race *r, RaceAxis axis, Buf *out)
{
    size_t n = 0, wins[RACE_MAX_GROUPS] = {0}, sure[RACE_MAX_GROUPS] = {0}, most = 0;
    bool has_interval = false;
    for (size_t k = 0; k < r->n_classes[axis]; k++) {
        const RaceClass *c = &r->class[axis][k];
        if (has_second(r, c)) {
            n++;
            wins[c->best]++;
            sure[c->best] += c->lo > 0.0 ? 1 : 0;
            has_interval = has_interval || isfinite(c->lo);
        }
    }
    if (n == 0) {
        buf_printf(out, "No two groups meet at equal %s.\n", axis_title[axis]);
        return;
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        most = wins[g] > wins[most] ? g : most;
    }
    buf_printf(out, "At equal %s %s is best in %zu of %zu classes", axis_title[axis],
               r->group[most].name, wins[most], n);
    if (has_interval) {
        buf_printf(out, ", in %zu by more than the noise (95 %%).\n", sure[most]);
    } else {
        buf_puts(out, "; nothing says how large the noise is.\n");
    }
}

static ErrCode classes_table(const Race *r, RaceAxis axis, TableFormat format, Buf *out, Err *err)
{
    TableColumn column[MAX_COLUMNS];
    size_t n = 0;
    column[n++] = (TableColumn){axis == RACE_TIME      ? r->time_unit
                                : axis == RACE_COMPUTE ? "C [FLOP]"
                                                       : "D [tokens]",
                                true};
    for (size_t g = 0; g < r->n_groups; g++) {
        column[n++] = (TableColumn){r->group[g].name, true};
    }
    column[n++] = (TableColumn){"best", false};
    column[n++] = (TableColumn){"ahead by", true};
    column[n++] = (TableColumn){"95 %", false};
    Table t;
    table_init(&t, column, n);
    for (size_t k = 0; k < r->n_classes[axis]; k++) {
        const RaceClass *c = &r->class[axis][k];
        char shown[64], full[40];
        class_text(axis, c->at, shown);
        (void)snprintf(full, sizeof full, "%.17g", c->at);
        table_both(&t, shown, full);
        for (size_t g = 0; g < r->n_groups; g++) {
            const RaceEntry *e = &c->entry[g];
            shown[0] = full[0] = '\0';
            if (isfinite(e->value)) {
                (void)snprintf(shown, sizeof shown, "%.4f (N %.3g)", e->value, e->n);
                (void)snprintf(full, sizeof full, "%.17g", e->value);
            }
            table_both(&t, shown, full);
        }
        table_text(&t, c->best < r->n_groups ? r->group[c->best].name : "");
        table_decimals(&t, 4, c->difference);
        shown[0] = '\0';
        if (isfinite(c->lo)) {
            (void)snprintf(shown, sizeof shown, "[%.4f, %.4f]%s", c->lo, c->hi,
                           c->lo > 0.0 ? " *" : "");
        }
        table_text(&t, shown);
    }
    ErrCode rc = table_print(&t, format, out, err);
    table_release(&t);
    return rc;
}

static ErrCode speed_table(const Race *r, TableFormat format, Buf *out, Err *err)
{
    char unit[64];
    (void)snprintf(unit, sizeof unit, "tokens per %s",
                   r->time_unit[0] == 'c' ? "core-second" : "second");
    const TableColumn column[] = {{"group", false}, {"N", true}, {"runs", true}, {unit, true}};
    Table t;
    table_init(&t, column, 4);
    for (size_t k = 0; k < r->n_speeds; k++) {
        table_text(&t, r->group[r->speed[k].group].name);
        table_digits(&t, 4, r->speed[k].n);
        table_digits(&t, 9, (double)r->speed[k].runs);
        table_digits(&t, 4, r->speed[k].tokens_per_s);
    }
    ErrCode rc = table_print(&t, format, out, err);
    table_release(&t);
    return rc;
}

static void noise_text(const Race *r, Buf *out)
{
    buf_puts(out, "\nValues: ");
    buf_printf(
        out,
        "%s of each group's best N, interpolated along its runs.  * the interval excludes 0.\n",
        r->response);
    for (size_t g = 0; g < r->n_groups; g++) {
        const RaceGroup *group = &r->group[g];
        static const char *const source[] = {
            [RACE_NO_NOISE] = "unknown: no size has two runs, and they determine no law",
            [RACE_SEEDS] = "between runs of one size",
            [RACE_LAW] = "of the points about the group's law; no size has two runs"};
        buf_printf(out, "  %s: ", group->name);
        if (group->noise != RACE_NO_NOISE) {
            buf_printf(out, "noise %.3g %%, ", 100.0 * group->sigma);
        } else {
            buf_puts(out, "noise ");
        }
        buf_puts(out, source[group->noise]);
        if (group->n_untimed > 0) {
            buf_printf(out, "; %zu observations without a time left out", group->n_untimed);
        }
        buf_putc(out, '\n');
    }
}

static void heading(const char *text, const char *what, TableFormat format, Buf *out)
{
    if (format != TABLE_CSV) {
        buf_printf(out, "\n%s%s%s\n%s", format == TABLE_MARKDOWN ? "## " : "", text, what,
                   format == TABLE_MARKDOWN ? "\n" : "");
    }
}

ErrCode race_text(const Race *r, TableFormat format, Buf *out, Err *err)
{
    ErrCode rc = ERR_OK;
    if (format == TABLE_CSV) { /* one table: by time */
        return classes_table(r, RACE_TIME, format, out, err);
    }
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        sentence(r, (RaceAxis)axis, out);
    }
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        heading("At equal ", axis_title[axis], format, out);
        TRY(classes_table(r, (RaceAxis)axis, format, out, err));
    }
    noise_text(r, out);
    heading("Speed", "", format, out);
    TRY(speed_table(r, format, out, err));
done:
    return rc;
}

/* ---- JSON ---- */

static void set_real(json_t *obj, const char *key, double x)
{
    (void)json_object_set_new(obj, key, isfinite(x) ? json_real(x) : json_null());
}

static void set_count(json_t *obj, const char *key, size_t n)
{
    (void)json_object_set_new(obj, key, json_integer((json_int_t)n));
}

static void set_group(json_t *obj, const char *key, const Race *r, size_t g)
{
    (void)json_object_set_new(obj, key,
                              g < r->n_groups ? json_string(r->group[g].name) : json_null());
}

static json_t *class_json(const Race *r, const RaceClass *c)
{
    json_t *o = json_object(), *groups = json_array();
    set_real(o, "at", c->at);
    set_group(o, "best", r, c->best);
    set_group(o, "second", r, c->second);
    set_real(o, "difference", c->difference);
    set_real(o, "lo", c->lo);
    set_real(o, "hi", c->hi);
    for (size_t g = 0; g < r->n_groups; g++) {
        json_t *one = json_object();
        set_group(one, "group", r, g);
        set_real(one, "value", c->entry[g].value);
        set_real(one, "N", c->entry[g].n);
        set_count(one, "runs", c->entry[g].runs);
        set_real(one, "se", c->entry[g].se * c->entry[g].value);
        (void)json_array_append_new(groups, one);
    }
    (void)json_object_set_new(o, "groups", groups);
    return o;
}

json_t *race_json(const Race *r)
{
    static const char *const unit[] = {[RACE_COMPUTE] = "FLOP", [RACE_TOKENS] = "tokens"};
    static const char *const noise[] = {"none", "seeds", "law"};
    json_t *o = json_object(), *axes = json_array(), *speeds = json_array(), *groups = json_array();
    set_count(o, "schema", 1);
    (void)json_object_set_new(o, "response", json_string(r->response));
    for (int axis = 0; axis < RACE_N_AXES; axis++) {
        json_t *one = json_object(), *classes = json_array();
        (void)json_object_set_new(one, "axis", json_string(race_axis_name((RaceAxis)axis)));
        (void)json_object_set_new(one, "unit",
                                  json_string(axis == RACE_TIME ? r->time_unit : unit[axis]));
        for (size_t k = 0; k < r->n_classes[axis]; k++) {
            (void)json_array_append_new(classes, class_json(r, &r->class[axis][k]));
        }
        (void)json_object_set_new(one, "classes", classes);
        (void)json_array_append_new(axes, one);
    }
    for (size_t g = 0; g < r->n_groups; g++) {
        json_t *one = json_object();
        set_group(one, "group", r, g);
        set_count(one, "n", r->group[g].n);
        set_count(one, "without_time", r->group[g].n_untimed);
        (void)json_object_set_new(one, "noise", json_string(noise[r->group[g].noise]));
        set_real(one, "sigma_log", r->group[g].noise ? r->group[g].sigma : (double)NAN);
        (void)json_array_append_new(groups, one);
    }
    for (size_t k = 0; k < r->n_speeds; k++) {
        json_t *one = json_object();
        set_group(one, "group", r, r->speed[k].group);
        set_real(one, "N", r->speed[k].n);
        set_count(one, "runs", r->speed[k].runs);
        set_real(one, "tokens_per_s", r->speed[k].tokens_per_s);
        (void)json_array_append_new(speeds, one);
    }
    (void)json_object_set_new(o, "groups", groups);
    (void)json_object_set_new(o, "axes", axes);
    (void)json_object_set_new(o, "speeds", speeds);
    return o;
}
