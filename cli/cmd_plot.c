#include <stdio.h>

#include "analysis/report/figures.h"
#include "cli/fit_args.h"
#include "cli/output.h"
#include "common/fsx.h"

typedef struct PlotOpts {
    FitArgs fit;
    const char *out, *axis, *only, *width, *title;
    OptTexts format;
} PlotOpts;

static const PlotOpts plot_default = {.fit = FIT_ARGS_DEFAULT};

static const Opt plot_opts[] = {
    {"out", "DIR", "where to write (default <study>/reports)", OPT_TEXT, offsetof(PlotOpts, out)},
    {"axis", "COLUMN", "loss_axis, too: the end of each run against it, as lr", OPT_TEXT,
     offsetof(PlotOpts, axis)},
    {"format", "KINDS", "svg, png, pdf, eps; with commas or repeated (default svg,png)", OPT_TEXTS,
     offsetof(PlotOpts, format)},
    {"only", "NAMES", "these pictures, with commas, as loss_compute", OPT_TEXT,
     offsetof(PlotOpts, only)},
    {"width", "WIDTH", "page (7 in) or column (3.4 in); type of 7 points in both (default page)",
     OPT_TEXT, offsetof(PlotOpts, width)},
    {"title", "TEXT", "none, auto or the pictures' title (default auto)", OPT_TEXT,
     offsetof(PlotOpts, title)},
    FIT_ARGS_OPTS(offsetof(PlotOpts, fit)),
    {0},
};

/* Of the command line, before what takes long. */
static ErrCode read_output(const PlotOpts *o, PlotOutput *ret, unsigned *ret_only, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < o->format.n; i++) {
        TRY(plot_parse_formats(o->format.item[i], ret, err));
    }
    TRY(plot_parse_width(o->width, ret, err));
    plot_parse_title(o->title, ret);
    TRY(figures_choose(o->only, ret_only, err));
done:
    return rc;
}

static ErrCode list_files(const Figures *f, const PlotOutput *o, const char *folder, bool is_json,
                          Err *err)
{
    json_t *files = json_array();
    for (size_t i = 0; i < f->n; i++) {
        const char *name = f->figure[i].name;
        (void)json_array_append_new(files, json_sprintf("%s/%s.csv", folder, name));
        (void)json_array_append_new(files, json_sprintf("%s/%s.gp", folder, name));
        for (int k = 0; k < PLOT_N_FORMATS; k++) {
            if (plot_has_format(o, (PlotFormat)k)) {
                (void)json_array_append_new(
                    files, json_sprintf("%s/%s.%s", folder, name, plot_format_name((PlotFormat)k)));
            }
        }
    }
    if (is_json) {
        return output_json(json_pack("{s:i, s:o}", "schema", 1, "files", files), err);
    }
    for (size_t i = 0; i < json_array_size(files); i++) {
        (void)printf("%s\n", json_string_value(json_array_get(files, i)));
    }
    json_decref(files);
    return ERR_OK;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const PlotOpts *o = opts;
    FitArgs args = o->fit;
    FitRun r = {0};
    FigureAxis axis;
    Figures f = {0};
    PlotOutput output = {0};
    unsigned only = 0;
    char folder[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    (void)argc;
    args.law = args.law ? args.law : "chinchilla,paper_power";
    TRY(read_output(o, &output, &only, err));
    TRY(fit_args_open(s, &args, argv[0], &r, err));
    if (o->axis) {
        TRY(figure_axis_find(&r.source.frame, o->axis, &axis, err));
    }
    TRY(report_make(argv[0], &r.obs, &r.plan, &r.report, err));
    TRY(fit_run_folder(&r, o->out, folder, err));
    TRY(figures_make(&r.report, o->axis ? &axis : NULL, only, &f, err));
    if (f.n == 0) {
        rc = err_set(err, ERR_INVALID, "%s has nothing to draw in %s", argv[0], o->only);
        (void)err_hint(err, "docs/reports.md says what each picture needs");
        goto done;
    }
    TRY(plot_draw(f.figure, f.n, &output, folder, err));
    if (f.n_left_out && !s->is_quiet) {
        (void)fprintf(stderr, "slaw: %zu more groups are not drawn\n", f.n_left_out);
    }
    TRY(list_files(&f, &output, folder, s->is_json, err));
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
        "(.gp) that can be run again by hand, and pictures, and lists the files.",
    .opts = plot_opts,
    .opts_size = sizeof(PlotOpts),
    .opts_default = &plot_default,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
