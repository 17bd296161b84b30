#include <stdio.h>
#include <stdlib.h>

#include "analysis/report/figures.h"
#include "cli/fit_args.h"
#include "common/fsx.h"

typedef struct PlotOpts {
    FitArgs fit;
    const char *out, *axis;
} PlotOpts;

static const PlotOpts plot_default = {.fit = FIT_ARGS_DEFAULT};

static const Opt plot_opts[] = {
    {"out", "DIR", "where to write (default <study>/reports)", OPT_TEXT, offsetof(PlotOpts, out)},
    {"axis", "COLUMN", "loss_axis, too: the end of each run against it, as lr", OPT_TEXT,
     offsetof(PlotOpts, axis)},
    FIT_ARGS_OPTS(offsetof(PlotOpts, fit)),
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

static void list_files(const Figures *f, const char *folder, bool is_json)
{
    static const char *const ending[] = {"csv", "gp", "svg", "png"};
    (void)fputs(is_json ? "{\"schema\":1,\"files\":[" : "", stdout);
    for (size_t i = 0; i < f->n * 4; i++) {
        const char *name = f->figure[i / 4].name;
        if (is_json) {
            json_t *path = json_sprintf("%s/%s.%s", folder, name, ending[i % 4]);
            char *text = json_dumps(path, JSON_ENCODE_ANY);
            (void)printf("%s%s", i ? "," : "", text ? text : "null");
            free(text);
            json_decref(path);
        } else {
            (void)printf("%s/%s.%s\n", folder, name, ending[i % 4]);
        }
    }
    (void)fputs(is_json ? "]}\n" : "", stdout);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const PlotOpts *o = opts;
    FitArgs args = o->fit;
    FitRun r = {0};
    FigureAxis axis;
    Figures f = {0};
    char folder[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    (void)argc;
    args.law = args.law ? args.law : "chinchilla,paper_power";
    TRY(fit_args_open(s, &args, argv[0], &r, err));
    if (o->axis) { /* before what takes long */
        TRY(figure_axis_find(&r.source.frame, o->axis, &axis, err));
    }
    TRY(report_make(argv[0], &r.obs, &r.plan, &r.report, err));
    TRY(fit_run_folder(&r, o->out, folder, err));
    TRY(figures_make(&r.report, o->axis ? &axis : NULL, &f, err));
    TRY(write_all(&f, folder, err));
    if (f.n_left_out && !s->is_quiet) {
        (void)fprintf(stderr, "slaw: %zu more groups are not drawn\n", f.n_left_out);
    }
    list_files(&f, folder, s->is_json);
    fit_run_report_refusals(s, &r);
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
        "with\n"
        "bands, residuals and profiles, and with --axis the loss at the end of each run against a\n"
        "column of a sweep, each as data (.csv), a gnuplot script\n"
        "(.gp) that can be run again by hand, and pictures (.svg, .png), and lists the files.",
    .opts = plot_opts,
    .opts_size = sizeof(PlotOpts),
    .opts_default = &plot_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
