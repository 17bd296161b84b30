/* Whole analyses of tables whose truth is known: capability linear in ln C by construction. */
#include <check.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/observe/holdout.h"
#include "analysis/observe/observe.h"
#include "common/fsx.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

enum { PER_FAMILY = 8, FAMILIES = 3, MODELS = PER_FAMILY * FAMILIES };

static const char *const family_name[FAMILIES] = {"alba", "brava", "corda"};
/* S = theta ln(C / 1e20) + nu */
static const double theta[FAMILIES] = {0.05, 0.05, 0.08}, nu[FAMILIES] = {0.0, 0.03, -0.04};
static const double gain[4] = {0.4, 0.5, 0.3, 0.7};

static double capability(int f, double c)
{
    return theta[f] * log(c / 1e20) + nu[f];
}

static double share_right(double s)
{
    return 0.25 + 0.75 * 0.9 / (1.0 + exp(-(4.0 * s - 1.0)));
}

/* Scores B = 0.4 + gain S (+ noise), metric = 0.25 + 0.675 sigma(4 S - 1) (+ noise). */
static void write_table(const char *name, double noise, bool is_backwards, bool has_holes)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "model,family,C,note,b0,b1,b2,b3,task\n");
    for (int m = 0; m < MODELS; m++) {
        int i = is_backwards ? MODELS - 1 - m : m, f = i / PER_FAMILY;
        double c = 1e18 * pow(6.0, i % PER_FAMILY), s = capability(f, c);
        buf_printf(&text, "m%d,%s,%.17g,x", i, family_name[f], c);
        for (int j = 0; j < 4; j++) {
            double e = noise * rng_normal(3, 1, (uint64_t)(i * 8 + j));
            if (has_holes && (i * 4 + j) % 11 == 5) {
                buf_puts(&text, j % 2 ? ",NA" : ",");
            } else {
                buf_printf(&text, ",%.17g", 0.4 + gain[j] * s + e);
            }
        }
        double e = noise * rng_normal(3, 2, (uint64_t)i);
        buf_printf(&text, ",%.17g\n", share_right(s) + e);
    }
    (void)tmpdir_write(&tmp, name, buf_str(&text));
    buf_release(&text);
}

static ErrCode read_scores(const char *name, const ScoresOptions *o, Scores *ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    Frame f = {0};
    ErrCode rc = fsx_join(path, tmp.path, name, err);
    rc = rc == ERR_OK ? frame_read_csv(path, &f, err) : rc;
    rc = rc == ERR_OK ? scores_read(&f, o, ret, err) : rc;
    frame_release(&f);
    return rc;
}

static const ObserveOptions plain = {.components = 1,
                                     .impute = 1,
                                     .link = {LINK_HEIGHT, 0.25},
                                     .reference = "alba",
                                     .seed = 1,
                                     .threads = 1};

static void analyse(const char *name, const ObserveOptions *o, Scores *s, Observe *r)
{
    static const ScoresOptions with_task = {.target = {"task"}, .n_targets = 1};
    Err err = ERR_INIT;
    ck_assert_msg(read_scores(name, &with_task, s, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(observe_run(s, o, r, &err) == ERR_OK, "%s", err.msg);
}

/* Without noise everything is found: one component, its weights, theta up to their norm, the
 * compute that gives another family the same capability, and the models beyond the cut-off. */
START_LOOP_TEST(an_exact_law_is_recovered, 2)
{
    ObserveOptions o = plain;
    Scores s = {0};
    Observe r = {0};
    double norm = 0.0;
    o.cutoff = 1e18 * pow(6.0, 5.5);
    write_table("t.csv", 0.0, false, _i == 1); /* with holes: the one component fills them in */
    analyse("t.csv", &o, &s, &r);
    ck_assert_uint_eq(s.t, 4);
    ck_assert_uint_eq(s.n, MODELS);
    ck_assert_uint_eq(s.n_missing, _i == 1 ? 9 : 0);
    for (int j = 0; j < 4; j++) {
        norm += gain[j] * gain[j];
    }
    norm = sqrt(norm);
    ck_assert_double_eq_tol(r.pca.share[0], 1.0, 1e-12);
    for (int j = 0; j < 4; j++) {
        ck_assert_double_eq_tol(r.pca.weight[j], gain[j] / norm, 1e-8);
    }
    for (int f = 0; f < FAMILIES; f++) {
        ck_assert_double_eq_tol(r.line[f].line.slope, theta[f] * norm, 1e-8);
        ck_assert_double_eq_tol(r.line[f].line.r2, 1.0, 1e-10);
    }
    ck_assert_double_eq_tol(r.target[0].link.range, 0.675, 1e-5);
    ck_assert_double_eq_tol(r.target[0].link.beta[0] * norm, 4.0, 1e-4);
    for (int i = 0; i < MODELS; i++) {
        int f = i / PER_FAMILY;
        double same = 1e20 * exp((capability(f, s.flops[i]) - nu[0]) / theta[0]);
        ck_assert_double_eq_tol(r.equivalent.flops[i] / same, 1.0, 1e-5);
    }
    ck_assert_double_eq_tol(r.equivalent.ratio[1], exp(0.03 / 0.05), 1e-5);
    const ObserveHoldout *h = &r.holdout[0];
    ck_assert_uint_eq(h->n_train, FAMILIES * 6);
    ck_assert_uint_eq(h->n_test, FAMILIES * 2);
    ck_assert_double_le(h->score[0].test_mae, 1e-5);
    ck_assert_double_le(h->score[1].test_mae, 1e-5);
    /* families differ, so compute alone cannot know, and the mean even less */
    ck_assert_double_ge(h->score[2].test_mae, 0.01);
    ck_assert_double_ge(h->score[4].test_mae, h->score[2].test_mae);
    observe_release(&r);
    scores_release(&s);
}
END_TEST

/* Order of the rows, and scores in per cent, change nothing but rounding and the unit. */
START_TEST(order_and_units_do_not_matter)
{
    Scores s = {0}, back = {0};
    Observe r = {0}, b = {0};
    write_table("t.csv", 0.01, false, true);
    write_table("back.csv", 0.01, true, true);
    analyse("t.csv", &plain, &s, &r);
    analyse("back.csv", &plain, &back, &b);
    ck_assert_double_eq_tol(r.pca.share[0], b.pca.share[0], 1e-9);
    ck_assert_double_eq_tol(r.target[0].link.objective, b.target[0].link.objective, 1e-9);
    ck_assert_str_eq(b.scores->family_name[0], "corda");
    ck_assert_double_eq_tol(r.line[0].line.slope, b.line[2].line.slope, 1e-9);
    ck_assert_double_eq_tol(r.equivalent.ratio[2] / b.equivalent.ratio[0], 1.0, 1e-6);
    ck_assert_uint_eq(b.equivalent.reference, 2);
    observe_release(&b);
    for (size_t i = 0; i < s.n * s.t; i++) {
        s.score[i] *= 100.0;
    }
    Err err = ERR_INIT;
    ck_assert_int_eq(observe_run(&s, &plain, &b, &err), ERR_OK);
    ck_assert_double_eq_tol(r.pca.share[0], b.pca.share[0], 1e-9);
    ck_assert_double_eq_tol(r.line[1].line.slope * 100.0, b.line[1].line.slope, 1e-7);
    ck_assert_double_eq_tol(r.target[0].link.objective, b.target[0].link.objective, 1e-9);
    observe_release(&r);
    observe_release(&b);
    scores_release(&s);
    scores_release(&back);
}
END_TEST

static bool same(const FitInterval *a, const FitInterval *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

START_LOOP_TEST(threads_do_not_change_a_bit, 2)
{
    ObserveOptions o = plain;
    Scores s = {0}, again = {0};
    Observe one = {0}, four = {0};
    write_table("t.csv", 0.02, false, true);
    o.bootstrap = 40;
    o.cutoff = 1e21;
    o.is_by_family = _i == 1;
    analyse("t.csv", &o, &s, &one);
    o.threads = 4;
    analyse("t.csv", &o, &again, &four);
    ck_assert(same(&one.share[0], &four.share[0]));
    ck_assert(isfinite(one.share[0].se) && one.share[0].se > 0.0);
    ck_assert(same(&one.target[0].range, &four.target[0].range));
    ck_assert(same(&one.holdout[0].interval[0], &four.holdout[0].interval[0]));
    ck_assert(same(&one.equivalent.ratio_interval[1], &four.equivalent.ratio_interval[1]));
    observe_release(&one);
    observe_release(&four);
    scores_release(&s);
    scores_release(&again);
}
END_TEST

/* Nine in ten new measurements or more lie in their 95 % intervals: 24 tables of 9 test models, so
 * the count has a standard deviation of about 3.3 of 216 (more, as those of one table share a link). */
START_TEST(intervals_cover_what_is_measured)
{
    ObserveOptions o = plain;
    size_t inside = 0, measured = 0;
    o.bootstrap = 60;
    o.cutoff = 1e18 * pow(6.0, 4.5);
    for (uint64_t k = 0; k < 24; k++) {
        Scores s = {0};
        Arena arena = ARENA_INIT;
        ObserveHoldout h;
        write_table("t.csv", 0.0, false, false);
        static const ScoresOptions with_task = {.target = {"task"}, .n_targets = 1};
        Err err = ERR_INIT;
        ck_assert_int_eq(read_scores("t.csv", &with_task, &s, &err), ERR_OK);
        for (size_t i = 0; i < s.n * s.t; i++) {
            s.score[i] += 0.005 * rng_normal(17, k, i);
        }
        for (size_t i = 0; i < s.n; i++) {
            s.metric[i] += 0.02 * rng_normal(18, k, i);
        }
        ck_assert_msg(observe_holdout(&s, &o, 0, &arena, &h, &err) == ERR_OK, "%s", err.msg);
        ck_assert(!h.is_refused);
        inside += h.n_inside;
        measured += h.n_measured;
        arena_release(&arena);
        scores_release(&s);
    }
    ck_assert_uint_eq(measured, 216);
    ck_assert_msg(inside * 10 >= measured * 9, "%zu of %zu", inside, measured);
    ck_assert_msg(inside < measured, "all %zu: too wide", measured);
}
END_TEST

/* The same numbers one score a row, negated, at two steps of each run. */
START_TEST(a_long_table_is_the_wide_one)
{
    Buf text = BUF_INIT;
    Scores s = {0};
    Err err = ERR_INIT;
    buf_puts(&text, "run,architecture,step,task,loss,N,D\n");
    for (int i = 0; i < 4; i++) {
        for (int step = 1; step <= 2; step++) {
            for (int j = 0; j < 3; j++) {
                buf_printf(&text, "r%d,a,%d,t%d,%d.%d,1e6,%d\n", i, step, j, step, 3 * i + j,
                           1000 * step);
            }
        }
    }
    (void)tmpdir_write(&tmp, "long.csv", buf_str(&text));
    ScoresOptions o = {.pivot = "task=-loss", .target = {"t2"}, .n_targets = 1};
    ck_assert_msg(read_scores("long.csv", &o, &s, &err) == ERR_OK, "%s", err.msg);
    ck_assert_uint_eq(s.n, 4);
    ck_assert_uint_eq(s.t, 2);
    ck_assert(s.is_negated);
    ck_assert_double_eq(s.score[1 * 2 + 1], -2.4);
    ck_assert_double_eq(s.metric[3], -2.11);
    ck_assert_double_eq(s.flops[0], 6.0 * 1e6 * 2000.0);
    scores_release(&s);
    o.is_every_step = true;
    ck_assert_int_eq(read_scores("long.csv", &o, &s, &err), ERR_OK);
    ck_assert_uint_eq(s.n, 8);
    ck_assert_str_eq(s.model[0], "r0@1");
    scores_release(&s);
    buf_puts(&text, "r0,a,2,t0,9,1e6,2000\n");
    (void)tmpdir_write(&tmp, "long.csv", buf_str(&text));
    ck_assert_int_eq(read_scores("long.csv", &o, &s, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "is scored twice"));
    buf_release(&text);
}
END_TEST

START_TEST(bad_tables_are_named)
{
    const struct {
        const char *text;
        ScoresOptions o;
        ErrCode want;
        const char *words;
    } c[] = {
        {"model,a,b\nx,.1,.2\nx,.3,.4\n",
         {.n_where = 0},
         ERR_INVALID,
         "names a model that is there already"},
        {"model,a,b\nx,.1,.2\ny,.3,zz\n",
         {.benchmarks = "a,b"},
         ERR_INVALID,
         "t.csv:3: column \"b\""},
        {"model,a,b\nx,.1,.2\ny,,\n", {.benchmarks = "a,b"}, ERR_INVALID, "1 model with scores"},
        {"model,a,b\nx,.1,.2\ny,.3,.4\n", {.map = {"E=a"}, .n_map = 1}, ERR_USAGE, "--map takes"},
        {"model,a,b\nx,.1,.2\ny,.3,.4\n",
         {.map = {"C=c"}, .n_map = 1},
         ERR_INVALID,
         "no column \"c\""},
        {"model,a,b\nx,.1,.2\ny,.3,.4\n", {.pivot = "a"}, ERR_USAGE, "--pivot takes"},
        {"model,a,b\nx,.1,.2\ny,.3,.4\n", {.pivot = "a=c"}, ERR_INVALID, "no column \"c\""},
        {"model,a,b\nx,.1,2\ny,.3,4\n",
         {.n_where = 0},
         ERR_INVALID,
         "1 benchmark: components need two"},
        {"model,a,b\nx,.1,.2\ny,.3,.4\n",
         {.where = {"a=5"}, .n_where = 1},
         ERR_INVALID,
         "none of its 2 rows"},
        {"model,a,b\nx,.1,.2\ny,.3,.4\n",
         {.convention = OBS_PAPER},
         ERR_INVALID,
         "no column \"C_paper\""},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        Scores s = {0};
        Err err = ERR_INIT;
        (void)tmpdir_write(&tmp, "t.csv", c[i].text);
        ErrCode rc = read_scores("t.csv", &c[i].o, &s, &err);
        ck_assert_msg(rc == c[i].want, "%zu: %d, not %d: %s", i, rc, c[i].want, err.msg);
        ck_assert_msg(strstr(err.msg, c[i].words) != NULL, "%zu: %s", i, err.msg);
    }
}
END_TEST

START_TEST(what_cannot_be_had_is_refused)
{
    ObserveOptions o = plain;
    Scores s = {0};
    Observe r = {0};
    Err err = ERR_INIT;
    write_table("t.csv", 0.01, false, true);
    o.cutoff = 1e30;
    analyse("t.csv", &o, &s, &r);
    ck_assert(r.holdout[0].is_refused);
    ck_assert_ptr_nonnull(strstr(r.holdout[0].refusal.msg, "nothing to test"));
    observe_release(&r);
    o.cutoff = 2e18; /* three models to train on */
    ck_assert_int_eq(observe_run(&s, &o, &r, &err), ERR_OK);
    ck_assert(r.holdout[0].is_refused);
    observe_release(&r);
    o = plain;
    o.impute = 0;
    ck_assert_int_eq(observe_run(&s, &o, &r, &err), ERR_INVALID);
    o = plain;
    o.components = 5;
    ck_assert_int_eq(observe_run(&s, &o, &r, &err), ERR_INVALID);
    o = plain;
    o.reference = "delta";
    ck_assert_int_eq(observe_run(&s, &o, &r, &err), ERR_INVALID);
    scores_release(&s);
}
END_TEST

int main(void)
{
    (void)gsl_set_error_handler_off();
    return test_main((TestPlan){.name = "observe", .set_up = tmp_open, .tear_down = tmp_close});
}
