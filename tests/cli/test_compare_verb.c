/* compare as a user runs it.  F, p and objectives are scipy's (tests/analysis/fit/test_nested.c says how). */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "tests/support/check_close.h"
#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

enum { GROUPS = 3, SIZES = 6, STEPS = 5, POINTS = SIZES * STEPS };

static const double law[GROUPS][5] = {{1.69, 406.4, 410.7, 0.34, 0.28},
                                      {1.55, 300.0, 520.0, 0.36, 0.27},
                                      {1.9, 700.0, 350.0, 0.33, 0.29}};
static const char *const name[GROUPS] = {"llama", "tnl", "hgrn2"};

typedef struct Way {
    double n, d, loss;   /* units */
    size_t step;         /* rows are written in steps of so many; 1: in order */
    bool is_reversed;    /* groups last to first */
    size_t points_a_run; /* 0: no column run */
    bool has_two_sizes;  /* the second group: too few */
} Way;

static void write_csv(const char *file, const Way *w)
{
    Buf text = BUF_INIT;
    buf_printf(&text, "architecture,N,D,loss%s\n", w->points_a_run ? ",run" : "");
    for (size_t h = 0; h < GROUPS; h++) {
        size_t g = w->is_reversed ? GROUPS - 1 - h : h;
        for (size_t i = 0; i < POINTS; i++) {
            size_t k = i * w->step % POINTS;
            if (w->has_two_sizes && g == 1 && k >= 2 * STEPS) {
                continue;
            }
            double n = 5e6 * pow(4.0, (double)(k / STEPS)), d = 2e8 * pow(5.0, (double)(k % STEPS));
            double loss =
                law[g][0] + law[g][1] * pow(n, -law[g][3]) + law[g][2] * pow(d, -law[g][4]);
            loss *= 1.0 + 0.01 * sin(12.9898 * (double)(k + 1) + 3.7 * (double)g);
            buf_printf(&text, "%s,%.17g,%.17g,%.17g", name[g], n * w->n, d * w->d, loss * w->loss);
            if (w->points_a_run) {
                buf_printf(&text, ",%s-%zu", name[g], k / w->points_a_run);
            }
            buf_puts(&text, "\n");
        }
    }
    (void)tmpdir_write(&tmp, file, buf_str(&text));
    buf_release(&text);
}

static const Way plain = {1.0, 1.0, 1.0, 1, false, 0, false};

static void close_to(const char *what, double got, double want, double room)
{
    check_close_f64(what, 1, &got, &want, 0.0, room);
}

START_TEST(the_contract_and_the_numbers_of_scipy)
{
    write_csv("a.csv", &plain);
    json_t *v =
        slaw_json("compare a.csv --by architecture --at-loss 3,2.5 --bootstrap 100 --json", 0);
    ck_assert_str_eq(text_at(v, "null"), "exponents");
    const json_t *groups = json_object_get(v, "groups"), *test = json_object_get(v, "test");
    for (size_t g = 0; g < GROUPS; g++) {
        ck_assert_str_eq(text_at(groups, "%zu", g), name[g]);
    }
    ck_assert_str_eq(text_at(test, "method"), "F");
    close_to("F", number_at(v, "test.statistic"), 0.908978947692, 1e-9);
    close_to("p", number_at(v, "test.p"), 0.463227648889, 1e-9);
    ck_assert_double_eq(number_at(v, "test.df1"), 4.0);
    ck_assert_double_eq(number_at(v, "test.df2"), 75.0);
    ck_assert_uint_eq(count_at(v, "multipliers"), 6);
    ck_assert_uint_eq(count_at(v, "differences"), 9);
    ck_assert_uint_eq(count_at(v, "pairs"), 3);
    ck_assert_uint_eq(count_at(v, "fits"), 3);
    ck_assert_ptr_nonnull(json_object_get(v, "input"));
    ck_assert_str_eq(text_at(v, "options.null"), "exponents");
    /* the multiplier by the closed form, from the printed parameters */
    double c[2];
    for (size_t g = 0; g < 2; g++) {
        const json_t *p = json_at(v, "fits.%zu.params", g);
        double e = number_at(p, "E");
        double a = number_at(p, "A");
        double b = number_at(p, "B");
        double alpha = number_at(p, "alpha");
        double beta = number_at(p, "beta");
        double share = pow(alpha * a / (beta * b), 1.0 / (alpha + beta));
        double k = a * pow(share, -alpha) + b * pow(share, beta);
        c[g] = pow(k / (2.5 - e), (alpha + beta) / (alpha * beta));
    }
    ck_assert_double_eq(number_at(v, "multipliers.1.loss"), 2.5);
    close_to("multiplier", number_at(v, "multipliers.1.value"), c[0] / c[1], 1e-9);
    ck_assert(number_at(v, "multipliers.1.lo") < c[0] / c[1]);
    ck_assert(number_at(v, "multipliers.1.hi") > c[0] / c[1]);
    /* the flat ends are those of the object; differences have objects alone */
    const json_t *one = json_at(v, "multipliers.1");
    const json_t *between = json_object_get(one, "interval");
    ck_assert_double_eq(number_at(between, "lo"), number_at(v, "multipliers.1.lo"));
    one = json_at(v, "differences.0");
    ck_assert_ptr_null(json_object_get(one, "lo"));
    double wide = number_at(one, "interval.hi") - number_at(one, "interval.lo");
    double narrow = number_at(one, "interval90.hi") - number_at(one, "interval90.lo");
    ck_assert(0.0 < narrow && narrow < wide);
    ck_assert_ptr_nonnull(json_at(v, "pairs.0.test"));
    json_decref(v);
    v = slaw_json("compare a.csv --by architecture --null exponents+E --residual raw "
                  "--bootstrap 0 --json",
                  0);
    close_to("F", number_at(v, "test.statistic"), 34.5746603186, 1e-9);
    close_to("p", number_at(v, "test.p"), 1.06103355995e-19, 1e-7);
    json_decref(v);
}
END_TEST

static json_t *compare_at(const char *file, const char *loss)
{
    char line[256];
    (void)snprintf(line, sizeof line,
                   "compare %s --by architecture --at-loss %s --bootstrap 60 --json", file, loss);
    return slaw_json(line, 0);
}

START_TEST(order_and_units_change_nothing)
{
    const Way shuffled = {1.0, 1.0, 1.0, 7, false, 0, false};
    const Way reversed = {1.0, 1.0, 1.0, 1, true, 0, false};
    const Way scaled = {1e-6, 1e-9, 1.0 / log(2.0), 1, false, 0, false};
    write_csv("a.csv", &plain);
    write_csv("b.csv", &shuffled);
    write_csv("c.csv", &reversed);
    write_csv("d.csv", &scaled);
    json_t *a = compare_at("a.csv", "2.5");
    json_t *b = compare_at("b.csv", "2.5");
    json_t *c = compare_at("c.csv", "2.5");
    json_t *d = compare_at("d.csv", "3.6067376022224087"); /* 2.5/ln 2 */
    double value = number_at(a, "multipliers.0.value"), lo = number_at(a, "multipliers.0.lo");
    double hi = number_at(a, "multipliers.0.hi"), f = number_at(a, "test.statistic");
    /* other rows first: the same bits */
    ck_assert_double_eq(number_at(b, "test.statistic"), f);
    ck_assert_double_eq(number_at(b, "multipliers.0.value"), value);
    ck_assert_double_eq(number_at(b, "multipliers.0.lo"), lo);
    ck_assert_double_eq(number_at(b, "differences.4.p"), number_at(a, "differences.4.p"));
    /* other groups first: llama over tnl is then the last pair, upside down */
    close_to("F", number_at(c, "test.statistic"), f, 1e-10);
    close_to("multiplier", number_at(c, "multipliers.2.value"), 1.0 / value, 1e-9);
    close_to("lo", number_at(c, "multipliers.2.lo"), 1.0 / hi,
             1e-2); /* quantiles of 1/x, 60 draws */
    close_to("E", number_at(c, "differences.2.value"), -number_at(a, "differences.0.value"), 1e-9);
    close_to("se", number_at(c, "differences.2.interval.se"),
             number_at(a, "differences.0.interval.se"), 1e-6);
    /* N in millions, D in billions, the loss in bits: C is another, its quotient is not */
    close_to("F", number_at(d, "test.statistic"), f, 1e-9);
    close_to("multiplier", number_at(d, "multipliers.0.value"), value, 1e-8);
    close_to("lo", number_at(d, "multipliers.0.lo"), lo, 1e-5);
    json_decref(a);
    json_decref(b);
    json_decref(c);
    json_decref(d);
}
END_TEST

START_TEST(known_runs_are_tested_by_runs)
{
    const Way runs = {1.0, 1.0, 1.0, 1, false, STEPS, false};
    const Way few = {1.0, 1.0, 1.0, 1, false, 10, false};
    write_csv("a.csv", &runs);
    write_csv("b.csv", &few);
    json_t *v = slaw_json("compare a.csv --by architecture --bootstrap 60 --json", 0);
    const json_t *test = json_object_get(v, "test");
    ck_assert_str_eq(text_at(test, "method"), "bootstrap");
    ck_assert_str_eq(text_at(test, "unit"), "run");
    close_to("F", number_at(v, "test.statistic"), 0.908978947692, 1e-9);
    ck_assert(number_at(v, "test.p") > 0.0 && number_at(v, "test.p") <= 1.0);
    json_decref(v);
    v = slaw_json("compare a.csv --by architecture --test F --bootstrap 60 --json", 0);
    close_to("p", number_at(v, "test.p"), 0.463227648889, 1e-9);
    json_decref(v);
    v = slaw_json("compare b.csv --by architecture --bootstrap 60 --json", 0);
    ck_assert(json_is_null(json_at(v, "test.p")));
    ck_assert_ptr_nonnull(strstr(text_at(v, "verdict"), "3 runs"));
    json_decref(v);
}
END_TEST

START_TEST(what_is_printed)
{
    write_csv("a.csv", &plain);
    CHECK_SLAW("compare a.csv --by architecture --bootstrap 60", 0,
               "Null exponents: F(4, 75) = 0.909, p = 0.46 by the F distribution");
    CHECK_SLAW(
        "compare a.csv --by architecture --bootstrap 60", 0,
        "The 3 groups together do not surely scale differently (p = 0.46). Pairs that differ: "
        "0 of 3,");
    CHECK_SLAW("compare a.csv --by architecture --bootstrap 60 --format markdown", 0,
               "| llama | tnl | ");
    CHECK_SLAW("compare a.csv --by architecture --bootstrap 60 --format csv", 0,
               "kind,a,b,name,loss,value,lo,hi,p,p_holm\ntest,,,exponents,,0.9089789");
    CHECK_SLAW("compare a.csv --by architecture --null all --bootstrap 60", 0,
               "are not all one law");
    CHECK_SLAW("compare a.csv --by architecture --groups hgrn2,llama --bootstrap 60 --format csv",
               0, "multiplier,hgrn2,llama,C,");
    CHECK_SLAW("compare a.csv --by architecture --at-loss 1 --bootstrap 60 --wide", 0,
               "not reached: the laws of llama and tnl stay above 1");
    CHECK_SLAW("compare a.csv --by architecture --law power:D --bootstrap 60", 0,
               "Multipliers: D of a over D of b");
    CHECK_SLAW("compare a.csv --by architecture --loss l1 --bootstrap 30", 0, "the loss l1");
}
END_TEST

START_TEST(answers_fit_the_page)
{
    write_csv("a.csv", &plain);
    check_pages("compare a.csv --by architecture --bootstrap 30");
    CHECK_SLAW("compare a.csv --by architecture --bootstrap 30 --format latex", 0,
               "$L(N, D) = E + A N^{-\\alpha");
}
END_TEST

START_TEST(refused_groups_are_named_and_the_others_compared)
{
    const Way few = {1.0, 1.0, 1.0, 1, false, 0, true};
    write_csv("b.csv", &few);
    CHECK_SLAW("compare b.csv --by architecture --bootstrap 60", 1, "Refused: tnl");
    CHECK_SLAW("compare b.csv --by architecture --bootstrap 60 --format csv", 1,
               "multiplier,llama,hgrn2,C,");
    CHECK_SLAW("compare b.csv --by architecture --groups llama,tnl --bootstrap 60", 1,
               "1 of 2 groups could be fitted; tnl: ");
}
END_TEST

START_TEST(mistakes_have_their_exit_status)
{
    write_csv("a.csv", &plain);
    check_mistakes("compare");
}
END_TEST

START_TEST(pictures_are_written)
{
    Buf out = BUF_INIT;
    write_csv("a.csv", &plain);
    int status = slaw("compare a.csv --by architecture --bootstrap 40 --plot --out p", false, &out);
    ck_assert(status == 0 || status == 69); /* without gnuplot data and scripts are there */
    static const char *const file[] = {"p/compare_frontier.csv", "p/compare_frontier.gp",
                                       "p/compare_multiplier.csv", "p/compare_multiplier.gp"};
    for (size_t i = 0; i < 4; i++) {
        tmp_read(file[i], &out);
        ck_assert_uint_gt(out.len, 0);
    }
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "cli/compare", .set_up = tmp_open, .tear_down = tmp_close});
}
