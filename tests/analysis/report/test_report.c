/* Catalog in, report out: the numbers of a known law through every layer. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/frontier.h"
#include "analysis/report/figures.h"
#include "analysis/report/look.h"
#include "analysis/report/report_answer.h"
#include "answer/render.h"
#include "common/fsx.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/check_page.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static ObsSource source;
static Obs obs;
static Report report;

static void open_report(size_t n_sizes)
{
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, n_sizes);
    const ObsOptions o = {.by = "architecture", .task = "validation"};
    const ReportPlan plan = {.law = {form_find("chinchilla"), form_find("paper_power")},
                             .n_laws = 2,
                             .starts = 8,
                             .bootstrap = 30,
                             .threads = 1,
                             .seed = 1};
    ck_assert_msg(obs_source_open(tmp.path, &source, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(obs_select(&source.frame, &o, &obs, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(report_make("small", &obs, &plan, &report, &err) == ERR_OK, "%s", err.msg);
}

static void close_report(void)
{
    report_release(&report);
    obs_release(&obs);
    obs_source_release(&source);
    tmpdir_close(&tmp);
}

static json_t *fits_json(void)
{
    Answer a = ANSWER_INIT;
    report_answer(&report, answer_top(&a));
    json_t *v = answer_json(a.top);
    ck_assert_ptr_nonnull(v);
    answer_release(&a);
    return v;
}

/* What people see of some of it, without a width. */
static void show(void (*build)(const Report *, AnswerNode *), AnswerFormat format, Buf *out)
{
    const AnswerStyle style = {.is_wide = true, .width = 200};
    Answer a = ANSWER_INIT;
    Err err = ERR_INIT;
    buf_clear(out);
    build(&report, answer_top(&a));
    ck_assert_msg(answer_render(&a, format, &style, out, &err) == ERR_OK, "%s", err.msg);
    answer_release(&a);
}

START_TEST(json_has_the_fields_that_others_read)
{
    open_report(6);
    json_t *v = fits_json();
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    const json_t *fits = json_object_get(v, "fits");
    ck_assert_uint_eq(json_array_size(fits), 4);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "refused")), 0);
    static const char *const keys[] = {
        "group",   "law",       "loss",   "delta",    "residual", "n",   "objective", "params",
        "derived", "intervals", "starts", "rmse_log", "r2",       "aic", "bic",       "warnings"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            ck_assert_msg(json_object_get(json_array_get(fits, i), keys[k]) != NULL, "%s", keys[k]);
        }
    }
    const json_t *llama = json_array_get(fits, 0);
    ck_assert_str_eq(json_string_value(json_object_get(llama, "law")), "chinchilla");
    ck_assert_double_eq(json_real_value(json_object_get(llama, "delta")), 1e-3);
    const json_t *params = json_object_get(llama, "params");
    ck_assert_double_eq_tol(json_real_value(json_object_get(params, "alpha")), 0.2, 1e-9);
    ck_assert_double_eq_tol(json_real_value(json_object_get(params, "E")), 1.2, 1e-8);
    const json_t *alpha = json_object_get(json_object_get(llama, "intervals"), "alpha");
    ck_assert_str_eq(json_string_value(json_object_get(alpha, "method")), "bootstrap");
    const json_t *power = json_array_get(fits, 2);
    ck_assert_str_eq(json_string_value(json_object_get(power, "convention")), "paper");
    ck_assert_ptr_nonnull(json_object_get(json_object_get(power, "derived"), "a"));
    json_decref(v);
    close_report();
}
END_TEST

START_TEST(a_refusal_is_part_of_the_report)
{
    open_report(2);
    ck_assert_uint_eq(report.n_refused, 2); /* two sizes: no chinchilla; the power law is fine */
    json_t *v = fits_json();
    const json_t *first = json_array_get(json_object_get(v, "refused"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "group")), "llama");
    ck_assert_ptr_nonnull(
        strstr(json_string_value(json_object_get(first, "reason")), "different values of N"));
    json_decref(v);
    Buf out = BUF_INIT;
    show(report_answer, FORMAT_TEXT, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Refused: llama: chinchilla needs"));
    show(report_laws_answer, FORMAT_TEXT, &out);
    ck_assert_ptr_null(strstr(buf_str(&out), "chinchilla"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "C is counted by the convention \"paper\"."));
    show(report_rows_say, FORMAT_TEXT, &out);
    ck_assert_str_eq(buf_str(&out), "small: 32 of 32 rows used.\n");
    buf_release(&out);
    close_report();
}
END_TEST

/* What a person reads is what the JSON says, said once, with every column explained. */
START_TEST(the_text_has_one_table_a_law)
{
    open_report(6);
    Buf out = BUF_INIT;
    show(report_laws_answer, FORMAT_TEXT, &out);
    const char *text = buf_str(&out);
    for (size_t i = 0; i < report.n; i++) {
        const FitValue *a = fit_value(&report.fit[i].fit, "a");
        const Interval of = fit_value_interval(a);
        char value[NUMBER_TEXT_BYTES];
        (void)number_to_place(a->value, interval_place(&of), value);
        ck_assert_msg(strstr(text, value) != NULL, "%s", value);
    }
    ck_assert_uint_eq(occurrences(text, "\narchitecture  points "), 2);
    ck_assert_uint_eq(occurrences(text, "\nllama "), 2);
    ck_assert_uint_eq(occurrences(text, "exponent of size\n"), 1);
    ck_assert_uint_eq(occurrences(text, "All 8 starts of every fit end"), 2);
    for (size_t i = 0; i < report.n; i++) {
        const FitResult *f = &report.fit[i].fit;
        for (size_t k = 0; k < f->n_warnings; k++) {
            size_t laws = strstr(f->warning[k], "few_runs") ? 2 : 1;
            ck_assert_uint_le(occurrences(text, f->warning[k]), laws);
            ck_assert_uint_ge(occurrences(text, f->warning[k]), 1);
        }
    }
    show(report_details_answer, FORMAT_TEXT, &out);
    ck_assert_uint_eq(occurrences(buf_str(&out), "std. error"), 4);
    ck_assert_uint_eq(occurrences(buf_str(&out), "Correlations of the replicates"), 4);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "6 N_opt D_opt / C at the least C"));
    buf_release(&out);
    close_report();
}
END_TEST

static void runs(const Report *r, AnswerNode *top)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(report_runs_answer(r->obs, top, &err), ERR_OK);
}

START_TEST(tables_have_a_row_a_group_and_a_row_a_run)
{
    Buf out = BUF_INIT;
    open_report(6);
    show(report_laws_answer, FORMAT_MARKDOWN, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "| architecture | points | E | A | B | alpha |"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "| tnl | 48 | 1.23"));
    show(runs, FORMAT_CSV, &out);
    ck_assert_uint_eq(occurrences(buf_str(&out), "\n"), 13);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "group,run,N,D,C,loss,bits_per_byte\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "tnl,tnl-6.5m,6500000,8192000,"));
    show(report_values_answer, FORMAT_CSV, &out);
    ck_assert_ptr_nonnull(strstr(
        buf_str(&out), "group,law,points,name,value,se,lo,hi,unit\nllama,chinchilla,48,E,1."));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "llama,chinchilla,48,alpha,0."));
    buf_release(&out);
    close_report();
}
END_TEST

/* A source of C and loss alone: no run and no N is invented. */
START_TEST(what_the_source_has_not_is_no_cell)
{
    Err err = ERR_INIT;
    Buf out = BUF_INIT;
    tmp = tmpdir_open();
    (void)tmpdir_write(&tmp, "c.csv", "C,loss\n1e15,4\n2e15,3.8\n");
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, "c.csv", &err), ERR_OK);
    const ObsOptions o = {.needs = obs_needs(form_find("power:C"))};
    ck_assert_msg(obs_source_open(path, &source, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(obs_select(&source.frame, &o, &obs, &err) == ERR_OK, "%s", err.msg);
    report = (Report){.obs = &obs, .source = "c.csv"};
    show(runs, FORMAT_CSV, &out);
    ck_assert_str_eq(buf_str(&out), "group,run,N,D,C,loss,bits_per_byte\n"
                                    "all,,,,1000000000000000,4,\nall,,,,2000000000000000,3.8,\n");
    show(runs, FORMAT_TEXT, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\ngroup  C [FLOP]  loss [nats/token]\n"));
    buf_release(&out);
    close_report();
}
END_TEST

static const PlotFigure *picture(const Figures *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (strcmp(f->figure[i].name, name) == 0) {
            return &f->figure[i];
        }
    }
    ck_abort_msg("no picture %s", name);
    return NULL;
}

/* One frame: runs thin, all in one interrupted line a group, and each group's law thick. */
START_TEST(the_headline_overlays_the_groups)
{
    Figures f;
    Err err = ERR_INIT;
    size_t n_thin = 0, n_thick = 0, n_bands = 0;
    open_report(6);
    ck_assert_msg(figures_make(&report, NULL, 0, &f, &err) == ERR_OK, "%s", err.msg);
    const PlotFigure *figure = picture(&f, "loss_compute");
    ck_assert_uint_eq(figure->n_panels, 1);
    ck_assert_str_eq(figure->x_label, "training compute C (paper convention) [FLOP]");
    for (size_t k = 0; k < figure->panel[0].n_series; k++) {
        const PlotSeries *s = &figure->panel[0].series[k];
        bool is_explained = s->n == 1;
        n_bands += s->style == PLOT_BAND && !is_explained ? 1 : 0;
        if (s->style == PLOT_THIN && !is_explained) { /* six runs, each with its break */
            ck_assert_uint_eq(s->n, 6 * (SMALL_CHECKPOINTS + 1));
            ck_assert(isnan(s->x[SMALL_CHECKPOINTS]) && isnan(s->y[SMALL_CHECKPOINTS]));
            n_thin++;
        }
        if (s->style == PLOT_THICK) {
            ck_assert_str_eq(s->label, n_thick ? "TNL" : "LLaMA");
            ck_assert_str_eq(s->look.color, n_thick ? "#D55E00" : "#0072B2");
            n_thick++;
        }
    }
    ck_assert_uint_eq(n_thin, 2);
    ck_assert_uint_eq(n_thick, 2);
    ck_assert_uint_eq(n_bands, 2);
    figures_release(&f);
    close_report();
}
END_TEST

/* No run can lie below the law's frontier: here the data are the law.  It is drawn thick only where its
 * best N and D were reached, dotted to four times beyond and not further. */
START_TEST(the_frontier_is_the_least_loss_and_thick_within_the_data)
{
    Figures f;
    Err err = ERR_INIT;
    Frontier frontier;
    size_t n_checked = 0;
    double params[FORM_MAX_PARAMS];
    open_report(6);
    ck_assert_msg(figures_make(&report, NULL, 1, &f, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(f.n, 1);
    const ReportFit *law = &report.fit[0];
    const FitData *data = &law->group->data;
    frontier_init(&frontier, data);
    for (size_t k = 0; k < law->fit.n_params; k++) {
        params[k] = law->fit.param[k].value;
    }
    for (size_t i = 0; i < data->n; i++) {
        FrontierPoint p = frontier_at(&frontier, law->form, params, data->flops[i]);
        ck_assert_double_le(p.loss, data->loss[i] * (1.0 + 1e-12));
        ck_assert_double_eq_tol(p.n * p.d * 7.0 / data->flops[i], 1.0, 1e-9); /* C = 7 N D here */
    }
    const PlotPanel *panel = &f.figure[0].panel[0];
    for (size_t k = 0; k < panel->n_series; k++) {
        const PlotSeries *s = &panel->series[k];
        bool is_thick = s->style == PLOT_THICK;
        for (size_t i = 0; s->n > 1 && (is_thick || s->style == PLOT_BEYOND) && i < s->n &&
                           strcmp(s->look.color, "#0072B2") == 0;
             i++) {
            FrontierPoint p = frontier_at(&frontier, law->form, params, s->x[i]);
            bool is_end = i == 0 || i + 1 == s->n; /* the dotted part begins on the whole one */
            ck_assert_double_eq_tol(p.loss, s->y[i], 1e-12);
            ck_assert(is_end || frontier_is_inside(&frontier, &p) == is_thick);
            ck_assert(frontier_is_near(&frontier, &p));
            n_checked++;
        }
    }
    ck_assert_uint_ge(n_checked, 20);
    figures_release(&f);
    close_report();
}
END_TEST

/* Every architecture has its own name, colour and code; every convention its own axis. */
START_TEST(looks_and_axes_are_named_in_one_place)
{
    for (size_t i = 0; i < 4; i++) {
        static const char *const group[] = {"llama", "tnl", "hgrn2", "cosformer2"};
        static const char *const title[] = {"LLaMA", "TNL", "HGRN2", "cosFormer2"};
        PlotLook look = look_of(group[i], 7);
        ck_assert_str_eq(look.title, title[i]);
        for (size_t k = 0; k < i; k++) {
            PlotLook other = look_of(group[k], 7);
            ck_assert_str_ne(look.color, other.color);
            ck_assert_int_ne(look.code, other.code);
            ck_assert_str_ne(look_compute((ObsConvention)(1 + i)),
                             look_compute((ObsConvention)(1 + k)));
        }
    }
    ck_assert_str_eq(look_of("mamba", 1).title, "mamba");
    ck_assert_str_eq(look_of("mamba", 1).color, plot_look("mamba", 1).color);
    ck_assert_str_eq(look_input(FORM_N, OBS_6ND), LOOK_PARAMS);
    ck_assert_str_eq(look_input(FORM_D, OBS_6ND), LOOK_TOKENS);
    ck_assert_str_eq(look_input(FORM_C, OBS_6ND), "training compute C (6nd convention) [FLOP]");
}
END_TEST

START_TEST(pictures_are_chosen_by_name)
{
    Figures f;
    Err err = ERR_INIT;
    unsigned only = 0;
    ck_assert_int_eq(figures_choose(NULL, &only, &err), ERR_OK);
    ck_assert_uint_eq(only, 0);
    ck_assert_int_eq(figures_choose("residuals,loss_params", &only, &err), ERR_OK);
    open_report(6);
    ck_assert_msg(figures_make(&report, NULL, only, &f, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(f.n, 2);
    ck_assert_str_eq(f.figure[0].name, "loss_params");
    ck_assert_str_eq(f.figure[1].name, "residuals");
    ck_assert_int_eq(figures_choose("residual", &only, &err), ERR_USAGE);
    ck_assert_msg(strstr(err.hint, "\"residuals\"") != NULL, "%s", err.hint);
    figures_release(&f);
    close_report();
}
END_TEST

/* Every point of a contour has the loss that its label says; the best sizes are where
 * a slightly different N at the same C is worse; residuals of exact data are none. */
START_TEST(the_pictures_of_the_law_are_of_the_law)
{
    Figures f;
    Err err = ERR_INIT;
    open_report(6);
    ck_assert_msg(figures_make(&report, NULL, 0, &f, &err) == ERR_OK, "%s", err.msg);
    const FitResult *law = &report.fit[0].fit;
    const PlotPanel *p = &picture(&f, "law_surface")->panel[0];
    size_t n_levels = 0;
    for (size_t s = 0; s < p->n_series; s++) {
        const PlotSeries *q = &p->series[s];
        char *end;
        double level = q->label ? strtod(q->label, &end) : 0.0;
        for (size_t i = 0; level > 0.0 && *end == '\0' && i < q->n; i++) {
            const double at[] = {q->x[i], q->y[i]};
            ck_assert_double_eq_tol(fit_predict(law, at), level, 1e-9);
            n_levels++;
        }
    }
    ck_assert_uint_gt(n_levels, 300);
    /* bands of the bootstrap around the curves of the law */
    const PlotPanel *params = &picture(&f, "loss_params")->panel[0];
    ck_assert_int_eq(params->series[0].style, PLOT_BAND);
    for (size_t i = 0; i < params->series[0].n; i++) {
        ck_assert(params->series[0].y_lo[i] <= params->series[0].y[i] &&
                  params->series[0].y[i] <= params->series[0].y_hi[i]);
    }
    p = &picture(&f, "optimal_params")->panel[0];
    const PlotSeries *best = NULL;
    for (size_t s = 0; s < p->n_series; s++) {
        bool is_best = p->series[s].style == PLOT_THICK && p->series[s].n > 1;
        best = is_best ? &p->series[s] : best;
    }
    ck_assert_ptr_nonnull(best);
    for (size_t i = 0; i < best->n; i++) {
        double n = best->y[i], nd = best->x[i] / 7.0; /* C = 7 N D here */
        const double here[] = {n, nd / n}, less[] = {0.99 * n, nd / n / 0.99},
                     more[] = {1.01 * n, nd / n / 1.01};
        ck_assert_double_lt(fit_predict(law, here), fit_predict(law, less));
        ck_assert_double_lt(fit_predict(law, here), fit_predict(law, more));
    }
    p = picture(&f, "residuals")->panel;
    for (size_t i = 0; i < p[1].series[0].n; i++) {
        ck_assert_double_lt(fabs(p[1].series[0].y[i]), 1e-8);
        ck_assert_double_eq(p[1].series[0].x[i], report.fit[0].group->data.tokens[i]);
    }
    figures_release(&f);
    close_report();
}
END_TEST

/* --share, --isoflop, --intervals and --at-flops in the JSON. */
START_TEST(json_has_what_was_asked_for_beside)
{
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    small_catalog(tmp.path, 6);
    const ObsOptions o = {.by = "architecture", .task = "validation"};
    const ReportPlan plan = {.law = {form_find("chinchilla")},
                             .n_laws = 1,
                             .starts = 4,
                             .bootstrap = 30,
                             .has_all_intervals = true,
                             .at = {1e15},
                             .n_at = 1,
                             .share = {"alpha", "beta"},
                             .n_share = 2,
                             .has_isoflop = true,
                             .threads = 1,
                             .seed = 1};
    ck_assert_int_eq(obs_source_open(tmp.path, &source, &err), ERR_OK);
    ck_assert_int_eq(obs_select(&source.frame, &o, &obs, &err), ERR_OK);
    ck_assert_msg(report_make("small", &obs, &plan, &report, &err) == ERR_OK, "%s", err.msg);
    json_t *v = fits_json();
    const json_t *joint = json_array_get(json_object_get(v, "joint"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(joint, "shared")), 2);
    const json_t *a = json_object_get(json_array_get(json_object_get(v, "fits"), 0), "params");
    const json_t *b = json_object_get(json_array_get(json_object_get(v, "fits"), 1), "params");
    ck_assert_double_eq(json_real_value(json_object_get(a, "alpha")),
                        json_real_value(json_object_get(b, "alpha")));
    const json_t *at = json_object_get(json_array_get(json_object_get(v, "fits"), 0), "at");
    ck_assert_double_gt(json_real_value(json_object_get(json_array_get(at, 0), "N_opt")), 0.0);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "isoflop")), 2);
    const json_t *methods = json_object_get(
        json_object_get(json_array_get(json_object_get(v, "fits"), 0), "interval_methods"), "E");
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(methods, "sandwich"), "method")),
        "sandwich");
    json_decref(v);
    Buf out = BUF_INIT;
    show(report_answer, FORMAT_TEXT, &out);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\nchinchilla  alpha, beta       2 "));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "The best N and D for C = 6 N D"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Other kinds of interval"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "IsoFLOP parabolas"));
    buf_release(&out);
    close_report();
}
END_TEST

static void no_abort(void)
{
    (void)gsl_set_error_handler_off();
}

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report", .open = no_abort});
}
