/* slaw observe as a user runs it. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

/* Three families of six models: scores rise with ln C by one capability, as does the metric `coding`;
 * `lone` is a family of one. */
static void setup(void)
{
    Buf text = BUF_INIT;
    tmp_open();
    buf_puts(&text, "model,family,C,arc.easy,mmlu,hellaswag,coding\n");
    for (int f = 0; f < 3; f++) {
        for (int i = 0; i < 6; i++) {
            double c = 1e20 * pow(4.0, i), s = 0.3 * i + 0.2 * f - 1.0;
            double wobble = 0.01 * sin(7.0 * i + 3.0 * f);
            buf_printf(&text, "m%d-%d,fam%d,%g,%.6f,%.6f,%.6f,%.6f\n", f, i, f, c,
                       0.5 + 0.20 * tanh(s) + wobble, 0.4 + 0.25 * tanh(s) - wobble,
                       0.6 + 0.15 * tanh(s) + 0.5 * wobble, 1.0 / (1.0 + exp(0.5 - 1.5 * s)));
        }
    }
    buf_puts(&text, "lone-1,lone,3e21,0.55,0.45,0.62,0.4\n");
    (void)tmpdir_write(&tmp, "scores.csv", buf_str(&text));
    buf_release(&text);
}

START_TEST(larger_models_are_held_out)
{
    json_t *v =
        slaw_json("observe scores.csv --target coding --cutoff 1e22 --bootstrap 40 --json", 0);
    const json_t *h = json_at(v, "holdout.0");
    ck_assert_int_eq(integer_at(h, "n_train"), 13);
    ck_assert_int_eq(integer_at(h, "n_test"), 6);
    ck_assert_uint_eq(count_at(h, "errors"), 5);
    const json_t *one = json_at(h, "predictions.0");
    const json_t *interval = json_object_get(one, "interval");
    double predicted = number_at(one, "predicted");
    ck_assert_double_gt(predicted, number_at(interval, "lo"));
    ck_assert_double_lt(predicted, number_at(interval, "hi"));
    json_decref(v);
}
END_TEST

/* What was left open is settled in the options; a name with a dot is a name. */
START_TEST(the_answer_says_what_it_was_made_from)
{
    json_t *v = slaw_json("observe scores.csv --target coding --bootstrap 0 --json", 0);
    const json_t *o = json_object_get(v, "options");
    ck_assert_int_eq(integer_at(o, "components"), 3);
    ck_assert_str_eq(text_at(o, "link"), "height");
    ck_assert_str_eq(text_at(o, "reference"), "fam0");
    ck_assert_ptr_null(json_object_get(o, "isoflop"));
    ck_assert_ptr_null(json_object_get(o, "law"));
    ck_assert_int_eq(integer_at(v, "rows.used"), 19);
    ck_assert(json_is_string(json_at(v, "input.sha256")));
    const json_t *mean = json_at(v, "pca.mean");
    ck_assert(json_is_number(json_object_get(mean, "arc.easy")));
    ck_assert_uint_eq(json_object_size(mean), 3);
    const json_t *lone = json_at(v, "families.3");
    ck_assert(json_is_string(json_object_get(lone, "reason")));
    json_decref(v);
}
END_TEST

START_TEST(options_of_laws_are_refused)
{
    static const char *const args[] = {
        "observe scores.csv --isoflop", "observe scores.csv --law power:N",
        "observe scores.csv --share alpha", "observe scores.csv --final-only"};
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        CHECK_SLAW(args[i], 2, "slaw observe has no option --");
    }
}
END_TEST

START_TEST(every_format_is_taken)
{
    static const struct {
        const char *format, *words;
    } c[] = {{"text", "19 models of 4 families"},
             {"markdown", "| family |"},
             {"latex", "\\toprule"},
             {"csv", "model,family,C,C_equivalent,filled_in,PC1"},
             {"html", "</table>"}};
    char args[128];
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        (void)snprintf(args, sizeof args,
                       "observe scores.csv --target coding --bootstrap 20 "
                       "--format %s",
                       c[i].format);
        CHECK_SLAW(args, 0, c[i].words);
    }
}
END_TEST

START_TEST(answers_fit_the_page)
{
    check_pages("observe scores.csv --target coding --cutoff 1e22 --bootstrap 40 --models");
}
END_TEST

/* A refused target is part of the answer and of the exit status. */
START_TEST(refusals_are_said)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("observe scores.csv --where family=fam0 --where 'C<2e21' --components 1 "
                          "--target coding --link free --bootstrap 0",
                          true, &out),
                     1);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Refused: target coding: "));
    ck_assert_ptr_null(strstr(buf_str(&out), "slaw: "));
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "observe_verb", .set_up = setup, .tear_down = tmp_close});
}
