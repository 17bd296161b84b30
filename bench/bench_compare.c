/* bench_compare -- how often the tests of `slaw compare` reject: a null that holds, and one that does not.
 *
 *     bench_compare [--studies N] [--replicates N] [--threads N] [--loss KIND] [--json]
 *
 * Studies of two groups.  Their laws differ in E, A and B; alpha and beta are common, or the second group's
 * beta is smaller by a share.  Designs:
 *   points   8 sizes x 9 lengths a group, every loss off by 1 % (log-normal) on its own
 *   runs N   N sizes with 12 checkpoints each, 0.5 % a run and 0.2 % a checkpoint
 * Printed: the share of studies with p < 0.05 by the F distribution and by the bootstrap under the null. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/fit/nested.h"
#include "common/rng.h"

enum { MAX_POINTS = 512, N_GROUPS = 2, STEPS = 12 };

typedef struct Side {
    double n[MAX_POINTS], d[MAX_POINTS], loss[MAX_POINTS];
    size_t run[MAX_POINTS];
    FitData data;
} Side;

typedef struct Design {
    const char *name;
    size_t sizes; /* of runs; 0: independent points */
    double shift; /* of the second group's beta, as a share; 0: the null holds */
} Design;

static const Design design[] = {
    {"points", 0, 0.0}, {"6 runs", 6, 0.0}, {"8 runs", 8, 0.0},   {"16 runs", 16, 0.0},
    {"points", 0, 0.1}, {"6 runs", 6, 0.1}, {"16 runs", 16, 0.1},
};

typedef struct Plan {
    size_t studies;
    bool is_json;
    FitOptions options;
} Plan;

typedef struct Count {
    size_t tried, by_f, by_bootstrap, refused;
} Count;

static void make(Side *s, const double *law, const Design *d, uint64_t seed)
{
    size_t sizes = d->sizes ? d->sizes : 8, steps = d->sizes ? STEPS : 9, k = 0;
    for (size_t i = 0; i < sizes; i++) {
        double of_run = d->sizes ? 0.005 * rng_normal(seed, 1, i) : 0.0;
        for (size_t j = 0; j < steps; j++, k++) {
            double of_point = (d->sizes ? 0.002 : 0.01) * rng_normal(seed, 2, k);
            s->n[k] = 4.7e6 * pow(900.0, (double)i / (double)(sizes - 1));
            s->d[k] = 1.9e8 * pow(700.0, (double)j / (double)(steps - 1));
            s->run[k] = i;
            double value = law[0] + law[1] * pow(s->n[k], -law[3]) + law[2] * pow(s->d[k], -law[4]);
            s->loss[k] = value * exp(of_run + of_point);
        }
    }
    s->data = (FitData){
        .n = k, .params = s->n, .tokens = s->d, .loss = s->loss, .run = s->run, .n_runs = d->sizes};
}

static void count_one(const Plan *plan, const Design *d, size_t study, Count *c)
{
    static Side side[N_GROUPS];
    static FitResult full[N_GROUPS], shared[N_GROUPS];
    const double law[N_GROUPS][5] = {
        {1.69, 406.4, 410.7, 0.34, 0.28},
        {1.9, 300.0, 520.0, 0.34, 0.28 * (1.0 - d->shift)},
    };
    const bool is_shared[FORM_MAX_PARAMS] = {false, false, false, true, true};
    NestedGroup group[N_GROUPS];
    NestedTest test;
    ShareFit whole;
    Err err = ERR_INIT;
    FitOptions plain = plan->options;
    plain.bootstrap = 0;
    for (size_t g = 0; g < N_GROUPS; g++) {
        make(&side[g], law[g], d, 1000 * study + g);
        group[g] = (NestedGroup){&side[g].data, &full[g], 7 * study + g};
        if (fit_run(&plain, &side[g].data, &full[g], &err) != ERR_OK) {
            c->refused++;
            return;
        }
    }
    if (nested_test(&plan->options, is_shared, NESTED_BOOTSTRAP, group, N_GROUPS, shared, &whole,
                    &test, &err) != ERR_OK) {
        c->refused++;
        return;
    }
    c->by_bootstrap += test.p < 0.05 ? 1 : 0;
    if (nested_test(&plain, is_shared, NESTED_F, group, N_GROUPS, shared, &whole, &test, &err) ==
        ERR_OK) {
        c->by_f += test.p < 0.05 ? 1 : 0;
    }
    c->tried++;
}

static void print_one(const Plan *plan, const Design *d, const Count *c, bool is_first)
{
    double f = (double)c->by_f / (double)c->tried, b = (double)c->by_bootstrap / (double)c->tried;
    if (plan->is_json) {
        printf("%s\n  {\"design\":\"%s\",\"shift\":%g,\"studies\":%zu,\"refused\":%zu,\"F\":%.4f,"
               "\"bootstrap\":%.4f}",
               is_first ? "" : ",", d->name, d->shift, c->tried, c->refused, f, b);
    } else {
        printf(
            "%-8s  beta %4.0f %%  %5zu studies  %3zu refused   F %5.1f %%   bootstrap %5.1f %%\n",
            d->name, -100.0 * d->shift, c->tried, c->refused, 100.0 * f, 100.0 * b);
    }
    (void)fflush(stdout);
}

static size_t number(const char *text)
{
    return (size_t)strtoull(text, NULL, 10);
}

static bool parse(int argc, char **argv, Plan *p)
{
    Err err = ERR_INIT;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            p->is_json = true;
        } else if (strcmp(argv[i], "--studies") == 0 && has_value) {
            p->studies = number(argv[++i]);
        } else if (strcmp(argv[i], "--replicates") == 0 && has_value) {
            p->options.bootstrap = number(argv[++i]);
        } else if (strcmp(argv[i], "--threads") == 0 && has_value) {
            p->options.threads = number(argv[++i]);
        } else if (strcmp(argv[i], "--loss") != 0 || !has_value ||
                   fit_loss_parse(argv[++i], &p->options.loss, &err) != ERR_OK) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    Plan plan = {.studies = 400, .options = fit_defaults(form_find("chinchilla"))};
    plan.options.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    plan.options.starts = 8;
    plan.options.bootstrap = 199;
    (void)gsl_set_error_handler_off();
    if (!parse(argc, argv, &plan)) {
        (void)fprintf(stderr, "usage: bench_compare [--studies N] [--replicates N] [--threads N] "
                              "[--loss KIND] [--json]\n");
        return 2;
    }
    (void)fputs(plan.is_json ? "[" : "", stdout);
    for (size_t k = 0; k < sizeof design / sizeof design[0]; k++) {
        Count c = {0};
        for (size_t i = 0; i < plan.studies; i++) {
            count_one(&plan, &design[k], i, &c);
        }
        print_one(&plan, &design[k], &c, k == 0);
    }
    (void)fputs(plan.is_json ? "\n]\n" : "", stdout);
    return 0;
}
