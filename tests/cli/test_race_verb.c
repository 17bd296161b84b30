/* slaw race as a user runs it. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

static void set_up(void)
{
    tmp_open();
    (void)tmpdir_write(&tmp, "runs.csv",
                       "arch,run,N,D,loss,hours,bits_per_byte\n"
                       "gpt,g1,1e6,1e6,5.0,1,2.0\ngpt,g1,1e6,4e6,4.0,4,1.5\n"
                       "gpt,g2,1e6,1e6,5.1,1,2.0\ngpt,g2,1e6,4e6,4.1,4,1.5\n"
                       "lstm,l1,1e6,1e6,4.4,4,1.0\nlstm,l1,1e6,4e6,3.4,16,0.9\n"
                       "lstm,l2,1e6,1e6,4.5,4,1.0\nlstm,l2,1e6,4e6,3.5,16,0.9\n");
}

START_TEST(the_three_axes_have_their_own_winners)
{
    Buf out = BUF_INIT;
    json_t *v = slaw_json("race runs.csv --by arch --json", 0);
    ck_assert_ptr_nonnull(json_object_get(v, "input"));
    const json_t *axes = json_object_get(v, "axes");
    static const char *const winner[] = {"gpt", "lstm", "lstm"};
    for (size_t a = 0; a < 3; a++) {
        const json_t *classes = json_at(axes, "%zu.classes", a);
        const json_t *last = json_array_get(classes, json_array_size(classes) - 1);
        ck_assert_str_eq(text_at(last, "best"), winner[a]);
        ck_assert_double_gt(number_at(last, "difference"), 0.0);
        ck_assert(json_is_number(json_at(last, "interval.lo")));
    }
    json_decref(v);
    ck_assert_int_eq(
        slaw("race runs.csv --by arch --response bits_per_byte --classes 4", false, &out), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "At equal training time lstm is best in 1 of 1"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "4 h 0 min"));
    buf_release(&out);
}
END_TEST

START_TEST(pictures_are_written)
{
    Buf out = BUF_INIT;
    /* without gnuplot the data and the script are there all the same */
    (void)slaw("race runs.csv --by arch --out plots", true, &out);
    ck_assert(tmp_has("plots/equal_time.csv"));
    buf_release(&out);
}
END_TEST

START_TEST(wrong_options_are_said)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("race runs.csv --classes 6,x", true, &out), 2);
    ck_assert_int_eq(slaw("race runs.csv --format pdf", true, &out), 2);
    CHECK_SLAW("race runs.csv --time bits", 65, "bits");
    CHECK_SLAW("race runs.csv --by arch --plot", 2, "--out DIR");
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "race_verb", .set_up = set_up, .tear_down = tmp_close});
}
