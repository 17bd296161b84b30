#include "analysis/report/provenance.h"

#include <string.h>

#include "common/json.h"

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

/* The loss as --loss takes it; null: each law's own. */
static json_t *loss_option(const ReportPlan *p)
{
    if (!p->has_loss) {
        return json_null();
    }
    char delta[32], over[32];
    const char *name = fit_loss_name(p->loss.kind);
    json_number_text(p->loss.delta, delta);
    json_number_text(p->loss.over, over);
    switch (p->loss.kind) {
    case FIT_HUBER:
        return json_sprintf("%s:%s", name, delta);
    case FIT_ASYMMETRIC:
        return json_sprintf("%s:%s:%s", name, over, delta);
    case FIT_MSE:
    case FIT_L1:
        break;
    }
    return json_string(name);
}

json_t *provenance_options(const Provenance *p)
{
    const ReportPlan *plan = p->plan;
    const ObsOptions *rows = p->selected;
    json_t *laws = json_array(), *fix = json_object(), *share = json_array(), *at = json_array();
    const char *residual = !plan->has_residual ? NULL : plan->residual == FIT_LOG ? "log" : "raw";
    for (size_t i = 0; i < plan->n_laws; i++) {
        (void)json_array_append_new(laws, json_string(plan->law[i]->name));
    }
    for (size_t i = 0; i < plan->n_fix; i++) {
        (void)json_object_set_new(fix, plan->fix[i].name, json_real(plan->fix[i].value));
    }
    for (size_t i = 0; i < plan->n_share; i++) {
        (void)json_array_append_new(share, json_string(plan->share[i]));
    }
    for (size_t i = 0; i < plan->n_at; i++) {
        (void)json_array_append_new(at, json_real(plan->at[i]));
    }
    const struct {
        const char *key;
        json_t *value;
    } option[] = {{"law", laws},
                  {"loss", loss_option(plan)},
                  {"residual", text_or_null(residual)},
                  {"fix", fix},
                  {"share", share},
                  {"at_flops", at},
                  {"starts", json_integer((json_int_t)plan->starts)},
                  {"bootstrap", json_integer((json_int_t)plan->bootstrap)},
                  {"resample", json_string(fit_resampling_name(plan->resampling))},
                  {"intervals", json_boolean(plan->has_all_intervals)},
                  {"isoflop", json_boolean(plan->has_isoflop)},
                  {"window", json_integer((json_int_t)plan->isoflop_window)},
                  {"threads", json_integer((json_int_t)plan->threads)},
                  {"by", text_or_null(rows->by)},
                  {"where", json_texts(rows->where, rows->n_where)},
                  {"map", json_texts(rows->map, rows->n_map)},
                  {"best_per", text_or_null(rows->best_per)},
                  {"task", text_or_null(rows->task)},
                  {"final_only", json_boolean(rows->is_final_only)},
                  {"min_tokens", json_real(rows->min_tokens)},
                  {"skip_fraction", json_real(rows->skip_fraction)},
                  {"convention", json_string(obs_convention_name(p->obs->convention))}};
    json_t *options = json_object();
    for (size_t i = 0; i < sizeof option / sizeof option[0]; i++) {
        (void)json_object_set_new(options, option[i].key, option[i].value);
    }
    return options;
}

void provenance_answer(const Provenance *p, json_t *options, AnswerNode *top)
{
    const Obs *o = p->obs;
    const Frame *f = &p->source->frame;
    answer_set_all(top, "source version seed", value_text(p->path), value_text(SLAW_VERSION),
                   value_count((int64_t)p->plan->seed));
    answer_set_all(answer_object(top, "rows"), "read used where other_tasks diverged early worse",
                   value_size(o->n_read), value_size(o->n_used), value_size(o->n_where),
                   value_size(o->n_task), value_size(o->n_diverged), value_size(o->n_early),
                   value_size(o->n_worse));
    answer_set_all(answer_object(top, "input"), "sha256 of rows", value_text(f->digest),
                   value_text(p->source->is_study ? "observations" : "file"),
                   value_size(f->n_rows));
    answer_set_json(top, "options", options);
}

/* ---- the command ---- */

/* As one word of a POSIX shell. */
static void put_word(Buf *out, const char *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "._/:,+=@%-";
    buf_putc(out, ' ');
    if (*s && strspn(s, plain) == strlen(s)) {
        buf_puts(out, s);
        return;
    }
    buf_putc(out, '\'');
    for (; *s; s++) {
        buf_puts(out, *s == '\'' ? "'\\'" : "");
        buf_putc(out, *s);
    }
    buf_putc(out, '\'');
}

static void put_option(const char *key, const char *value, Buf *out)
{
    buf_puts(out, " --");
    for (; *key; key++) {
        buf_putc(out, (char)(*key == '_' ? '-' : *key));
    }
    if (value) {
        put_word(out, value);
    }
}

/* An option of "options"; nothing where the default stands: null, false, 0 or an empty list. */
static void put_options(const char *key, const json_t *v, Buf *out)
{
    bool is_repeated = strcmp(key, "where") == 0 || strcmp(key, "map") == 0;
    const char *name;
    json_t *x;
    Buf text = BUF_INIT;
    json_object_foreach(json_for_iteration(v), name, x)
    {
        buf_clear(&text);
        buf_printf(&text, "%s=", name);
        json_plain_text(x, &text);
        put_option(key, buf_str(&text), out);
    }
    buf_clear(&text);
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (is_repeated) {
            put_option(key, json_string_value(json_array_get(v, i)), out);
        } else {
            buf_puts(&text, i ? "," : "");
            json_plain_text(json_array_get(v, i), &text);
        }
    }
    if (json_is_string(v) ||
        (json_is_number(v) && (json_number_value(v) != 0.0 || strcmp(key, "bootstrap") == 0))) {
        json_plain_text(v, &text);
    }
    if (text.len || json_is_true(v)) {
        put_option(key, text.len ? buf_str(&text) : NULL, out);
    }
    out->is_short = out->is_short || text.is_short;
    buf_release(&text);
}

void provenance_command(const json_t *head, const char *verb, Buf *out)
{
    const char *key;
    json_t *v;
    buf_printf(out, "slaw %s", verb);
    put_word(out, json_string_value(json_object_get(head, "source")));
    json_object_foreach(json_object_get(head, "options"), key, v)
    {
        put_options(key, v, out);
    }
    buf_printf(out, " --seed %" JSON_INTEGER_FORMAT,
               json_integer_value(json_object_get(head, "seed")));
}
