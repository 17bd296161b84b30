/* bench_coverage -- how often the intervals of a fit hold the truth.
 *
 *     bench_coverage [--studies N] [--replicates N] [--threads N] [--loss KIND] [--json]
 *
 * Noisy studies of known laws, each fitted and bootstrapped (analysis/design/simulate.h) as `slaw fit --intervals` does: six surfaces
 * by two designs.
 *   points   8 sizes x 9 lengths, every loss off by 1 % (log-normal) on its own; cases are resampled
 *   runs     16 sizes with 12 checkpoints each, 0.5 % a run and 0.2 % a checkpoint; runs are resampled
 * For each value and method: the share of studies whose 95 % interval holds the true value. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/design/simulate.h"

enum { MAX_POINTS = 192, N_SHOWN = 7 };

static const char *const shown[N_SHOWN] = {"E", "alpha", "beta", "a", "N_opt", "D_opt", "L_opt"};

typedef struct Design {
    double n[MAX_POINTS], d[MAX_POINTS], c[MAX_POINTS];
    size_t run[MAX_POINTS];
    FitData data;
} Design;

typedef struct Plan {
    bool is_json;
    SimOptions options;
} Plan;

static void make(Design *s, bool has_runs)
{
    size_t sizes = has_runs ? 16 : 8, steps = has_runs ? 12 : 9, k = 0;
    for (size_t i = 0; i < sizes; i++) {
        for (size_t j = 0; j < steps; j++, k++) {
            s->n[k] = 4.7e6 * pow(900.0, (double)i / (double)(sizes - 1));
            s->d[k] = 1.9e8 * pow(700.0, (double)j / (double)(steps - 1));
            s->c[k] = 6.0 * s->n[k] * s->d[k];
            s->run[k] = i;
        }
    }
    s->data = (FitData){.n = k,
                        .params = s->n,
                        .tokens = s->d,
                        .flops = s->c,
                        .run = s->run,
                        .n_runs = has_runs ? sizes : 0};
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

static void print_text(const char *surface, const char *design, const Simulation *s)
{
    printf("\n%s, %s: %zu studies, %zu refused\n%-6s", surface, design, s->studies, s->refused, "");
    for (size_t m = 0; m < FIT_N_METHODS; m++) {
        printf(" %10s", fit_method_name((FitMethod)m));
    }
    putchar('\n');
    for (size_t v = 0; v < N_SHOWN; v++) {
        printf("%-6s", shown[v]);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            const SimCover *c = &value_named(s, shown[v])->by[m];
            printf(" %9.1f%%", 100.0 * (double)c->held / (double)(c->given ? c->given : 1));
        }
        putchar('\n');
    }
}

static void print_json(const char *surface, const char *design, const Simulation *s, bool is_first)
{
    printf("%s\n {\"surface\":\"%s\",\"design\":\"%s\",\"studies\":%zu,\"refused\":%zu,"
           "\"coverage\":{",
           is_first ? "" : ",", surface, design, s->studies, s->refused);
    for (size_t v = 0; v < N_SHOWN; v++) {
        printf("%s\"%s\":{", v ? "," : "", shown[v]);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            const SimCover *c = &value_named(s, shown[v])->by[m];
            printf("%s\"%s\":{\"held\":%zu,\"given\":%zu}", m ? "," : "",
                   fit_method_name((FitMethod)m), c->held, c->given);
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
    o->fit.at[0] = 1e21;
    o->fit.n_at = 1;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            p->is_json = true;
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

int main(int argc, char **argv)
{
    static Design design;
    static Simulation s;
    Plan plan = {0};
    Err err = ERR_INIT;
    (void)gsl_set_error_handler_off();
    if (!parse(argc, argv, &plan)) {
        (void)fprintf(stderr, "usage: bench_coverage [--studies N] [--replicates N] [--threads N] "
                              "[--loss KIND] [--json]\n");
        return 2;
    }
    if (plan.is_json) {
        printf("{\"schema\":1,\"loss\":\"%s\",\"replicates\":%zu,\"results\":[",
               fit_loss_name(plan.options.fit.loss.kind), plan.options.fit.bootstrap);
    }
    for (size_t k = 0; k < 2 * (size_t)TRUTH_NAMED; k++) {
        bool has_runs = k % 2 == 1;
        make(&design, has_runs);
        plan.options.seed = 1 + k;
        plan.options.noise =
            has_runs ? (SimNoise){.run = 0.005, .point = 0.002} : (SimNoise){.point = 0.01};
        if (simulate_run(truth_named(k / 2), &design.data, &plan.options, &s, &err) != ERR_OK) {
            (void)fprintf(stderr, "bench_coverage: %s\n", err.msg);
            return 1;
        }
        if (plan.is_json) {
            print_json(truth_name[k / 2], has_runs ? "runs" : "points", &s, k == 0);
        } else {
            print_text(truth_name[k / 2], has_runs ? "runs" : "points", &s);
        }
        (void)fflush(stdout);
    }
    if (plan.is_json) {
        puts("]}");
    }
    return 0;
}
