#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "draw/layout.h"
#include "draw/plot.h"
#include "tests/support/check_page.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static const double x[] = {1e9, 1e10, 1e12}, y[] = {4.5, 3.25, 2.5};
static PlotFigure figure;
static const PlotOutput plain;

static void make_figure(const char *title)
{
    figure = (PlotFigure){.name = "loss_compute",
                          .title = "Loss",
                          .x_label = "C [FLOP]",
                          .y_label = "loss [nats/token]",
                          .x_column = "C_flop",
                          .y_column = "loss",
                          .n_panels = 1};
    figure.panel[0].title = title;
    PlotSeries *s = plot_add(&figure.panel[0], "20k", plot_look("TNL", 4), PLOT_BEADS, 3, x, y);
    s->label_at = PLOT_AT_FIRST;
    ck_assert_ptr_nonnull(plot_add(&figure.panel[0], "the law", plot_ink(), PLOT_THICK, 3, x, y));
}

static Buf text;
static Err err;

static void set_up(void)
{
    tmp_open();
    text = BUF_INIT;
    err = ERR_INIT;
}

static void tear_down(void)
{
    buf_release(&text);
    tmp_close();
}

/* Writes the figure; text is then its script. */
static void write_script(const PlotOutput *o)
{
    ck_assert_msg(plot_write(&figure, o, tmp.path, &err) == ERR_OK, "%s", err.msg);
    tmp_read("loss_compute.gp", &text);
}

START_TEST(data_and_script_say_everything)
{
    make_figure("it's `touch pwned` \"tnl\"");
    ck_assert_int_eq(plot_write(&figure, &plain, tmp.path, &err), ERR_OK);
    tmp_read("loss_compute.csv", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "series,C_flop,loss,panel,label\n"
                                                 "0,1000000000,4.5,\"it's"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "1,1000000000000,2.5,"));
    tmp_read("loss_compute.gp", &text);
    const char *const parts[] = {"data = 'loss_compute.csv'",
                                 "set logscale x\n",
                                 "set logscale y\n",
                                 "'10^{10}' 1e+10",
                                 "rgb '#D55E00'",
                                 "set label 'C [FLOP]' at screen",
                                 "set label 'it''s ?touch pwned? \"tnl\"' at screen"};
    check_words(buf_str(&text), sizeof parts / sizeof parts[0], parts);
    ck_assert_ptr_null(strchr(strchr(buf_str(&text), '\n'), '`')); /* after the first line */
}
END_TEST

static const double lo[] = {4.0, 3.0, 2.4}, hi[] = {5.0, 3.5, 2.75};

/* Linear axes, bars, a band, and the three lines of reference. */
static void make_ranges(void)
{
    make_figure("errors");
    figure.is_y_linear = true;
    PlotPanel *p = &figure.panel[0];
    ck_assert_ptr_nonnull(
        plot_add_range(p, "band", plot_look(NULL, 3), PLOT_BAND, 3, x, y, lo, hi));
    ck_assert_ptr_nonnull(
        plot_add_range(p, "bars", plot_look(NULL, 3), PLOT_ERRORS, 3, x, y, lo, hi));
    plot_add_line(p, PLOT_HORIZONTAL, 0.0, "no error");
    plot_add_line(p, PLOT_VERTICAL, 1e14, NULL);
}

START_TEST(bars_and_bands_have_their_columns)
{
    make_ranges();
    ck_assert_int_eq(plot_write(&figure, &plain, tmp.path, &err), ERR_OK);
    tmp_read("loss_compute.csv", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "series,C_flop,loss,panel,label,loss_lo,loss_hi\n"
                                                 "0,1000000000,4.5,\"errors\",\"20k\",,\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\n2,1000000000,4.5,\"errors\",\"band\",4,5\n"));
    tmp_read("loss_compute.gp", &text);
    const char *const parts[] = {"set logscale x\n",
                                 "unset logscale y\n",
                                 "(series(2)):6:7 with filledcurves",
                                 "(series(3)):3:6:7 with yerrorbars",
                                 "set arrow from graph 0,first 0 to graph 1,first 0 nohead",
                                 "set arrow from first 1e+14,graph 0 to first 1e+14,graph 1 nohead",
                                 "set label 'no error' at screen"};
    check_words(buf_str(&text), sizeof parts / sizeof parts[0], parts);
    /* the band, although it was added last but one, lies below all */
    ck_assert(strstr(buf_str(&text), "(series(2))") < strstr(buf_str(&text), "(series(0))"));
    /* the axes reach the lines: zero is inside [lo:hi] of y, 1e14 inside that of x */
    double from, to;
    ck_assert_int_eq(
        sscanf(strstr(buf_str(&text), "set yrange ["), "set yrange [%lf:%lf]", &from, &to), 2);
    ck_assert_double_lt(from, 0.0);
    ck_assert_double_gt(to, 5.0);
    ck_assert_int_eq(
        sscanf(strstr(buf_str(&text), "set xrange ["), "set xrange [%lf:%lf]", &from, &to), 2);
    ck_assert_double_gt(to, 1e14);
}
END_TEST

/* Each panel its ranges and its label of x; y = x. */
START_TEST(panels_may_have_their_own_axes)
{
    static const double one[] = {1.0, 2.0}, value[] = {0.3, 0.4}, big[] = {100.0, 300.0};
    figure = (PlotFigure){.name = "own",
                          .title = "t",
                          .x_label = "x",
                          .y_label = "y",
                          .x_column = "x",
                          .y_column = "y",
                          .n_panels = 2,
                          .is_x_linear = true,
                          .is_y_linear = true,
                          .x_share = PLOT_SEPARATE,
                          .y_share = PLOT_SEPARATE};
    (void)plot_add(&figure.panel[0], NULL, plot_ink(), PLOT_POINTS, 2, one, value);
    (void)plot_add(&figure.panel[1], NULL, plot_ink(), PLOT_POINTS, 2, big, big);
    figure.panel[0].x_label = "alpha";
    figure.panel[1].x_label = "beta";
    plot_add_line(&figure.panel[1], PLOT_DIAGONAL, 0.0, NULL);
    ck_assert_int_eq(plot_write(&figure, &plain, tmp.path, &err), ERR_OK);
    tmp_read("own.gp", &text);
    /* 0.04 of the axis is free at both ends: 1 / 0.92 x 0.04 */
    const char *const parts[] = {
        "set label 'alpha' at screen", "set xrange [0.956521739:2.04347826]",
        "set label 'beta' at screen", "set xrange [91.3043478:308.695652]",
        "set arrow from first 91.3043478,first 91.3043478 to first 308.695652,first 308.695652"};
    const char *at = buf_str(&text);
    ck_assert_ptr_null(strstr(at, "  set logscale"));
    check_words(at, sizeof parts / sizeof parts[0], parts);
    ErrCode rc = plot_draw(&figure, 1, &plain, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
}
END_TEST

/* Ticks at the values of a sweep; no number where it would stand in the last one's. */
START_TEST(ticks_may_be_given)
{
    static const double lr[] = {0.001, 0.00101, 0.002, 0.004}, loss[] = {3.0, 2.9, 2.8, 3.1};
    make_figure("tnl");
    figure.panel[0].n_series = 0;
    (void)plot_add(&figure.panel[0], "runs", plot_ink(), PLOT_BEADS, 4, lr, loss);
    (void)plot_add(&figure.panel[0], "lowest", plot_ink(), PLOT_MARKS, 1, lr + 2, loss + 2);
    figure.x_tick = lr;
    figure.n_x_ticks = 4;
    figure.x_label = "adamw.weight_decay";
    write_script(&plain);
    const char *const parts[] = {
        "set xtics ('0.001' 0.001, '' 0.00101 1, '0.002' 0.002, '0.004' 0.004)",
        "set label 'adamw.weight_decay' at screen", "with linespoints lw 0.8 dt solid pt 7",
        "with points lw 0.8 dt solid pt 6"};
    check_words(buf_str(&text), sizeof parts / sizeof parts[0], parts);
    ErrCode rc = plot_draw(&figure, 1, &plain, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
}
END_TEST

/* What cannot be drawn is in the data and breaks nothing. */
START_TEST(values_without_a_place_are_skipped)
{
    static const double odd_x[] = {1e9, 1e10, -1.0, 1e11}, odd_y[] = {4.5, 0.0, 3.0, 2.0};
    double nan_y[4] = {4.0, (double)NAN, (double)INFINITY, 2.5};
    make_figure("tnl");
    figure.panel[0].n_series = 0;
    (void)plot_add(&figure.panel[0], "odd", plot_ink(), PLOT_LINE, 4, odd_x, odd_y);
    (void)plot_add(&figure.panel[0], "nan", plot_ink(), PLOT_LINE, 4, odd_x, nan_y);
    ck_assert_int_eq(plot_write(&figure, &plain, tmp.path, &err), ERR_OK);
    tmp_read("loss_compute.csv", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\n1,10000000000,,\"tnl\",\"nan\"\n"));
    tmp_read("loss_compute.gp", &text);
    double from, to;
    ck_assert_int_eq(
        sscanf(strstr(buf_str(&text), "set yrange ["), "set yrange [%lf:%lf]", &from, &to), 2);
    ck_assert(from > 1.5 && from < 2.0 && to > 4.5 && to < 6.0);
    ErrCode rc = plot_draw(&figure, 1, &plain, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
}
END_TEST

/* The first bytes of each kind of picture. */
static void check_kind(const char *name, const char *magic)
{
    Buf picture = BUF_INIT;
    tmp_read(name, &picture);
    ck_assert_msg(picture.len > 500 && memcmp(picture.data, magic, strlen(magic)) == 0, "%s", name);
    buf_release(&picture);
}

START_TEST(gnuplot_draws_every_format_if_it_is_there)
{
    PlotOutput all = {0};
    make_ranges();
    ck_assert_int_eq(plot_parse_formats("svg,png,pdf", &all, &err), ERR_OK);
    ck_assert_int_eq(plot_parse_formats("eps", &all, &err), ERR_OK);
    ErrCode rc = plot_draw(&figure, 1, &all, tmp.path, &err);
    if (rc == ERR_UNAVAILABLE) {
        ck_assert_ptr_nonnull(strstr(err.hint, "gnuplot-nox"));
    } else {
        ck_assert_msg(rc == ERR_OK, "%s", err.msg);
        check_kind("loss_compute.png", "\x89PNG");
        check_kind("loss_compute.pdf", "%PDF-");
        check_kind("loss_compute.eps", "%!PS-Adobe-3.0 EPSF");
        check_kind("loss_compute.svg", "<?xml");
    }
}
END_TEST

/* Size in the script, and every type of it: 7 points and more at the printed width. */
static void check_size(const PlotOutput *o, double inches)
{
    double width, height, size;
    make_ranges();
    write_script(o);
    const char *at = strstr(buf_str(&text), "set terminal pdfcairo");
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(sscanf(at, "set terminal pdfcairo size %lfin,%lfin font 'DejaVu Sans,%lf'",
                            &width, &height, &size),
                     3);
    ck_assert_double_eq_tol(width, inches, 1e-6);
    ck_assert_double_ge(size, 7.0);
    size_t n = 0;
    for (const char *p = buf_str(&text); (p = strstr(p, "font ',")); p++, n++) {
        ck_assert_double_ge(strtod(p + strlen("font ',"), NULL), 7.0);
    }
    ck_assert_uint_ge(n, 6);
}

START_TEST(widths_are_those_of_a_page_and_a_column)
{
    PlotOutput o = {0};
    ck_assert_int_eq(plot_parse_formats("pdf", &o, &err), ERR_OK);
    check_size(&o, 7.0);
    ck_assert_int_eq(plot_parse_width("column", &o, &err), ERR_OK);
    check_size(&o, 3.4);
    ck_assert_int_eq(plot_parse_width("page", &o, &err), ERR_OK);
    check_size(&o, 7.0);
}
END_TEST

START_TEST(a_title_may_be_left_out_or_given)
{
    PlotOutput o = {0};
    static const struct {
        const char *word, *title;
    } c[] = {{"auto", "'Loss'"}, {"none", NULL}, {"It's ours", "'It''s ours'"}, {NULL, "'Loss'"}};
    make_figure("tnl");
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        plot_parse_title(c[i].word, &o);
        write_script(&o);
        ck_assert_uint_eq(occurrences(buf_str(&text), "set label 'Loss'"),
                          c[i].title && i % 3 == 0);
        ck_assert(!c[i].title || strstr(buf_str(&text), c[i].title));
    }
}
END_TEST

/* A label of four panels stands in the legend once, above every frame. */
START_TEST(there_is_one_legend_off_the_data)
{
    make_figure("a");
    figure.n_panels = 4;
    for (size_t p = 1; p < 4; p++) {
        figure.panel[p] = figure.panel[0];
    }
    (void)plot_add(&figure.panel[3], "only here", plot_look(NULL, 1), PLOT_POINTS, 3, x, y);
    for (int width = PLOT_PAGE; width <= PLOT_COLUMN; width++) {
        Layout *l = layout_new(&figure, &(PlotOutput){.width = (PlotWidth)width});
        ck_assert_ptr_nonnull(l);
        ck_assert_uint_eq(l->n_keys, 2);
        ck_assert_str_eq(l->key[0].series->label, "the law");
        ck_assert_str_eq(l->key[1].series->label, "only here");
        for (size_t k = 0; k < 2; k++) {
            double end =
                l->key[k].x + LAYOUT_SIGN + 4.0 + text_width(l->key[k].series->label, LAYOUT_SMALL);
            ck_assert(l->key[k].x > 0.0 && end < l->width && l->key[k].y < l->title_y);
            for (size_t p = 0; p < 4; p++) {
                ck_assert_double_gt(l->key[k].y, l->panel[p].frame.y1);
            }
        }
        layout_free(l);
    }
}
END_TEST

/* Frames lie in the picture and not in each other; an axis that is shared has its numbers once. */
START_TEST(panels_share_their_axes)
{
    make_figure("a");
    figure.n_panels = 3;
    figure.panel[1] = figure.panel[2] = figure.panel[0];
    figure.n_columns = 2;
    Layout *l = layout_new(&figure, &plain);
    ck_assert_ptr_nonnull(l);
    for (size_t p = 0; p < 3; p++) {
        const PlaceBox *b = &l->panel[p].frame;
        ck_assert(b->x0 > 0.0 && b->x1 < l->width && b->y0 > 0.0 && b->y1 < l->height);
        ck_assert_double_eq_tol(b->x1 - b->x0, l->panel[0].frame.x1 - l->panel[0].frame.x0, 1e-9);
        ck_assert_double_eq(l->panel[p].x.lo, l->panel[0].x.lo);
        ck_assert_int_eq(l->panel[p].has_y_text, p != 1);
        ck_assert_int_eq(l->panel[p].has_x_text, p != 0);
    }
    ck_assert_double_lt(l->panel[0].frame.x1, l->panel[1].frame.x0);
    ck_assert_double_lt(l->panel[2].frame.y1, l->panel[0].frame.y0);
    layout_free(l);
}
END_TEST

/* An empty panel says why, in a sentence that is broken into lines. */
START_TEST(an_empty_panel_says_why)
{
    LayoutText lines;
    make_figure("a");
    figure.n_panels = 2;
    figure.panel[1] = (PlotPanel){.title = "b", .note = "this group has too few budgets"};
    write_script(&plain);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "'this group has too few budgets'"));
    figure.panel[1].note = NULL;
    write_script(&plain);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "'there is nothing to draw here'"));
    layout_wrap("this group has too few budgets", 7.0, 70.0, &lines);
    ck_assert_uint_eq(lines.n, 2);
    ck_assert_str_eq(lines.line[0], "this group has too");
    ck_assert_str_eq(lines.line[1], "few budgets");
}
END_TEST

/* A wide band does not rule the axis: it takes a fifth of the lines' range, at each side. */
START_TEST(a_band_does_not_rule_the_axis)
{
    static const double far_lo[] = {1e-3, 1e-3, 1e-3}, far_hi[] = {1e3, 1e3, 1e3};
    make_figure("a");
    (void)plot_add_range(&figure.panel[0], NULL, plot_ink(), PLOT_BAND, 3, x, y, far_lo, far_hi);
    Layout *l = layout_new(&figure, &plain);
    ck_assert_ptr_nonnull(l);
    double span = log(4.5 / 2.5) * 1.4 / 0.92;
    ck_assert_double_eq_tol(log(l->panel[0].y.hi / l->panel[0].y.lo), span, 1e-9);
    layout_free(l);
}
END_TEST

START_TEST(words_that_are_none_are_refused_with_the_nearest)
{
    PlotOutput o = {0};
    ck_assert_int_eq(plot_parse_formats("png,pgn", &o, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "there is no format of pictures \"pgn\""));
    ck_assert_ptr_nonnull(strstr(err.hint, "\"png\""));
    ck_assert_int_eq(plot_parse_formats("bitmap", &o, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.hint, "svg, png, pdf, eps"));
    ck_assert_int_eq(plot_parse_width("colum", &o, &err), ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.hint, "\"column\""));
    ck_assert(plot_has_format(&plain, PLOT_SVG) && plot_has_format(&plain, PLOT_PNG) &&
              !plot_has_format(&plain, PLOT_PDF));
}
END_TEST

START_TEST(what_gnuplot_says_is_kept_when_it_fails)
{
    make_figure("tnl");
    (void)tmp_folder("loss_compute.svg"); /* gnuplot cannot write there */
    ErrCode rc = plot_draw(&figure, 1, &plain, tmp.path, &err);
    if (rc != ERR_UNAVAILABLE) { /* it is installed */
        ck_assert_int_eq(rc, ERR_CHILD);
        ck_assert_ptr_nonnull(strstr(err.msg, "/loss_compute.log"));
        tmp_read("loss_compute.log", &text);
        ck_assert_ptr_nonnull(strstr(buf_str(&text), "cannot open file"));
    }
}
END_TEST

START_TEST(a_folder_that_is_not_there_cannot_be_written)
{
    make_figure("tnl");
    ck_assert_int_eq(plot_write(&figure, &plain, "/proc/no/such", &err), ERR_IO);
}
END_TEST

START_TEST(without_gnuplot_there_is_a_hint)
{
    make_figure("tnl");
    ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0); /* NOLINT(concurrency-mt-unsafe) */
    ck_assert_int_eq(plot_draw(&figure, 1, &plain, tmp.path, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.hint, "gnuplot-nox"));
}
END_TEST

START_TEST(looks_differ_in_colour_and_code_and_mix_with_white)
{
    PlotLook blue = plot_look("LLaMA", 3);
    ck_assert_str_eq(blue.color, "#0072B2");
    ck_assert_str_eq(plot_tint(blue, 1.0).color, "#0072B2");
    ck_assert_str_eq(plot_tint(blue, 0.0).color, "#FFFFFF");
    ck_assert_str_eq(plot_tint(plot_look(NULL, 2), 0.5).color, "#808080");
    ck_assert_str_eq(plot_tint(blue, 0.5).text, "#0072B2"); /* labels stay readable */
    for (size_t i = 0; i < 28; i++) {                       /* seven colours, four codes */
        for (size_t k = 0; k < i; k++) {
            PlotLook a = plot_look(NULL, i), b = plot_look(NULL, k);
            ck_assert(strcmp(a.color, b.color) != 0 || a.code != b.code);
        }
    }
    char code[8];
    layout_text_color("#0072B2", code);
    ck_assert_str_eq(code, "#0072B2");
    layout_text_color("#F0E442", code); /* yellow: darker, so that it can be read */
    ck_assert_str_ne(code, "#F0E442");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "draw/plot", .set_up = set_up, .tear_down = tear_down});
}
