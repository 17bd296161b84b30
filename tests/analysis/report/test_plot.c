#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"
#include "draw/plot.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static const double x[] = {1e9, 1e10, 1e12}, y[] = {4.5, 3.25, 2.5};
static PlotFigure figure;

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
    PlotSeries *s =
        plot_add(&figure.panel[0], "20k", plot_group_color("tnl", 0), PLOT_CURVE, 3, x, y);
    s->label_at = PLOT_AT_FIRST;
    ck_assert_ptr_nonnull(plot_add(&figure.panel[0], "the law", "#222222", PLOT_THICK, 3, x, y));
}

static void read_back(const TmpDir *tmp, const char *name, Buf *out)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp->path, name, &err), ERR_OK);
    buf_clear(out);
    ck_assert_msg(fsx_read(path, 1 << 24, out, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(data_and_script_say_everything)
{
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    make_figure("it's `touch pwned` \"tnl\"");
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    read_back(&tmp, "loss_compute.csv", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "series,C_flop,loss,panel,label\n"
                                                 "0,1000000000,4.5,\"it's"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "1,1000000000000,2.5,"));
    read_back(&tmp, "loss_compute.gp", &text);
    const char *const parts[] = {
        "data = 'loss_compute.csv'", "set logscale xy",
        "'10^{10}' 1e+10",           "rgb '#D55E00'",
        "set xlabel 'C [FLOP]'",     "'it''s ?touch pwned? \"tnl\"' noenhanced"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(buf_str(&text), parts[i]) != NULL, "no %s in\n%s", parts[i],
                      buf_str(&text));
    }
    ck_assert_ptr_null(
        strchr(buf_str(&text) + strlen("# Draws loss_compute.svg and loss_compute.png "
                                       "from loss_compute.csv: run `gnuplot "
                                       "loss_compute.gp`"),
               '`'));
    buf_release(&text);
    tmpdir_close(&tmp);
}
END_TEST

static const double lo[] = {4.0, 3.0, 2.4}, hi[] = {5.0, 3.5, 2.75};

/* Linear axes, bars, a band, and the three lines of reference. */
static void make_ranges(void)
{
    make_figure("errors");
    figure.is_y_linear = true;
    PlotPanel *p = &figure.panel[0];
    ck_assert_ptr_nonnull(plot_add_range(p, "band", "#0072B2", PLOT_BAND, 3, x, y, lo, hi));
    ck_assert_ptr_nonnull(plot_add_range(p, "bars", "#0072B2", PLOT_ERRORS, 3, x, y, lo, hi));
    plot_add_line(p, PLOT_HORIZONTAL, 0.0, "no error");
    plot_add_line(p, PLOT_VERTICAL, 1e14, NULL);
}

START_TEST(bars_and_bands_have_their_columns)
{
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    make_ranges();
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    read_back(&tmp, "loss_compute.csv", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "series,C_flop,loss,panel,label,loss_lo,loss_hi\n"
                                                 "0,1000000000,4.5,\"errors\",\"20k\",,\n"));
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\n2,1000000000,4.5,\"errors\",\"band\",4,5\n"));
    read_back(&tmp, "loss_compute.gp", &text);
    const char *const parts[] = {"set logscale x\n",
                                 "set ytics autofreq",
                                 "(series(2)):6:7 with filledcurves",
                                 "(series(3)):3:6:7 with yerrorbars",
                                 "set arrow from graph 0,first 0 to graph 1,first 0 nohead",
                                 "set arrow from first 1e+14,graph 0 to first 1e+14,graph 1 nohead",
                                 "set label 'no error' at graph"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(buf_str(&text), parts[i]) != NULL, "no %s in\n%s", parts[i],
                      buf_str(&text));
    }
    /* the axes reach the lines: zero is inside [lo:hi] of y, 1e14 inside that of x */
    double from, to;
    ck_assert_int_eq(
        sscanf(strstr(buf_str(&text), "set yrange ["), "set yrange [%lf:%lf]", &from, &to), 2);
    ck_assert_double_lt(from, 0.0);
    ck_assert_double_gt(to, 5.0);
    ck_assert_int_eq(
        sscanf(strstr(buf_str(&text), "set xrange ["), "set xrange [%lf:%lf]", &from, &to), 2);
    ck_assert_double_gt(to, 1e14);
    buf_release(&text);
    tmpdir_close(&tmp);
}
END_TEST

/* Each panel its ranges and its label of x; names in place of numbers; y = x. */
START_TEST(panels_may_have_their_own_axes)
{
    static const double one[] = {1.0, 2.0}, value[] = {0.3, 0.4}, big[] = {100.0, 300.0};
    static const char *const name[] = {"llama", "it's"};
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    figure = (PlotFigure){.name = "own",
                          .title = "t",
                          .x_label = "x",
                          .y_label = "y",
                          .x_column = "x",
                          .y_column = "y",
                          .n_panels = 2,
                          .is_x_linear = true,
                          .is_y_linear = true,
                          .has_own_axes = true};
    (void)plot_add(&figure.panel[0], NULL, "#000000", PLOT_POINTS, 2, one, value);
    (void)plot_add(&figure.panel[1], NULL, "#000000", PLOT_POINTS, 2, big, big);
    figure.panel[0].x_label = "alpha";
    figure.panel[1].x_label = "beta";
    plot_add_line(&figure.panel[1], PLOT_DIAGONAL, 0.0, NULL);
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    read_back(&tmp, "own.gp", &text);
    const char *const parts[] = {"set xlabel 'alpha'", "set xrange [0.96:2.04]",
                                 "set xlabel 'beta'", "set xrange [92:308]",
                                 "set arrow from first 92,first 92 to first 308,first 308"};
    const char *at = buf_str(&text);
    ck_assert_ptr_null(strstr(at, "logscale"));
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(at, parts[i]) != NULL, "no %s in\n%s", parts[i], at);
    }
    ErrCode rc = plot_render(&figure, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
    figure.has_own_axes = false;
    figure.x_name = name;
    figure.n_x_names = 2;
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    read_back(&tmp, "own.gp", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "('llama' 1, 'it''s' 2)"));
    buf_release(&text);
    tmpdir_close(&tmp);
}
END_TEST

/* Ticks at the values of a sweep; no number where it would stand in the last one's. */
START_TEST(ticks_may_be_given)
{
    static const double lr[] = {0.001, 0.00101, 0.002, 0.004}, loss[] = {3.0, 2.9, 2.8, 3.1};
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    make_figure("tnl");
    figure.panel[0].n_series = 0;
    (void)plot_add(&figure.panel[0], "runs", "#000000", PLOT_BEADS, 4, lr, loss);
    (void)plot_add(&figure.panel[0], "lowest", "#000000", PLOT_MARKS, 1, lr + 2, loss + 2);
    figure.x_tick = lr;
    figure.n_x_ticks = 4;
    figure.x_label = "adamw.weight_decay";
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    read_back(&tmp, "loss_compute.gp", &text);
    const char *const parts[] = {
        "set xtics ('0.001' 0.001, '' 0.00101, '0.002' 0.002, '0.004' 0.004)\n",
        "set xlabel 'adamw.weight_decay' noenhanced\n", "with linespoints lw 1.4 pt 7",
        "with points pt 6"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ck_assert_msg(strstr(buf_str(&text), parts[i]) != NULL, "no %s in\n%s", parts[i],
                      buf_str(&text));
    }
    ErrCode rc = plot_render(&figure, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
    buf_release(&text);
    tmpdir_close(&tmp);
}
END_TEST

/* What cannot be drawn is in the data and breaks nothing. */
START_TEST(values_without_a_place_are_skipped)
{
    static const double odd_x[] = {1e9, 1e10, -1.0, 1e11}, odd_y[] = {4.5, 0.0, 3.0, 2.0};
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    double nan_y[4] = {4.0, (double)NAN, (double)INFINITY, 2.5};
    make_figure("tnl");
    figure.panel[0].n_series = 0;
    (void)plot_add(&figure.panel[0], "odd", "#000000", PLOT_LINE, 4, odd_x, odd_y);
    (void)plot_add(&figure.panel[0], "nan", "#000000", PLOT_LINE, 4, odd_x, nan_y);
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    read_back(&tmp, "loss_compute.csv", &text);
    ck_assert_ptr_nonnull(strstr(buf_str(&text), "\n1,10000000000,,\"tnl\",\"nan\"\n"));
    read_back(&tmp, "loss_compute.gp", &text);
    double from, to;
    ck_assert_int_eq(
        sscanf(strstr(buf_str(&text), "set yrange ["), "set yrange [%lf:%lf]", &from, &to), 2);
    ck_assert(from > 1.5 && from < 2.0 && to > 4.5 && to < 6.0);
    ErrCode rc = plot_render(&figure, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
    buf_release(&text);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(gnuplot_draws_bars_and_bands)
{
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    make_ranges();
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    ErrCode rc = plot_render(&figure, tmp.path, &err);
    ck_assert_msg(rc == ERR_OK || rc == ERR_UNAVAILABLE, "%s", err.msg);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(gnuplot_draws_both_pictures_if_it_is_there)
{
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    make_figure("tnl");
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    ErrCode rc = plot_render(&figure, tmp.path, &err);
    if (rc == ERR_UNAVAILABLE) {
        ck_assert_ptr_nonnull(strstr(err.hint, "gnuplot-nox"));
    } else {
        Buf picture = BUF_INIT;
        ck_assert_msg(rc == ERR_OK, "%s", err.msg);
        read_back(&tmp, "loss_compute.png", &picture);
        ck_assert_int_eq(memcmp(picture.data, "\x89PNG", 4), 0);
        read_back(&tmp, "loss_compute.svg", &picture);
        ck_assert_ptr_nonnull(strstr(buf_str(&picture), "</svg>"));
        buf_release(&picture);
    }
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(what_gnuplot_says_is_kept_when_it_fails)
{
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    Buf log = BUF_INIT;
    make_figure("tnl");
    (void)tmpdir_write(&tmp, "loss_compute.gp", "set no_such_thing\n");
    ErrCode rc = plot_render(&figure, tmp.path, &err);
    if (rc != ERR_UNAVAILABLE) { /* it is installed */
        ck_assert_int_eq(rc, ERR_CHILD);
        ck_assert_ptr_nonnull(strstr(err.msg, "/loss_compute.log"));
        read_back(&tmp, "loss_compute.log", &log);
        ck_assert_ptr_nonnull(strstr(buf_str(&log), "no_such_thing"));
    }
    buf_release(&log);
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(a_folder_that_is_not_there_cannot_be_written)
{
    Err err = ERR_INIT;
    make_figure("tnl");
    ck_assert_int_eq(plot_write(&figure, "/proc/no/such", &err), ERR_IO);
}
END_TEST

START_TEST(without_gnuplot_there_is_a_hint)
{
    TmpDir tmp = tmpdir_open();
    Err err = ERR_INIT;
    make_figure("tnl");
    ck_assert_int_eq(plot_write(&figure, tmp.path, &err), ERR_OK);
    ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0); /* NOLINT(concurrency-mt-unsafe) */
    ck_assert_int_eq(plot_render(&figure, tmp.path, &err), ERR_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(err.hint, "gnuplot-nox"));
    tmpdir_close(&tmp);
}
END_TEST

START_TEST(colours_are_fixed_by_name_and_mix_with_white)
{
    char tint[8];
    ck_assert_str_eq(plot_group_color("llama", 7), "#0072B2");
    ck_assert_str_eq(plot_group_color("cosformer2", 0), "#CC79A7");
    ck_assert_str_ne(plot_group_color("other", 0), plot_group_color("another", 1));
    plot_tint("#0072B2", 1.0, tint);
    ck_assert_str_eq(tint, "#0072B2");
    plot_tint("#0072B2", 0.0, tint);
    ck_assert_str_eq(tint, "#FFFFFF");
    plot_tint("#000000", 0.5, tint);
    ck_assert_str_eq(tint, "#808080");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "analysis/report/plot"});
}
