#include "cli/command.h"

#define FIT(field) offsetof(Session, fit.field)

static const Opt rows_opts[] = {
    {"where", "COND", "rows with COLUMN=VALUE; also != < <= > >=; may be repeated", OPT_TEXTS,
     FIT(where)},
    {"by", "COLUMN", "one fit for each value of it (default: the study's)", OPT_TEXT, FIT(by)},
    {"map", "NAME=COLUMN", "where N, D, loss, ... is found; COLUMN*2048 scales; may be repeated",
     OPT_TEXTS, FIT(map)},
    {"best-per", "COLUMNS", "of rows alike in these (N,D) only the one of least loss", OPT_TEXT,
     FIT(best_per)},
    {"task", "NAME", "evaluations of this task (default validation)", OPT_TEXT, FIT(task)},
    {"convention", "NAME", "of C: paper, exact, 6nd or given (default paper, else given)", OPT_TEXT,
     FIT(convention)},
    {"final-only", NULL, "only the last observation of each run", OPT_FLAG, FIT(final_only)},
    {"min-tokens", "D", "leave out observations below this D (default 0)", OPT_F64,
     FIT(min_tokens)},
    {"skip-fraction", "F", "leave out the first share of each run (default 0)", OPT_F64,
     FIT(skip_fraction)},
    {"dir", "DIR", "of a study file: the study's directory (default runs/<study>)", OPT_TEXT,
     FIT(dir)},
    {0},
};

static const Opt law_opts[] = {
    {"law", "NAMES", "with commas: chinchilla, power:N, ... (default: the study's)", OPT_TEXT,
     FIT(law)},
    {"loss", "KIND", "huber:DELTA, mse, l1 or asymmetric:WEIGHT (default: the law's)", OPT_TEXT,
     FIT(loss)},
    {"residual", "KIND", "log or raw (default: the law's)", OPT_TEXT, FIT(residual)},
    {"fix", "PARAM=X", "hold a parameter of the law, as E=0; may be repeated", OPT_TEXTS, FIT(fix)},
    {"starts", "N", "starting points (default 64)", OPT_I64, FIT(starts)},
    {"seed", "N", "of starts and replicates (default 1)", OPT_I64, FIT(seed)},
    {"threads", "N", "cannot change a result (default 1)", OPT_I64, FIT(threads)},
    {0},
};

static const Opt interval_opts[] = {
    {"bootstrap", "N", "replicates for the intervals, 0 for none (default 200, of compare 1000)",
     OPT_I64, FIT(bootstrap)},
    {"resample", "KIND", "cases, cluster, stratified, residual, wild or auto (default auto)",
     OPT_TEXT, FIT(resampling)},
    {0},
};

static const Opt share_opts[] = {
    {"share", "PARAMS", "one value for all groups, as alpha,beta", OPT_TEXT, FIT(share)},
    {0},
};

static const Opt isoflop_opts[] = {
    {"isoflop", NULL, "approach 2 beside the laws: a parabola at each compute budget", OPT_FLAG,
     FIT(isoflop)},
    {"window", "N",
     "points of a budget around its least loss that its parabola takes (default all)", OPT_I64,
     FIT(window)},
    {0},
};

static const Opt optimum_opts[] = {
    {"at-flops", "C", "the best N and D for C = 6 N D; several with commas", OPT_TEXT,
     FIT(at_flops)},
    {0},
};

static const Opt methods_opts[] = {
    {"intervals", NULL, "BCa, sandwich, profile and jackknife beside the bootstrap", OPT_FLAG,
     FIT(all_intervals)},
    {0},
};

static const Opt study_opts[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT, FIT(dir)},
    {0},
};

static const char *const color_words[] = {"auto", "always", "never", NULL};

static const Opt output_opts[] = {
    {"format", "NAME", "text, json, markdown, latex, csv or html (default text)", OPT_CHOICE,
     offsetof(Session, format), answer_format_names, 0},
    {"json", NULL, "the same as --format json", OPT_FLAG, offsetof(Session, output.json), NULL, 0},
    {"table", "NAME", "which table --format csv prints, by its key in JSON", OPT_TEXT,
     offsetof(Session, output.table), NULL, 0},
    {"width", "N", "characters a line (default: the terminal's, 100 into a pipe)", OPT_I64,
     offsetof(Session, output.width), NULL, 0},
    {"wide", NULL, "every column, however wide the table becomes", OPT_FLAG,
     offsetof(Session, output.is_wide), NULL, 0},
    {"color", "WHEN", "auto, always or never (default auto: on a terminal)", OPT_CHOICE,
     offsetof(Session, output.color), color_words, 0},
    {0},
};

static const Opt data_opts[] = {
    {"json", NULL, "one object that describes it, in place of the data", OPT_FLAG,
     offsetof(Session, output.json), NULL, 0},
    {0},
};

static const Opt general_opts[] = {
    {"quiet", NULL, "no progress and no notices", OPT_FLAG, offsetof(Session, is_quiet), NULL, 'q'},
    {"verbose", NULL, "more messages; twice: debugging", OPT_COUNT, offsetof(Session, verbosity),
     NULL, 'v'},
    {"help", NULL, "print this help", OPT_FLAG, offsetof(Session, output.is_help), NULL, 'h'},
    {0},
};

const OptGroup group_rows = {"rows", "which rows of SOURCE, and their groups", rows_opts};
const OptGroup group_law = {"law", "what is fitted, and how", law_opts};
const OptGroup group_interval = {"interval", "intervals", interval_opts};
const OptGroup group_share = {"share", "parameters in common", share_opts};
const OptGroup group_isoflop = {"isoflop", "parabolas at equal compute", isoflop_opts};
const OptGroup group_optimum = {"optimum", "the best N and D of a budget", optimum_opts};
const OptGroup group_methods = {"methods", "other kinds of interval", methods_opts};
const OptGroup group_study = {"study", "where the study lives", study_opts};
const OptGroup group_output = {"output", "how the answer is shown", output_opts};
const OptGroup group_data = {"data", "what a verb that prints data says of them", data_opts};
const OptGroup group_general = {"general", "for every verb", general_opts};

const OptGroup *const all_groups[] = {
#define GROUP(id) &group_##id,
#include "cli/groups.def"
#undef GROUP
    NULL,
};
