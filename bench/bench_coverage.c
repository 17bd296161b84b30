/* bench_coverage -- how often the intervals of a fit hold the truth.
 *
 *     bench_coverage [--studies N] [--replicates N] [--threads N] [--loss KIND] [--json]
 *
 * Noisy studies of known laws, each fitted and bootstrapped as `slaw fit --intervals` does: six surfaces
 * by two designs.
 *   points   8 sizes x 9 lengths, every loss off by 1 % (log-normal) on its own; cases are resampled
 *   runs     16 sizes with 12 checkpoints each, 0.5 % a run and 0.2 % a checkpoint; runs are resampled
 * For each value and method: the share of studies whose 95 % interval holds the true value. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/values.h"
#include "common/rng.h"

enum { MAX_POINTS = 512, N_SURFACES = 6, N_SHOWN = 7 };

static const struct {
    const char *name;
    double law[5];
} surfaces[N_SURFACES] = {
    {"hoffmann", {1.69, 406.4, 410.7, 0.34, 0.28}},
    {"besiroglu", {1.8172, 482.01, 2085.43, 0.3478, 0.3658}},
    {"imbalanced", {1.69, 406.4, 410.7, 0.465, 0.155}},
    {"low_floor", {0.3, 50.0, 80.0, 0.22, 0.19}},
    {"steep", {2.1, 25000.0, 900000.0, 0.62, 0.7}},
    {"symmetric", {1.5, 300.0, 300.0, 0.3, 0.3}},
};

static const char *const shown[N_SHOWN] = {"E", "alpha", "beta", "a", "N_opt", "D_opt", "L_opt"};

typedef struct Study {
    double n[MAX_POINTS], d[MAX_POINTS], c[MAX_POINTS], loss[MAX_POINTS];
    size_t run[MAX_POINTS];
    FitData data;
} Study;

typedef struct Count {
    size_t held[N_SHOWN][FIT_N_METHODS], given[N_SHOWN][FIT_N_METHODS];
    size_t refused;
} Count;

typedef struct Plan {
    size_t studies;
    bool is_json;
    FitOptions options;
} Plan;

static void make(Study *s, const double *law, bool has_runs, uint64_t seed)
{
    size_t sizes = has_runs ? 16 : 8, steps = has_runs ? 12 : 9, k = 0;
    for (size_t i = 0; i < sizes; i++) {
        for (size_t j = 0; j < steps; j++, k++) {
            double of_run = has_runs ? 0.005 * rng_normal(seed, 1, i) : 0.0;
            double of_point = (has_runs ? 0.002 : 0.01) * rng_normal(seed, 2, k);
            s->n[k] = 4.7e6 * pow(900.0, (double)i / (double)(sizes - 1));
            s->d[k] = 1.9e8 * pow(700.0, (double)j / (double)(steps - 1));
            s->c[k] = 6.0 * s->n[k] * s->d[k];
            s->run[k] = i;
            s->loss[k] =
                (law[0] + law[1] * pow(s->n[k], -law[3]) + law[2] * pow(s->d[k], -law[4])) *
                exp(of_run + of_point);
        }
    }
    s->data = (FitData){.n = k,
                        .params = s->n,
                        .tokens = s->d,
                        .flops = s->c,
                        .loss = s->loss,
                        .run = s->run,
                        .n_runs = has_runs ? sizes : 0};
}

static size_t slot_named(FitResult *r, const char *name)
{
    for (size_t k = 0; k < fit_slots(r); k++) {
        if (strcmp(fit_slot(r, k)->name, name) == 0) {
            return k;
        }
    }
    return 0;
}

static void count_one(const Plan *plan, Study *s, const double *law, Count *c)
{
    static FitResult r;
    double theta[FORM_MAX_PARAMS], truth[FIT_MAX_VALUES];
    const double none[FORM_MAX_INPUTS] = {0.0};
    const FitOptions *o = &plan->options;
    Err err = ERR_INIT;
    if (fit_run(o, &s->data, &r, &err) != ERR_OK) {
        c->refused++;
        return;
    }
    o->form->internal(o->form, law, none, theta);
    (void)values_at(o->form, none, theta, NULL, o->at, o->n_at, truth);
    for (size_t v = 0; v < N_SHOWN; v++) {
        size_t k = slot_named(&r, shown[v]);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            const FitInterval *i = &fit_slot(&r, k)->by[m];
            bool is_given = isfinite(i->lo) && isfinite(i->hi);
            c->given[v][m] += is_given ? 1 : 0;
            c->held[v][m] += is_given && i->lo <= truth[k] && truth[k] <= i->hi ? 1 : 0;
        }
    }
}

static void print_text(const char *surface, const char *design, const Count *c, size_t studies)
{
    printf("\n%s, %s: %zu studies, %zu refused\n%-6s", surface, design, studies, c->refused, "");
    for (size_t m = 0; m < FIT_N_METHODS; m++) {
        printf(" %10s", fit_method_name((FitMethod)m));
    }
    putchar('\n');
    for (size_t v = 0; v < N_SHOWN; v++) {
        printf("%-6s", shown[v]);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            double share = (double)c->held[v][m] / (double)(c->given[v][m] ? c->given[v][m] : 1);
            printf(" %9.1f%%", 100.0 * share);
        }
        putchar('\n');
    }
}

static void print_json(const char *surface, const char *design, const Count *c, size_t studies,
                       bool is_first)
{
    printf("%s\n {\"surface\":\"%s\",\"design\":\"%s\",\"studies\":%zu,\"refused\":%zu,"
           "\"coverage\":{",
           is_first ? "" : ",", surface, design, studies, c->refused);
    for (size_t v = 0; v < N_SHOWN; v++) {
        printf("%s\"%s\":{", v ? "," : "", shown[v]);
        for (size_t m = 0; m < FIT_N_METHODS; m++) {
            printf("%s\"%s\":{\"held\":%zu,\"given\":%zu}", m ? "," : "",
                   fit_method_name((FitMethod)m), c->held[v][m], c->given[v][m]);
        }
        putchar('}');
    }
    printf("}}");
}

static bool parse(int argc, char **argv, Plan *p)
{
    Err err = ERR_INIT;
    p->studies = 200;
    p->options = fit_defaults(form_find("chinchilla"));
    p->options.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    p->options.starts = 8;
    p->options.bootstrap = 400;
    p->options.has_all_intervals = true;
    p->options.at[0] = 1e21;
    p->options.n_at = 1;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            p->is_json = true;
        } else if (strcmp(argv[i], "--studies") == 0) {
            p->studies = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--replicates") == 0) {
            p->options.bootstrap = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--threads") == 0) {
            p->options.threads = strtoul(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--loss") == 0 &&
                   fit_loss_parse(value, &p->options.loss, &err) == ERR_OK) {
            i++;
        } else {
            return false;
        }
    }
    return p->studies > 0 && p->options.bootstrap > 0;
}

int main(int argc, char **argv)
{
    static Study study;
    Plan plan = {0};
    (void)gsl_set_error_handler_off();
    if (!parse(argc, argv, &plan)) {
        (void)fprintf(stderr, "usage: bench_coverage [--studies N] [--replicates N] [--threads N] "
                              "[--loss KIND] [--json]\n");
        return 2;
    }
    if (plan.is_json) {
        printf("{\"schema\":1,\"loss\":\"%s\",\"replicates\":%zu,\"results\":[",
               fit_loss_name(plan.options.loss.kind), plan.options.bootstrap);
    }
    for (size_t k = 0; k < 2 * (size_t)N_SURFACES; k++) {
        bool has_runs = k % 2 == 1;
        Count count = {0};
        for (size_t i = 0; i < plan.studies; i++) {
            plan.options.seed = 1 + i;
            make(&study, surfaces[k / 2].law, has_runs, 1000 * k + i);
            count_one(&plan, &study, surfaces[k / 2].law, &count);
        }
        const char *design = has_runs ? "runs" : "points";
        if (plan.is_json) {
            print_json(surfaces[k / 2].name, design, &count, plan.studies, k == 0);
        } else {
            print_text(surfaces[k / 2].name, design, &count, plan.studies);
        }
        (void)fflush(stdout);
    }
    if (plan.is_json) {
        puts("]}");
    }
    return 0;
}
