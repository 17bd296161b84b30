/* bench_coverage -- how often the intervals of a fit hold the truth.
 *
 *     bench_coverage [--design NAME] [--studies N] [--replicates N] [--threads N] [--loss KIND] [--json]
 *
 * Noisy studies of known laws, each fitted and bootstrapped (analysis/design/simulate.h) as `slaw fit --intervals` does.
 * Six surfaces by
 *   points   8 sizes x 9 lengths, every loss off by 1 % (log-normal) on its own; cases are resampled
 *   runs     16 sizes with 12 checkpoints each, 0.5 % a run and 0.2 % a checkpoint; runs are resampled
 * and four surfaces of models of bytes by
 *   few      6 sizes of 26 thousand to 6.5 million with 57 checkpoints from 250 thousand to 10 million
 *            tokens, 0.5 % a run and 0.2 % a checkpoint; once runs are drawn, once their residuals
 *            weighted (`wild`)
 *   drift    the same with 0.3 % a run and 0.3 % a checkpoint, correlated by 0.95 with the next
 * For each value and method: the share of studies whose 95 % interval holds the true value; and the
 * bootstrap's median width over that of estimates which are normal with the spread seen. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/simulate.h"

enum { MAX_POINTS = 342, N_SHOWN = 7, N_BYTES = 4 };

static const char *const shown[N_SHOWN] = {"E", "alpha", "beta", "a", "N_opt", "D_opt", "L_opt"};

typedef struct Design {
    double n[MAX_POINTS], d[MAX_POINTS], c[MAX_POINTS];
    size_t run[MAX_POINTS];
    FitData data;
} Design;

typedef struct Layout {
    const char *name;
    FitResampling resampling;
    size_t sizes, steps;
    double n_least, n_range, d_least, d_range, at;
    SimNoise noise;
    uint64_t seed; /* of the first surface; two more a surface */
    bool has_runs, is_bytes;
} Layout;

#define FEW_RUNS 6, 57, 26e3, 250.0, 250e3, 40.0, 6e15
static const Layout layout[] = {
    {"points", FIT_CASES, 8, 9, 4.7e6, 900.0, 1.9e8, 700.0, 1e21, {.point = 0.01}, 1, false, false},
    {"runs",
     FIT_CLUSTERS,
     16,
     12,
     4.7e6,
     900.0,
     1.9e8,
     700.0,
     1e21,
     {0.005, 0.002, 0.0},
     2,
     true,
     false},
    {"few", FIT_CLUSTERS, FEW_RUNS, {0.005, 0.002, 0.0}, 101, true, true},
    {"few", FIT_WILD, FEW_RUNS, {0.005, 0.002, 0.0}, 101, true, true},
    {"drift", FIT_CLUSTERS, FEW_RUNS, {0.003, 0.003, 0.95}, 102, true, true},
    {"drift", FIT_WILD, FEW_RUNS, {0.003, 0.003, 0.95}, 102, true, true},
};
enum { N_LAYOUTS = sizeof layout / sizeof layout[0] };

/* E, alpha, beta, and what size and data cost at the largest of both. */
static const struct {
    const char *name;
    double e, alpha, beta, of_n, of_d;
} bytes[N_BYTES] = {
    {"shallow", 0.5, 0.3, 0.3, 0.3, 0.4},
    {"middle", 0.8, 0.4, 0.4, 0.12, 0.28},
    {"deep", 1.1, 0.5, 0.5, 0.08, 0.12},
    {"uneven", 0.6, 0.5, 0.3, 0.07, 0.45},
};

typedef struct Plan {
    bool is_json;
    const char *design;
    SimOptions options;
} Plan;

static Truth truth_of(const Layout *l, size_t surface)
{
    if (!l->is_bytes) {
        return *truth_named(surface);
    }
    double alpha = bytes[surface].alpha, beta = bytes[surface].beta;
    return (Truth){
        .form = form_find("chinchilla"),
        .params = {bytes[surface].e, bytes[surface].of_n * pow(l->n_least * l->n_range, alpha),
                   bytes[surface].of_d * pow(l->d_least * l->d_range, beta), alpha, beta}};
}

static void make(const Layout *l, Design *s)
{
    size_t k = 0;
    for (size_t i = 0; i < l->sizes; i++) {
        for (size_t j = 0; j < l->steps; j++, k++) {
            s->n[k] = l->n_least * pow(l->n_range, (double)i / (double)(l->sizes - 1));
            s->d[k] = l->d_least * pow(l->d_range, (double)j / (double)(l->steps - 1));
            s->c[k] = 6.0 * s->n[k] * s->d[k];
            s->run[k] = i;
        }
    }
    s->data = (FitData){.n = k,
                        .params = s->n,
                        .tokens = s->d,
                        .flops = s->c,
                        .run = s->run,
                        .n_runs = l->has_runs ? l->sizes : 0};
}

static const SimValue *value_named(const Simulation *s, const char *name)
{
    for (size_t k = 0; k < s->n_values; k++) {
        if (strcmp(s->value[k].name, name) == 0) {
            return &s->value[k];
        }
    }
    return &s->value[0];
}

/* Median width of the bootstrap's intervals over 2 x 1.96 standard deviations of the estimates. */
static double width_of(const SimValue *v)
{
    return v->by[FIT_PERCENTILE].width / (2.0 * 1.959964 * v->sd);
}

static void print_text(const char *surface, const Layout *l, const Simulation *s)
{
    printf("\n%s, %s, %s: %zu studies, %zu refused\n%-6s", surface, l->name,
           fit_resampling_name(l->resampling), s->studies, s->refused, "");
    for (size_t m = 0; m < FIT_N_METHODS; m++) {
        printf(" %10s", fit_method_name((FitMethod)m));
    }
    puts("      width");
    for (size_t v = 0; v < N_SHOWN; v++) {
        const SimValue *value = value_named(s, shown[v]);
        printf("%-6s", shown[v]);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            const SimCover *c = &value->by[m];
            printf(" %9.1f%%", 100.0 * (double)c->held / (double)(c->given ? c->given : 1));
        }
        printf(" %10.2f\n", width_of(value));
    }
}

static void print_json(const char *surface, const Layout *l, const Simulation *s, bool is_first)
{
    printf("%s\n {\"surface\":\"%s\",\"design\":\"%s\",\"resample\":\"%s\",\"studies\":%zu,"
           "\"refused\":%zu,\"coverage\":{",
           is_first ? "" : ",", surface, l->name, fit_resampling_name(l->resampling), s->studies,
           s->refused);
    for (size_t v = 0; v < N_SHOWN; v++) {
        const SimValue *value = value_named(s, shown[v]);
        printf("%s\"%s\":{\"width\":%.4f", v ? "," : "", shown[v], width_of(value));
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            const SimCover *c = &value->by[m];
            printf(",\"%s\":{\"held\":%zu,\"given\":%zu}", fit_method_name((FitMethod)m), c->held,
                   c->given);
        }
        putchar('}');
    }
    printf("}}");
}

static bool parse(int argc, char **argv, Plan *p)
{
    Err err = ERR_INIT;
    SimOptions *o = &p->options;
    o->studies = 200;
    o->fit = fit_defaults(form_find("chinchilla"));
    o->fit.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    o->fit.starts = 8;
    o->fit.bootstrap = 400;
    o->fit.has_all_intervals = true;
    o->fit.n_at = 1;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            p->is_json = true;
        } else if (strcmp(argv[i], "--design") == 0) {
            p->design = value;
            i++;
        } else if (strcmp(argv[i], "--studies") == 0) {
            o->studies = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--replicates") == 0) {
            o->fit.bootstrap = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--threads") == 0) {
            o->threads = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--loss") == 0 &&
                   fit_loss_parse(value, &o->fit.loss, &err) == ERR_OK) {
            i++;
        } else {
            return false;
        }
    }
    return o->studies > 0 && o->fit.bootstrap > 0 && o->threads <= 64;
}

static bool run(const Plan *plan, const Layout *l, size_t surface, bool is_first)
{
    static Design design;
    static Simulation s;
    Err err = ERR_INIT;
    SimOptions o = plan->options;
    const char *name = l->is_bytes ? bytes[surface].name : truth_name[surface];
    Truth truth = truth_of(l, surface);
    make(l, &design);
    o.seed = l->seed + 2 * surface;
    o.noise = l->noise;
    o.fit.resampling = l->resampling;
    o.fit.at[0] = l->at;
    if (simulate_run(&truth, &design.data, &o, &s, &err) != ERR_OK) {
        (void)fprintf(stderr, "bench_coverage: %s\n", err.msg);
        return false;
    }
    if (plan->is_json) {
        print_json(name, l, &s, is_first);
    } else {
        print_text(name, l, &s);
    }
    (void)fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    Plan plan = {0};
    bool is_first = true;
    (void)gsl_set_error_handler_off();
    if (!parse(argc, argv, &plan)) {
        (void)fprintf(stderr,
                      "usage: bench_coverage [--design points|runs|few|drift] [--studies N] "
                      "[--replicates N] [--threads N] [--loss KIND] [--json]\n");
        return 2;
    }
    if (plan.is_json) {
        printf("{\"schema\":1,\"loss\":\"%s\",\"replicates\":%zu,\"results\":[",
               fit_loss_name(plan.options.fit.loss.kind), plan.options.fit.bootstrap);
    }
    for (size_t k = 0; k < N_LAYOUTS; k++) {
        bool is_asked = !plan.design || strcmp(plan.design, layout[k].name) == 0;
        size_t surfaces = layout[k].is_bytes ? N_BYTES : TRUTH_NAMED;
        for (size_t i = 0; is_asked && i < surfaces; i++) {
            if (!run(&plan, &layout[k], i, is_first)) {
                return 1;
            }
            is_first = false;
        }
    }
    if (plan.is_json) {
        puts("]}");
    }
    return is_first ? 2 : 0;
}
