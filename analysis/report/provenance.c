#include "analysis/report/provenance.h"

#include <string.h>

#include "common/json.h"

static void set(json_t *obj, const char *key, json_t *v)
{
    (void)json_object_set_new(obj, key, v);
}

static json_t *text_or_null(const char *s)
{
    return s ? json_string(s) : json_null();
}

static json_t *count(size_t n)
{
    return json_integer((json_int_t)n);
}

json_t *provenance_rows(const Obs *obs)
{
    json_t *rows = json_object();
    set(rows, "read", count(obs->n_read));
    set(rows, "used", count(obs->n_used));
    set(rows, "where", count(obs->n_where));
    set(rows, "other_tasks", count(obs->n_task));
    set(rows, "diverged", count(obs->n_diverged));
    set(rows, "early", count(obs->n_early));
    set(rows, "worse", count(obs->n_worse));
    return rows;
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

static void add_plan(json_t *o, const ReportPlan *p)
{
    json_t *laws = json_array(), *fix = json_object(), *share = json_array(), *at = json_array();
    for (size_t i = 0; i < p->n_laws; i++) {
        (void)json_array_append_new(laws, json_string(p->law[i]->name));
    }
    for (size_t i = 0; i < p->n_fix; i++) {
        set(fix, p->fix[i].name, json_real(p->fix[i].value));
    }
    for (size_t i = 0; i < p->n_share; i++) {
        (void)json_array_append_new(share, json_string(p->share[i]));
    }
    for (size_t i = 0; i < p->n_at; i++) {
        (void)json_array_append_new(at, json_real(p->at[i]));
    }
    set(o, "law", laws);
    set(o, "loss", loss_option(p));
    set(o, "residual",
        p->has_residual ? json_string(p->residual == FIT_LOG ? "log" : "raw") : json_null());
    set(o, "fix", fix);
    set(o, "share", share);
    set(o, "at_flops", at);
    set(o, "starts", count(p->starts));
    set(o, "bootstrap", count(p->bootstrap));
    set(o, "resample", json_string(fit_resampling_name(p->resampling)));
    set(o, "intervals", json_boolean(p->has_all_intervals));
    set(o, "isoflop", json_boolean(p->has_isoflop));
    set(o, "window", count(p->isoflop_window));
    set(o, "threads", count(p->threads));
}

static void add_selection(json_t *o, const ObsOptions *s)
{
    set(o, "by", text_or_null(s->by));
    set(o, "where", json_texts(s->where, s->n_where));
    set(o, "map", json_texts(s->map, s->n_map));
    set(o, "best_per", text_or_null(s->best_per));
    set(o, "task", text_or_null(s->task));
    set(o, "final_only", json_boolean(s->is_final_only));
    set(o, "min_tokens", json_real(s->min_tokens));
    set(o, "skip_fraction", json_real(s->skip_fraction));
}

static json_t *input_json(const ObsSource *s)
{
    json_t *input = json_object();
    set(input, "sha256", json_string(s->frame.digest));
    set(input, "of", json_string(s->is_study ? "observations" : "file"));
    set(input, "rows", count(s->frame.n_rows));
    return input;
}

ErrCode provenance_add(json_t *obj, const Provenance *p, Err *err)
{
    json_t *options = json_object();
    add_plan(options, p->plan);
    add_selection(options, p->selected);
    set(options, "convention", json_string(obs_convention_name(p->obs->convention)));
    set(obj, "source", json_string(p->path));
    set(obj, "version", json_string(SLAW_VERSION));
    set(obj, "seed", json_integer((json_int_t)p->plan->seed));
    set(obj, "rows", provenance_rows(p->obs));
    set(obj, "input", input_json(p->source));
    set(obj, "options", options);
    return json_object_get(obj, "input") && json_object_get(obj, "options")
               ? ERR_OK
               : err_nomem(err, "provenance");
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

static void put_option(Buf *out, const char *name, const char *value)
{
    if (value) {
        buf_printf(out, " --%s", name);
        put_word(out, value);
    }
}

static void put_number_option(Buf *out, const char *name, double x, double unless)
{
    char text[32];
    if (x != unless) {
        json_number_text(x, text);
        put_option(out, name, text);
    }
}

static void put_selection(const ObsOptions *s, Buf *out)
{
    put_option(out, "by", s->by);
    for (size_t i = 0; i < s->n_where; i++) {
        put_option(out, "where", s->where[i]);
    }
    for (size_t i = 0; i < s->n_map; i++) {
        put_option(out, "map", s->map[i]);
    }
    put_option(out, "best-per", s->best_per);
    put_option(out, "task", s->task && strcmp(s->task, "validation") != 0 ? s->task : NULL);
    buf_puts(out, s->is_final_only ? " --final-only" : "");
    put_number_option(out, "min-tokens", s->min_tokens, 0.0);
    put_number_option(out, "skip-fraction", s->skip_fraction, 0.0);
}

void provenance_command(const Provenance *p, const char *verb, Buf *out)
{
    const ReportPlan *plan = p->plan;
    Buf list = BUF_INIT;
    buf_printf(out, "slaw %s", verb);
    put_word(out, p->path);
    for (size_t i = 0; i < plan->n_laws; i++) {
        buf_printf(&list, "%s%s", i ? "," : "", plan->law[i]->name);
    }
    put_option(out, "law", buf_str(&list));
    json_t *loss = loss_option(plan);
    put_option(out, "loss", json_string_value(loss));
    json_decref(loss);
    put_option(out, "residual",
               !plan->has_residual         ? NULL
               : plan->residual == FIT_LOG ? "log"
                                           : "raw");
    for (size_t i = 0; i < plan->n_fix; i++) {
        char number[32];
        json_number_text(plan->fix[i].value, number);
        buf_clear(&list);
        buf_printf(&list, "%s=%s", plan->fix[i].name, number);
        put_option(out, "fix", buf_str(&list));
    }
    buf_clear(&list);
    for (size_t i = 0; i < plan->n_share; i++) {
        buf_printf(&list, "%s%s", i ? "," : "", plan->share[i]);
    }
    put_option(out, "share", plan->n_share ? buf_str(&list) : NULL);
    put_selection(p->selected, out);
    put_option(out, "convention", obs_convention_name(p->obs->convention));
    put_option(out, "resample", fit_resampling_name(plan->resampling));
    put_number_option(out, "starts", (double)plan->starts, 0.0);
    put_number_option(out, "bootstrap", (double)plan->bootstrap, -1.0);
    put_number_option(out, "seed", (double)plan->seed, -1.0);
    buf_puts(out, plan->has_all_intervals ? " --intervals" : "");
    buf_puts(out, plan->has_isoflop ? " --isoflop" : "");
    put_number_option(out, "window", (double)plan->isoflop_window, 0.0);
    buf_clear(&list);
    for (size_t i = 0; i < plan->n_at; i++) {
        char number[32];
        json_number_text(plan->at[i], number);
        buf_printf(&list, "%s%s", i ? "," : "", number);
    }
    put_option(out, "at-flops", plan->n_at ? buf_str(&list) : NULL);
    buf_release(&list);
}
