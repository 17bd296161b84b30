#include <stdio.h>
#include <string.h>

#include "analysis/report/figures.h"
#include "analysis/report/report_answer.h"
#include "cli/fit_args.h"
#include "common/fsx.h"

typedef struct PlotOpts {
    const char *out, *axis, *only, *width, *title;
    OptTexts format;
} PlotOpts;

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
    {0},
};

/* The list of files has a format, too: text, json, ... */
static bool is_answer_format(const char *word, int *ret)
{
    for (int i = 0; i < N_FORMATS; i++) {
        if (strcmp(word, answer_format_names[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* Of the command line, before what takes long. */
static ErrCode read_output(Session *s, const PlotOpts *o, PlotOutput *ret, unsigned *ret_only,
                           Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; i < o->format.n; i++) {
        if (!is_answer_format(o->format.item[i], &s->format)) {
            TRY(plot_parse_formats(o->format.item[i], ret, err));
        }
    }
    TRY(plot_parse_width(o->width, ret, err));
    plot_parse_title(o->title, ret);
    TRY(figures_choose(o->only, ret_only, err));
done:
    return rc;
}

static void list_files(const Figures *f, const PlotOutput *o, const char *folder, AnswerNode *top)
{
    static const Column column[] = {
        {"name"},
        {"title", "picture", .is_prose = true},
        {"file", "file"},
    };
    char path[FSX_PATH_BYTES + 128];
    AnswerNode *table = answer_table(top, "pictures", NULL, COLUMNS(column));
    AnswerNode *files = answer_list(top, "files");
    for (size_t i = 0; i < f->n; i++) {
        const PlotFigure *figure = &f->figure[i];
        const char *const data[] = {"csv", "gp"};
        for (size_t k = 0; k < 2; k++) {
            (void)snprintf(path, sizeof path, "%s/%s.%s", folder, figure->name, data[k]);
            answer_set(files, NULL, value_text(path));
        }
        for (int k = 0; k < PLOT_N_FORMATS; k++) {
            if (plot_has_format(o, (PlotFormat)k)) {
                const char *ending = plot_format_name((PlotFormat)k);
                (void)snprintf(path, sizeof path, "%s/%s.%s", folder, figure->name, ending);
                answer_set(files, NULL, value_text(path));
                answer_row(table, value_text(figure->name), value_text(figure->title),
                           value_text(path));
            }
        }
    }
    answer_say(top, NULL, SAY_NOTE,
               "Beside each picture lie its data (.csv) and its script (.gp).");
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
    PlotOutput output = {0};
    unsigned only = 0;
    AnswerNode *top = NULL;
    char folder[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    (void)argc;
    s->fit.law = s->fit.law ? s->fit.law : "chinchilla,paper_power";
    TRY(read_output(s, o, &output, &only, err));
    TRY(fit_args_open(s, &s->fit, argv[0], &r, err));
    if (o->axis) { /* before what takes long */
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
    TRY(fit_run_answer(s, &r, &top, err));
    list_files(&f, &output, folder, top);
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
    COMMAND_OPTS(plot_opts, PlotOpts),
    .groups = {&group_rows, &group_law, &group_interval, &group_share},
    .examples = {"slaw plot runs/quickstart", "slaw plot points.csv --by model --out pictures"},
    .can_fail_part = true,
    .run = run,
};
