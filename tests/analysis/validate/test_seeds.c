/* Noise between seeds: by hand, its intervals, and what is no seed of what. */
#include <check.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "analysis/validate/seeds.h"
#include "answer/render.h"
#include "common/buf.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static ObsSource source;
static Obs obs;
static Seeds seeds;

static ErrCode measure(const char *csv, const char *by, bool is_study, Err *err)
{
    const ObsOptions o = {.by = by};
    tmp = tmpdir_open();
    const char *path = tmpdir_write(&tmp, "runs.csv", csv);
    ck_assert_msg(obs_source_open(path, &source, err) == ERR_OK, "%s", err->msg);
    ck_assert_msg(obs_select(&source.frame, &o, &obs, err) == ERR_OK, "%s", err->msg);
    source.is_study = is_study;
    return seeds_measure(&source, &obs, &seeds, err);
}

static void done(void)
{
    seeds_release(&seeds);
    obs_release(&obs);
    obs_source_release(&source);
    tmpdir_close(&tmp);
}

static void must(const char *csv, const char *by)
{
    Err err = ERR_INIT;
    ck_assert_msg(measure(csv, by, false, &err) == ERR_OK, "%s", err.msg);
}

/* Refused, with these words in the message and in the hint. */
static void refuses(const char *csv, bool is_study, const char *message, const char *hint)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(measure(csv, NULL, is_study, &err), ERR_INVALID);
    ck_assert_msg(strstr(err.msg, message) != NULL, "%s", err.msg);
    ck_assert_msg(strstr(err.hint, hint) != NULL, "%s", err.hint);
    done();
}

/* a: three seeds at exp(0.03), 1, exp(-0.03) times 3, and two at exp(+-0.01) times 2.  b: one run. */
static const char by_hand[] = "arch,run,seed,N,D,loss\n"
                              "a,r1,1,1e6,1e8,3.09136360186055059\n"
                              "a,r2,2,1e6,1e8,3\n"
                              "a,r3,3,1e6,1e8,2.91133660064552484\n"
                              "a,r4,1,1e7,1e8,2.02010033416833616\n"
                              "a,r5,2,1e7,1e8,1.98009966749833545\n"
                              "b,r6,1,1e6,1e8,3\n";

START_TEST(standard_deviations_are_those_by_hand)
{
    must(by_hand, "arch");
    const SeedGroup *g = &seeds.group[0];
    ck_assert_uint_eq(g->n_sizes, 2);
    ck_assert_uint_eq(g->size[0].runs, 3);
    ck_assert_double_eq(g->size[0].d, 1e8);
    ck_assert_double_eq_tol(exp(g->size[0].mean), 3.0, 1e-14);
    ck_assert_double_eq_tol(seeds_noise(&g->size[0], 1).sigma, 0.03, 1e-14);
    ck_assert_double_eq_tol(seeds_noise(&g->size[1], 1).sigma, 0.01 * sqrt(2.0), 1e-14);
    /* sums of squares 2 x 0.03^2 and 2 x 0.01^2 on 2 + 1 degrees */
    ck_assert_double_eq(g->noise.dof, 3.0);
    ck_assert_double_eq_tol(g->noise.sigma, sqrt(0.002 / 3.0), 1e-14);
    ck_assert_int_eq(g->refusal.code, ERR_OK);
    ck_assert_uint_eq(seeds.group[1].n_sizes, 0);
    ck_assert_int_eq(seeds.group[1].refusal.code, ERR_INVALID);
    done();
}
END_TEST

/* The factors of a standard deviation's 95 % limits as the documentation of Boost.Math tabulates
 * them, to four digits, for 2, 3, 4 and 20 observations. */
START_TEST(intervals_are_the_tabulated_ones)
{
    static const double table[][3] = {
        {2, 0.4461, 31.9102}, {3, 0.5207, 6.2847}, {4, 0.5665, 3.7285}, {20, 0.7605, 1.4606}};
    for (size_t k = 0; k < 4; k++) {
        const SeedNoise noise = {0.5, table[k][0] - 1.0};
        const Interval i = seeds_interval(&noise);
        ck_assert_double_eq_tol(i.lo / 0.5, table[k][1], 5.1e-5);
        ck_assert_double_eq_tol(i.hi / 0.5, table[k][2], 5.1e-5);
        ck_assert_str_eq(i.method, "chi-square");
    }
    const SeedNoise none = seeds_noise(NULL, 0);
    ck_assert(isnan(none.sigma) && isnan(seeds_interval(&none).lo));
}
END_TEST

/* 2 (1.959964 + 0.841621)^2 = 15.69776. */
START_TEST(seeds_needed_are_those_by_hand)
{
    ck_assert_double_eq(seeds_needed(sqrt(0.002 / 3.0), 0.01), 106.0); /* 105.699 */
    ck_assert_double_eq(seeds_needed(log(1.01), 0.01), 16.0);
    ck_assert_double_eq(seeds_needed(0.0, 0.01), 1.0);
}
END_TEST

/* r1 is asked at 2e6, half way in ln D between 1e6 and 4e6; r3 has not begun there. */
START_TEST(runs_are_compared_at_their_largest_common_d)
{
    must("run,N,D,loss\nr1,1e6,1e6,5\nr1,1e6,4e6,3\nr2,1e6,1e6,5\nr2,1e6,2e6,4.4\n"
         "r3,1e6,3e6,9\nr3,1e6,4e6,8\n",
         NULL);
    const SeedSize *s = &seeds.group[0].size[0];
    ck_assert_double_eq(s->d, 2e6);
    ck_assert_uint_eq(s->runs, 2);
    ck_assert_uint_eq(s->n_late, 1);
    ck_assert_uint_eq(seeds.group[0].n_late, 1);
    ck_assert_double_eq_tol(s->mean, 0.5 * log(4.0 * 4.4), 1e-14);
    ck_assert_double_eq_tol(s->squares, 0.5 * pow(log(4.4 / 4.0), 2.0), 1e-14);
    done();
}
END_TEST

static const char two_rates[] = "seed,lr,N,D,loss\n1,0.001,1e6,1e8,3\n2,0.001,1e6,1e8,3.03\n"
                                "1,0.1,1e6,1e8,4\n2,0.1,1e6,1e8,4.04\n";

START_TEST(configurations_are_no_seeds_of_each_other)
{
    must(two_rates, NULL);
    const SeedGroup *g = &seeds.group[0];
    ck_assert_uint_eq(g->n_sizes, 2);
    ck_assert_str_eq(g->size[0].configuration, "0.001");
    ck_assert_str_eq(g->size[1].configuration, "0.1");
    ck_assert_double_eq_tol(g->noise.sigma, log(1.01) / sqrt(2.0), 1e-12);
    done();
    must(by_hand, "arch");
    ck_assert_ptr_null(seeds.group[0].size[0].configuration);
    done();
}
END_TEST

START_TEST(what_cannot_be_measured_is_refused)
{
    const char *one = "run,N,D,loss\nr1,1e6,1e8,3\nr2,1e7,1e8,2\n";
    refuses(one, false, "no size has two runs", "another seed");
    refuses(one, true, "no size has two runs", "add seeds to the matrix");
    refuses("N,D,loss\n1e6,1e8,3\n1e6,1e8,3.1\n", false, "neither a column run nor a column seed",
            "--map run=COLUMN");
    refuses("seed,rate,N,D,loss,run\n1,0.001,1e6,1e8,3,a\n1,0.1,1e6,1e8,4,b\n", false,
            "differ in something else", "--by COLUMN");
}
END_TEST

static json_t *answer(Answer *a, size_t n_refused)
{
    AnswerNode *top = answer_top(a);
    ck_assert_uint_eq(seeds_answer(&seeds, top), n_refused);
    json_t *v = answer_json(top);
    ck_assert_ptr_nonnull(v);
    return v;
}

START_TEST(the_answer_has_groups_sizes_and_refusals)
{
    Answer a = ANSWER_INIT;
    must(by_hand, "arch");
    json_t *v = answer(&a, 1);
    const json_t *g = json_array_get(json_object_get(v, "groups"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "groups")), 1);
    ck_assert_uint_eq(json_array_size(json_object_get(v, "sizes")), 2);
    ck_assert_double_eq_tol(json_number_value(json_object_get(g, "sigma_log")), sqrt(0.002 / 3.0),
                            1e-14);
    const json_t *interval = json_object_get(g, "interval");
    ck_assert_double_eq_tol(json_number_value(json_object_get(interval, "hi")),
                            3.7285 * sqrt(0.002 / 3.0), 5.1e-5);
    ck_assert(json_is_null(json_object_get(interval, "se")));
    ck_assert_double_eq(json_number_value(json_object_get(g, "seeds_needed")), 106.0);
    const json_t *refused = json_array_get(json_object_get(v, "refused"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(refused, "group")), "b");
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(answer_render(&a, FORMAT_TEXT, &(AnswerStyle){0}, &text, &err), ERR_OK);
    ck_assert_msg(strstr(buf_str(&text), "takes 106 seeds of each, ") != NULL, "%s",
                  buf_str(&text));
    buf_release(&text);
    json_decref(v);
    answer_release(&a);
    done();
}
END_TEST

START_TEST(the_picture_has_bars_and_the_pooled_noise)
{
    const PlotFigure *f = NULL;
    Err err = ERR_INIT;
    must(by_hand, "arch");
    ck_assert_int_eq(seeds_figure(&seeds, &f, &err), ERR_OK);
    ck_assert_uint_eq(f->n_panels, 1); /* b has nothing to draw */
    ck_assert_uint_eq(f->panel[0].n_series, 2);
    const PlotSeries *bars = &f->panel[0].series[0], *pooled = &f->panel[0].series[1];
    ck_assert_uint_eq(bars->n, 2);
    ck_assert_double_eq(bars->x[1], 1e7);
    ck_assert_double_eq_tol(bars->y[0], 3.0, 1e-12);
    ck_assert_double_eq_tol(bars->y_lo[0], 3.0 * 0.5207, 3.0 * 5.1e-5);
    ck_assert_double_eq_tol(bars->y_hi[0], 3.0 * 6.2847, 3.0 * 5.1e-5);
    ck_assert_double_eq_tol(pooled->y[1], 100.0 * sqrt(0.002 / 3.0), 1e-12);
    done();
}
END_TEST

START_TEST(more_groups_than_panels_share_one)
{
    const PlotFigure *f = NULL;
    Buf csv = BUF_INIT;
    Err err = ERR_INIT;
    buf_puts(&csv, "arch,seed,N,D,loss\n");
    for (int g = 0; g <= PLOT_MAX_PANELS; g++) {
        buf_printf(&csv, "g%d,1,1e6,1e8,3\ng%d,2,1e6,1e8,3.1\n", g, g);
    }
    must(buf_str(&csv), "arch");
    ck_assert_int_eq(seeds_figure(&seeds, &f, &err), ERR_OK);
    ck_assert_uint_eq(f->n_panels, 1);
    ck_assert_uint_eq(f->panel[0].n_series, PLOT_MAX_PANELS + 1); /* one size: no line */
    buf_release(&csv);
    done();
}
END_TEST

enum { STUDIES = 4000, SIZES = 3, RUNS = 3 };

/* Studies of three sizes with three seeds and noise 2 %: the share of intervals that hold it is 95 %
 * within four standard errors of a binomial share. */
START_TEST(intervals_cover)
{
    double n[SIZES * RUNS], d[SIZES * RUNS], loss[SIZES * RUNS];
    size_t run[SIZES * RUNS], covered[2] = {0};
    for (uint64_t study = 0; study < STUDIES; study++) {
        Arena arena = ARENA_INIT;
        SeedSize *size = NULL;
        size_t n_sizes = 0;
        Err err = ERR_INIT;
        for (size_t i = 0; i < SIZES * RUNS; i++) {
            n[i] = 1e6 * pow(10.0, (double)(i % SIZES));
            d[i] = 1e8;
            loss[i] = 3.0 * exp(0.02 * rng_normal(11, study, i));
            run[i] = i;
        }
        const FitData data = {
            .n = SIZES * RUNS, .params = n, .tokens = d, .loss = loss, .run = run};
        ck_assert_int_eq(seeds_sizes(&data, NULL, &arena, &size, &n_sizes, &err), ERR_OK);
        ck_assert_uint_eq(n_sizes, SIZES);
        for (size_t k = 0; k < 2; k++) { /* one size, all sizes */
            const SeedNoise noise = seeds_noise(size, k ? n_sizes : 1);
            const Interval in = seeds_interval(&noise);
            covered[k] += in.lo <= 0.02 && 0.02 <= in.hi ? 1 : 0;
        }
        arena_release(&arena);
    }
    double four_se = 4.0 * sqrt(0.95 * 0.05 / STUDIES);
    ck_assert_double_lt(fabs((double)covered[0] / STUDIES - 0.95), four_se);
    ck_assert_double_lt(fabs((double)covered[1] / STUDIES - 0.95), four_se);
}
END_TEST

/* With that many seeds a difference of 1 % is found in 80 % of studies, within four standard errors,
 * and half a percent more for the rounding up of 62.8 to 63. */
START_TEST(that_many_seeds_see_the_difference)
{
    const double sigma = 0.0199;
    size_t seen = 0, need = (size_t)seeds_needed(sigma, 0.01);
    ck_assert_uint_eq(need, 63);
    for (uint64_t study = 0; study < STUDIES; study++) {
        double sum = 0.0;
        for (uint64_t i = 0; i < need; i++) {
            sum += log(1.01) + sigma * (rng_normal(12, study, i) - rng_normal(13, study, i));
        }
        seen += fabs(sum) > 1.959963984540054 * sigma * sqrt(2.0 * (double)need) ? 1 : 0;
    }
    double four_se = 4.0 * sqrt(0.8 * 0.2 / STUDIES);
    ck_assert_double_lt(fabs((double)seen / STUDIES - 0.8), four_se + 0.005);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "seeds"});
}
