#include <check.h>
#include <math.h>
#include <string.h>

#include "analysis/fit/fit.h"
#include "analysis/race/race.h"
#include "common/buf.h"
#include "common/rng.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static ObsSource source;
static Obs obs;
static Race race;

static void open(const char *csv)
{
    Err err = ERR_INIT;
    const ObsOptions o = {.by = "arch"};
    tmp = tmpdir_open();
    const char *path = tmpdir_write(&tmp, "runs.csv", csv);
    ck_assert_msg(obs_source_open(path, &source, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(obs_select(&source.frame, &o, &obs, &err) == ERR_OK, "%s", err.msg);
}

static void run(const RaceOptions *o)
{
    Err err = ERR_INIT;
    ck_assert_msg(race_run(&source, &obs, o, &race, &err) == ERR_OK, "%s", err.msg);
}

static void done(void)
{
    race_release(&race);
    obs_release(&obs);
    obs_source_release(&source);
    tmpdir_close(&tmp);
}

/* a is fast and ends at 400 s, b slow and ends at 1600 s; both lose 1 with every factor 4 of tokens. */
static const char two[] = "arch,run,N,D,loss,seconds\n"
                          "a,a1,1e6,1e6,5,100\na,a1,1e6,4e6,4,400\n"
                          "b,b1,1e6,1e6,4.4,400\nb,b1,1e6,4e6,3.4,1600\n";

START_TEST(classes_double_up_to_the_least_end)
{
    const RaceOptions o = {0};
    open(two);
    run(&o);
    ck_assert_uint_eq(race.n_classes[RACE_TIME], 3); /* 100, 200, 400; no run begins earlier */
    const RaceClass *c = race.class[RACE_TIME];
    static const double at[] = {100.0, 200.0, 400.0}, a[] = {5.0, 4.5, 4.0};
    for (size_t k = 0; k < 3; k++) {
        ck_assert_double_eq_tol(c[k].at, at[k], 1e-9);
        ck_assert_double_eq_tol(c[k].entry[0].value, a[k], 1e-12);
        ck_assert_uint_eq(c[k].best, 0);
    }
    ck_assert(isnan(c[1].entry[1].value)); /* b has no observation yet */
    ck_assert_uint_eq(c[1].second, RACE_MAX_GROUPS);
    ck_assert_double_eq_tol(c[2].entry[1].value, 4.4, 1e-12);
    ck_assert_double_eq_tol(c[2].difference, 0.4, 1e-12);
    ck_assert(isnan(c[2].lo)); /* two points tell no noise */
    /* at equal tokens b wins */
    const RaceClass *d = &race.class[RACE_TOKENS][race.n_classes[RACE_TOKENS] - 1];
    ck_assert_double_eq_tol(d->at, 4e6, 1.0);
    ck_assert_uint_eq(d->best, 1);
    done();
}
END_TEST

START_TEST(a_run_that_has_ended_still_counts)
{
    const RaceOptions o = {.classes = {800.0 / 1.0, 40.0}, .n_classes = 2};
    open(two);
    run(&o);
    ck_assert_uint_eq(race.n_classes[RACE_TIME], 1); /* nobody has begun at 40 s */
    const RaceClass *c = race.class[RACE_TIME];
    ck_assert_double_eq_tol(c->entry[0].value, 4.0, 1e-12);
    ck_assert_double_eq_tol(c->entry[1].value, 3.9, 1e-12);
    ck_assert_uint_eq(c->best, 1);
    ck_assert_double_eq_tol(race_at(&race.group[1], RACE_TIME, 566.0).value,
                            4.4 - log(566.0 / 400.0) / log(4.0), 1e-12);
    done();
}
END_TEST

START_TEST(the_best_size_is_taken)
{
    const RaceOptions o = {0};
    open("arch,run,N,D,loss,hours\n"
         "a,s,1e6,1e6,5,1\na,s,1e6,4e6,4,4\n"
         "a,l,1e7,1e6,6,1\na,l,1e7,4e6,3,4\n"
         "b,b,1e6,1e6,7,1\nb,b,1e6,4e6,6,4\n");
    run(&o);
    const RaceClass *c = race.class[RACE_TIME];
    ck_assert_uint_eq(race.n_classes[RACE_TIME], 3);
    ck_assert_double_eq_tol(c[0].at, 3600.0, 1e-6);
    ck_assert_double_eq(c[0].entry[0].n, 1e6);
    ck_assert_double_eq(c[2].entry[0].n, 1e7);
    ck_assert_double_eq_tol(c[1].entry[0].value, 4.5, 1e-12); /* 4.5 of both */
    done();
}
END_TEST

/* Two seeds at exp(+-0.01) of a, three at 0 and +-0.03 of b: sigma by hand. */
START_TEST(noise_between_seeds_makes_the_interval)
{
    Buf csv = BUF_INIT;
    const RaceOptions o = {0};
    static const double seed_a[] = {0.01, -0.01}, seed_b[] = {0.03, 0.0, -0.03};
    buf_puts(&csv, "arch,run,N,D,loss,seconds\n");
    for (int k = 0; k < 5; k++) {
        double shift = exp(k < 2 ? seed_a[k] : seed_b[k - 2]);
        for (int j = 0; j < 3; j++) {
            buf_printf(&csv, "%s,r%d,1e6,%g,%.17g,%g\n", k < 2 ? "a" : "b", k, 1e6 * (j + 1),
                       (k < 2 ? 3.0 : 3.3) * shift / (j + 1.0), 100.0 * (j + 1));
        }
    }
    open(buf_str(&csv));
    run(&o);
    ck_assert_int_eq(race.group[0].noise, RACE_SEEDS);
    ck_assert_double_eq_tol(race.group[0].sigma, 0.01 * sqrt(2.0), 1e-12);
    ck_assert_double_eq_tol(race.group[1].sigma, 0.03, 1e-12);
    ck_assert_double_eq(race.group[1].dof, 2.0);
    const RaceClass *c = &race.class[RACE_TIME][race.n_classes[RACE_TIME] - 1];
    ck_assert_uint_eq(c->entry[1].runs, 3);
    ck_assert_double_eq_tol(c->entry[0].value, 1.0, 1e-12);
    ck_assert_double_eq_tol(c->entry[1].value, 1.1, 1e-12);
    ck_assert_double_eq_tol(c->entry[0].se, 0.01, 1e-12);
    double se = hypot(0.01, 1.1 * 0.03 / sqrt(3.0));
    ck_assert_double_eq_tol(c->hi - c->difference, 3.182446305284263 * se, 1e-9); /* t, 3 dof */
    ck_assert_double_eq_tol(c->difference - c->lo, c->hi - c->difference, 1e-12);
    buf_release(&csv);
    done();
}
END_TEST

START_TEST(without_seeds_the_scatter_about_the_law_is_the_noise)
{
    Buf csv = BUF_INIT;
    const RaceOptions o = {0};
    double n[40], d[40], loss[40];
    size_t k = 0;
    buf_puts(&csv, "arch,run,N,D,loss,seconds\n");
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 8; j++, k++) {
            n[k] = 1e7 * pow(3.0, i);
            d[k] = 2e8 * pow(2.5, j);
            loss[k] = (1.69 + 406.4 * pow(n[k], -0.34) + 410.7 * pow(d[k], -0.28)) *
                      exp(0.005 * rng_normal(3, 1, k));
            buf_printf(&csv, "a,r%d,%.17g,%.17g,%.17g,%.17g\n", i, n[k], d[k], loss[k],
                       1e-12 * n[k] * d[k]);
        }
    }
    open(buf_str(&csv));
    run(&o);
    const FitData data = {.n = k, .params = n, .tokens = d, .loss = loss};
    FitOptions fit = fit_defaults(form_find("chinchilla"));
    static FitResult r;
    Err err = ERR_INIT;
    fit.loss = (FitLoss){FIT_MSE, 0.0, 1.0};
    fit.bootstrap = 0;
    ck_assert_int_eq(fit_run(&fit, &data, &r, &err), ERR_OK);
    ck_assert_int_eq(race.group[0].noise, RACE_LAW);
    ck_assert_double_eq_tol(race.group[0].sigma, sqrt(r.objective / 35.0), 1e-12);
    ck_assert_double_lt(fabs(race.group[0].sigma / 0.005 - 1.0), 0.3);
    ck_assert_uint_eq(race.n_speeds, 5);
    ck_assert_double_eq_tol(race.speed[0].tokens_per_s * 1e-12 * n[0], 1.0, 1e-9);
    buf_release(&csv);
    done();
}
END_TEST

/* Languini's figures: 55,416 tokens/s for 6 hours are 18,265 steps of 128 x 512. */
START_TEST(six_hours_are_the_published_steps)
{
    Buf csv = BUF_INIT;
    const RaceOptions o = {.classes = {6.0 * 3600.0}, .n_classes = 1};
    buf_puts(&csv, "arch,run,N,D,loss,seconds\n");
    for (int step = 10000; step <= 20000; step += 10000) { /* the response is the step */
        double tokens = 128.0 * 512.0 * step;
        buf_printf(&csv, "gpt,r,1e8,%.17g,%.17g,%.17g\n", tokens, log(step), tokens / 55416.0);
    }
    open(buf_str(&csv));
    run(&o);
    ck_assert_double_eq_tol(race.speed[0].tokens_per_s, 55416.0, 1e-6);
    ck_assert_double_eq(round(exp(race.class[RACE_TIME][0].entry[0].value)), 18265.0);
    buf_release(&csv);
    done();
}
END_TEST

START_TEST(times_and_responses_are_columns)
{
    const RaceOptions o = {.time = "gpu*60", .response = "bits"};
    open("arch,run,N,D,loss,bits,gpu\na,a,1e6,1e6,9,2,1\na,a,1e6,4e6,9,1,4\n"
         "a,a,1e6,5e6,9,1,\n");
    run(&o);
    ck_assert_uint_eq(race.group[0].n_untimed, 1);
    ck_assert_double_eq_tol(race.class[RACE_TIME][1].at, 120.0, 1e-9);
    ck_assert_double_eq_tol(race.class[RACE_TIME][1].entry[0].value, 1.5, 1e-12);
    ck_assert_str_eq(race.response, "bits");
    done();
}
END_TEST

/* core_seconds before seconds before hours; wall time never is core_seconds. */
START_TEST(the_times_of_a_csv_have_an_order)
{
    const RaceOptions cores = {0}, wall = {.is_wall = true};
    open("arch,run,N,D,loss,hours,seconds,core_seconds\n"
         "a,a,1e6,1e6,9,1,100,300\na,a,1e6,4e6,8,2,200,600\n");
    run(&cores);
    ck_assert_str_eq(race.time_unit, "core-seconds");
    ck_assert_double_eq(race.group[0].point[1].x[RACE_TIME], 600.0);
    race_release(&race);
    run(&wall);
    ck_assert_str_eq(race.time_unit, "seconds");
    ck_assert_double_eq(race.group[0].point[1].x[RACE_TIME], 200.0);
    done();
    open("arch,run,N,D,loss,hours,core_seconds\na,a,1e6,1e6,9,1,3\na,a,1e6,4e6,8,2,6\n");
    run(&wall);
    ck_assert_double_eq(race.group[0].point[1].x[RACE_TIME], 7200.0);
    done();
}
END_TEST

static void refused(const RaceOptions *o, ErrCode want, const char *text)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(race_run(&source, &obs, o, &race, &err), want);
    ck_assert_msg(strstr(err.msg, text) || strstr(err.hint, text), "%s | %s", err.msg, err.hint);
}

START_TEST(what_cannot_race_is_refused)
{
    open("arch,run,N,D,loss,bits,t,none\na,a,1e6,1e6,9,0,1,\na,a,1e6,4e6,9,1,4,\n");
    refused(&(RaceOptions){0}, ERR_INVALID, "--time COLUMN");
    refused(&(RaceOptions){.time = "q"}, ERR_INVALID, "\"q\"");
    refused(&(RaceOptions){.time = "t*x"}, ERR_INVALID, "no column \"t*x\"");
    refused(&(RaceOptions){.time = "t*-1"}, ERR_USAGE, "COLUMN*FACTOR");
    refused(&(RaceOptions){.time = "t", .response = "bits"}, ERR_INVALID, "positive");
    refused(&(RaceOptions){.time = "none"}, ERR_INVALID, "has a time");
    refused(&(RaceOptions){.time = "t", .classes = {0.1}, .n_classes = 1}, ERR_NUMERIC, "times");
    done();
}
END_TEST

START_TEST(too_many_groups_are_refused)
{
    Buf csv = BUF_INIT;
    buf_puts(&csv, "arch,N,D,loss,seconds\n");
    for (int i = 0; i <= RACE_MAX_GROUPS; i++) {
        buf_printf(&csv, "g%d,1e6,1e6,3,1\n", i);
    }
    open(buf_str(&csv));
    refused(&(RaceOptions){0}, ERR_INVALID, "--where");
    buf_release(&csv);
    done();
}
END_TEST

START_TEST(a_study_without_reports_has_no_times)
{
    Err err = ERR_INIT;
    const ObsOptions o = {.by = "architecture", .task = "validation"};
    tmp = tmpdir_open();
    small_catalog(tmp.path, 3);
    ck_assert_int_eq(obs_source_open(tmp.path, &source, &err), ERR_OK);
    ck_assert_int_eq(obs_select(&source.frame, &o, &obs, &err), ERR_OK);
    refused(&(RaceOptions){0}, ERR_INVALID, "no observation of llama has a time");
    done();
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "race"});
}
