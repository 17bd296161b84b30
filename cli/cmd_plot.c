#include <stdio.h>

#include "analysis/report/figures.h"
#include "analysis/report/report_answer.h"
#include "cli/fit_args.h"
#include "common/fsx.h"

typedef struct PlotOpts {
    const char *out, *axis;
} PlotOpts;

static const Opt plot_opts[] = {
    {"out", "DIR", "where to write (default <study>/reports)", OPT_TEXT, offsetof(PlotOpts, out)},
    {"axis", "COLUMN", "loss_axis, too: the end of each run against it, as lr", OPT_TEXT,
     offsetof(PlotOpts, axis)},
    {0},
};

/* Draws what can be drawn: without gnuplot data and scripts are still written. */
static ErrCode write_all(const Figures *f, const char *folder, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < f->n; i++) {
        TRY(plot_write(&f->figure[i], folder, err));
    }
    for (size_t i = 0; i < f->n; i++) {
        TRY(plot_render(&f->figure[i], folder, err));
    }
done:
    return rc;
}

static void list_files(const Figures *f, const char *folder, AnswerNode *top)
{
    static const char *const ending[] = {"csv", "gp", "svg", "png"};
    static const Column column[] = {
        {.key = "name"},
        {.key = "title", .heading = "picture", .is_prose = true},
        {.key = "svg", .heading = "file"},
    };
    char path[FSX_PATH_BYTES + 128];
    AnswerNode *table =
        answer_table(top, "pictures", NULL, column, sizeof column / sizeof column[0]);
    AnswerNode *files = answer_list(top, "files");
    for (size_t i = 0; i < f->n; i++) {
        const PlotFigure *figure = &f->figure[i];
        for (size_t k = 0; k < sizeof ending / sizeof ending[0]; k++) {
            (void)snprintf(path, sizeof path, "%s/%s.%s", folder, figure->name, ending[k]);
            answer_set(files, NULL, value_text(path));
        }
        (void)snprintf(path, sizeof path, "%s/%s.svg", folder, figure->name);
        answer_row(table, value_text(figure->name), value_text(figure->title), value_text(path));
    }
    answer_say(top, NULL, SAY_NOTE,
               "Beside each picture lie its data (.csv), its script (.gp) and a bitmap (.png).");
    answer_set(top, "groups_not_drawn", value_size(f->n_left_out));
    if (f->n_left_out) {
        answer_say(top, NULL, SAY_WARNING, "%zu more groups are not drawn.", f->n_left_out);
    }
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const PlotOpts *o = opts;
    FitRun r = {0};
    FigureAxis axis;
    Figures f = {0};
    AnswerNode *top = NULL;
    char folder[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    (void)argc;
    s->fit.law = s->fit.law ? s->fit.law : "chinchilla,paper_power";
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    if (o->axis) { /* before what takes long */
        TRY(figure_axis_find(&r.source.frame, o->axis, &axis, err));
    }
    TRY(report_make(argv[0], &r.obs, &r.plan, &r.report, err));
    TRY(fit_run_folder(&r, o->out, folder, err));
    TRY(figures_make(&r.report, o->axis ? &axis : NULL, &f, err));
    TRY(write_all(&f, folder, err));
    TRY(fit_run_answer(s, &r, &top, err));
    list_files(&f, folder, top);
    report_refused_answer(&r.report, top);
    fit_run_status(s, &r);
done:
    figures_release(&f);
    fit_run_release(&r);
    return rc;
}

const Command command_plot = {
    .name = "plot",
    .args = "SOURCE",
    .summary = "pictures of the loss against C, N and D with the fitted laws",
    .description =
        "Writes loss against C, N and D, the law as contours, isoFLOP curves, the best N and D "
        "with bands, residuals and profiles, and with --axis the loss at the end of each run "
        "against a column of a sweep.\n"
        "Each is written as data (.csv), a gnuplot script (.gp) that can be run again by hand, and "
        "pictures (.svg, .png), and listed.",
    .opts = plot_opts,
    .opts_size = sizeof(PlotOpts),
    .groups = {&group_rows, &group_law, &group_interval, &group_share},
    .examples = {"slaw plot runs/quickstart", "slaw plot points.csv --by model --out pictures"},
    .can_fail_part = true,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
