/* loss_axis against numbers worked out by hand, through the CSV that is written. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/report/figures.h"
#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static ObsSource source;
static Obs obs;
static Report report;
static Figures figures;

static void open(const char *csv, const char *by)
{
    Err err = ERR_INIT;
    const ObsOptions o = {.by = by};
    const ReportPlan plan = {
        .law = {form_find("chinchilla")}, .n_laws = 1, .starts = 1, .threads = 1};
    tmp = tmpdir_open();
    const char *path = tmpdir_write(&tmp, "runs.csv", csv);
    ck_assert_msg(obs_source_open(path, &source, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(obs_select(&source.frame, &o, &obs, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(report_make("runs", &obs, &plan, &report, &err) == ERR_OK, "%s", err.msg);
}

static void done(void)
{
    figures_release(&figures);
    report_release(&report);
    obs_release(&obs);
    obs_source_release(&source);
    tmpdir_close(&tmp);
}

/* Draws, and gives the picture's CSV. */
static const PlotFigure *draw(const char *name, Buf *csv)
{
    FigureAxis axis;
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_msg(figure_axis_find(&source.frame, name, &axis, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(figures_make(&report, &axis, 0, &figures, &err) == ERR_OK, "%s", err.msg);
    const PlotFigure *f = &figures.figure[figures.n - 1];
    ck_assert_str_eq(f->name, "loss_axis");
    ck_assert_msg(plot_write(f, &(PlotOutput){0}, tmp.path, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(fsx_join(path, tmp.path, "loss_axis.csv", &err), ERR_OK);
    buf_clear(csv);
    ck_assert_int_eq(fsx_read(path, 1 << 20, csv, &err), ERR_OK);
    return f;
}

typedef struct Line {
    int series;
    double x, y;
    const char *panel, *label;
} Line;

static void check(const Buf *csv, const char *header, const Line *want, size_t n)
{
    const char *at = buf_str(csv);
    ck_assert_msg(strncmp(at, header, strlen(header)) == 0, "%s", at);
    for (size_t i = 0; i < n; i++) {
        char panel[64] = "", label[64] = "";
        int series;
        double x, y;
        at = strchr(at, '\n') + 1;
        ck_assert_msg(
            sscanf(at, "%d,%lf,%lf,\"%63[^\"]\",\"%63[^\"]\"", &series, &x, &y, panel, label) == 5,
            "line %zu: %s", i, at);
        ck_assert_msg(series == want[i].series && x == want[i].x &&
                          fabs(y / want[i].y - 1.0) < 1e-15 && strcmp(panel, want[i].panel) == 0 &&
                          strcmp(label, want[i].label) == 0,
                      "line %zu: %s", i, at);
    }
    ck_assert_str_eq(strchr(at, '\n') + 1, "");
}

/* Rows are in no order.  Of tnl at 0.002 two seeds end at 2 and 8: exp of the mean log is 4.  The run that
 * diverged would be the lowest; the first observations of all are lower than the last. */
START_TEST(the_last_observations_are_drawn)
{
    Buf csv = BUF_INIT;
    open("arch,run,N,D,loss,opt.adamw.lr,state\n"
         "tnl,t2a,1e6,2e7,2,0.002,done\ntnl,t2a,1e6,1e7,1.5,0.002,done\n"
         "tnl,t2b,1e6,1e7,1.5,0.002,done\ntnl,t2b,1e6,2e7,8,0.002,done\n"
         "tnl,t4,1e6,2e7,5,0.004,done\ntnl,t1,1e6,2e7,4.5,0.001,done\n"
         "tnl,t8,1e6,2e7,0.5,0.008,diverged\n"
         "tnl,none,1e6,2e7,0.5,,done\n"
         "gpt,g4,4e6,2e7,3.25,0.004,done\ngpt,g4,4e6,1e7,3,0.004,done\n"
         "gpt,g1,4e6,2e7,3.5,0.001,done\n"
         "gpt,s4,1e6,2e7,3.75,0.004,done\ngpt,s1,1e6,2e7,3.625,0.001,done\n"
         "gpt,b1,16e6,2e7,3.125,0.001,done\n",
         "arch");
    const PlotFigure *f = draw("lr", &csv);
    static const Line want[] = {
        {0, 0.001, 4.5, "TNL", "N = 1M"},    {0, 0.002, 4.0, "TNL", "N = 1M"},
        {0, 0.004, 5.0, "TNL", "N = 1M"},    {1, 0.002, 4.0, "TNL", "lowest"},
        {2, 0.001, 3.625, "gpt", "N = 1M"},  {2, 0.004, 3.75, "gpt", "N = 1M"},
        {3, 0.001, 3.5, "gpt", "N = 4M"},    {3, 0.004, 3.25, "gpt", "N = 4M"},
        {4, 0.001, 3.125, "gpt", "N = 16M"}, /* a point alone has no lowest */
        {5, 0.001, 3.625, "gpt", "lowest"},  {5, 0.004, 3.25, "gpt", "lowest"},
    };
    check(&csv, "series,opt.adamw.lr,loss,panel,label\n", want, sizeof want / sizeof want[0]);
    ck_assert(!f->is_x_linear);
    ck_assert_ptr_nonnull(strstr(f->title, "against lr"));
    ck_assert_uint_eq(f->n_x_ticks, 3);
    ck_assert_double_eq(f->x_tick[1], 0.002);
    /* the largest size has the full colour, and the ring is no series' colour */
    ck_assert_str_eq(f->panel[1].series[2].look.color, plot_look("gpt", 1).color);
    ck_assert_str_ne(f->panel[1].series[0].look.color, f->panel[1].series[2].look.color);
    ck_assert_int_eq(f->panel[0].series[1].style, PLOT_MARKS);
    buf_release(&csv);
    done();
}
END_TEST

/* Without runs: the rows of the largest D of each N and value; 0 makes the axis linear; a name is
 * made fit for a header. */
START_TEST(a_source_without_runs_has_points)
{
    Buf csv = BUF_INIT;
    open("arch,N,D,loss,\"weight, decay\"\n"
         "tnl,1e6,1e7,9,0\ntnl,1e6,2e7,2,0\ntnl,1e6,2e7,8,0\n"
         "tnl,1e6,1e7,7,0.1\ntnl,1e6,2e7,6,0.1\n",
         "arch");
    const PlotFigure *f = draw("weight, decay", &csv);
    static const Line want[] = {{0, 0.0, 4.0, "TNL", "N = 1M"},
                                {0, 0.1, 6.0, "TNL", "N = 1M"},
                                {1, 0.0, 4.0, "TNL", "lowest"}};
    check(&csv, "series,weight__decay,loss,panel,label\n", want, 3);
    ck_assert(f->is_x_linear);
    buf_release(&csv);
    done();
}
END_TEST

START_TEST(many_sizes_are_points)
{
    Buf csv = BUF_INIT;
    buf_puts(&csv, "arch,run,N,D,loss,lr\n");
    for (int i = 0; i < 17; i++) {
        buf_printf(&csv, "tnl,r%d,%d,1e7,3,0.%d\n", i, 1000 * (i + 1), i + 1);
    }
    open(buf_str(&csv), "arch");
    const PlotFigure *f = draw("lr", &csv);
    ck_assert_uint_eq(f->panel[0].n_series, 1);
    ck_assert_int_eq(f->panel[0].series[0].style, PLOT_POINTS);
    ck_assert_uint_eq(f->panel[0].series[0].n, 17);
    buf_release(&csv);
    done();
}
END_TEST

static void no_axis(const char *name, const char *msg, const char *hint)
{
    FigureAxis axis;
    Err err = ERR_INIT;
    ck_assert_int_eq(figure_axis_find(&source.frame, name, &axis, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, msg) && strstr(err.hint, hint), "%s | %s", err.msg, err.hint);
}

static void not_drawn(const char *name, const char *msg)
{
    FigureAxis axis;
    Err err = ERR_INIT;
    ck_assert_int_eq(figure_axis_find(&source.frame, name, &axis, &err), ERR_OK);
    ck_assert_int_eq(figures_make(&report, &axis, 0, &figures, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, msg) != NULL, "%s", err.msg);
}

START_TEST(what_is_no_axis_is_refused)
{
    FigureAxis axis;
    Err err = ERR_INIT;
    open("run,N,D,loss,adamw.lr,muon.lr,text,empty\na,1e6,1e7,3,1,2,x,\nb,1e6,1e7,3,1,2,y,\n",
         NULL);
    no_axis("momentum", "no column \"momentum\"", "run, N, D, loss, adamw.lr, muon.lr");
    no_axis("lr", "\"lr\" may mean several columns", "adamw.lr, muon.lr");
    ck_assert_int_eq(figure_axis_find(&source.frame, "muon.lr", &axis, &err), ERR_OK);
    ck_assert_uint_eq(axis.column, 5);
    not_drawn("text", "\"x\" is not a number");
    not_drawn("empty", "no observation has a value in column \"empty\"");
    ck_assert_int_eq(figures_make(&report, NULL, 0, &figures, &err),
                     ERR_OK); /* no axis, no picture */
    for (size_t i = 0; i < figures.n; i++) {
        ck_assert_str_ne(figures.figure[i].name, "loss_axis");
    }
    done();
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "figure_axis"});
}
