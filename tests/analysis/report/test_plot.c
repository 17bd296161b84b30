#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/plot.h"
#include "common/fsx.h"
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

static void fill(TCase *tc)
{
    tcase_add_test(tc, data_and_script_say_everything);
    tcase_add_test(tc, gnuplot_draws_both_pictures_if_it_is_there);
    tcase_add_test(tc, what_gnuplot_says_is_kept_when_it_fails);
    tcase_add_test(tc, a_folder_that_is_not_there_cannot_be_written);
    tcase_add_test(tc, without_gnuplot_there_is_a_hint);
    tcase_add_test(tc, colours_are_fixed_by_name_and_mix_with_white);
}

int main(void)
{
    return suite_main("analysis/report/plot", fill);
}
