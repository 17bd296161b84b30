/* What runs would take: memory against that of real workers, and how speeds are found. */
#include "trainer/worker/estimate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny.h"
#include "trainer/arch/arch.h"
#include "trainer/core/kern.h"
#include "trainer/worker/measure.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true /* its shadow memory is no model's */
#else
#define IS_SANITIZED false
#endif

static json_t *config_of(const char *run_dir)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    json_t *config = NULL;
    ck_assert_int_eq(fsx_join(path, run_dir, "config.json", &err), ERR_OK);
    ck_assert_int_eq(json_read_file(path, &config, &err), ERR_OK);
    return config;
}

/* Steals cells. */
static json_t *asked(double seconds, json_t *cells)
{
    json_t *question =
        json_pack("{s:i, s:f, s:o}", "schema", 1, "seconds", seconds, "cells", cells);
    json_t *answer = NULL;
    Err err = ERR_INIT;
    ck_assert_msg(estimate_json(question, &answer, &err) == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(json_string_value(json_object_get(answer, "isa")), kern_get()->isa);
    json_decref(question);
    return answer;
}

static const json_t *cell(const json_t *answer, size_t i)
{
    return json_array_get(json_object_get(answer, "cells"), i);
}

static double real(const json_t *v, const char *key)
{
    ck_assert_msg(json_is_number(json_object_get(v, key)), "%s", key);
    return json_number_value(json_object_get(v, key));
}

static const char large[] = "'layers':6,'width':192,'heads':6,'head_width':32,'mlp_width':512";
static const char small[] = "'layers':2,'width':16,'heads':2,'head_width':8,'mlp_width':32";

/* The corpus of these runs is 30 kB, less than the uncertainty. */
START_LOOP_TEST(memory_is_what_a_worker_needs, arch_count())
{
    Tiny t = tiny_open();
    const Arch *a = arch_at((size_t)_i);
    char run[FSX_PATH_BYTES];
    (void)tiny_run(&t, "large", a->name, small, large, run);
    ck_assert_int_eq(tiny_wait(tiny_start(run, t.corpus, -1)), 0);
    json_t *events = tiny_events(run, 0);
    double peak = real(tiny_event(events, "bye", 0), "peak_rss_bytes");
    json_t *answer = asked(0.0, json_pack("[o]", config_of(run)));
    double memory = real(cell(answer, 0), "memory_bytes");
    ck_assert_msg(IS_SANITIZED || fabs(memory / peak - 1.0) < 0.15,
                  "%s: estimated %.1f MB, measured %.1f MB", a->name, memory / 1e6, peak / 1e6);
    ck_assert(json_is_null(json_object_get(cell(answer, 0), "tokens_per_second")));
    ck_assert(json_is_false(json_object_get(cell(answer, 0), "measured")));
    json_decref(answer);
    json_decref(events);
    tiny_close(&t);
}
END_TEST

/* The small one is measured, and one of a thousand times the work is not, but has its FLOP/s. */
START_TEST(what_takes_too_long_is_taken_from_its_kin)
{
    Tiny t = tiny_open();
    char run[FSX_PATH_BYTES];
    json_t *cells = json_array();
    (void)tiny_run(&t, "small", "tnl", NULL, NULL, run);
    json_t *one = config_of(run), *huge = json_deep_copy(one), *other = json_deep_copy(one);
    json_t *model = json_object_get(huge, "model");
    (void)json_object_set_new(model, "layers", json_integer(40));
    (void)json_object_set_new(model, "width", json_integer(1024));
    (void)json_object_set_new(model, "heads", json_integer(128));
    (void)json_object_set_new(model, "mlp_width", json_integer(4096));
    (void)json_array_append_new(cells, huge);
    (void)json_array_append_new(cells, one);
    (void)json_object_set_new(json_object_get(other, "model"), "architecture",
                              json_string("hgrn2"));
    (void)json_object_set_new(json_object_get(other, "model"), "vocabulary", json_integer(70000));
    (void)json_array_append_new(cells, other); /* no worker opens it: tokens have 16 bits */
    json_t *answer = asked(0.3, cells);
    ck_assert(json_is_false(json_object_get(cell(answer, 0), "measured")));
    ck_assert(json_is_true(json_object_get(cell(answer, 1), "measured")));
    ck_assert(json_is_false(json_object_get(cell(answer, 2), "measured")));
    ck_assert(json_is_null(json_object_get(cell(answer, 2), "memory_bytes")));
    ck_assert(real(cell(answer, 2), "tokens_per_second") > 0.0);
    const Arch *tnl = arch_find("tnl");
    ModelShape s = arch_shape(tnl, 2, 16, 2, 32, 256),
               b = arch_shape(tnl, 40, 1024, 128, 4096, 256);
    double ratio = (arch_flops_exact(&b, TINY_SEQUENCE) + arch_flops_head(&b)) /
                   (arch_flops_exact(&s, TINY_SEQUENCE) + arch_flops_head(&s));
    double got =
        real(cell(answer, 1), "tokens_per_second") / real(cell(answer, 0), "tokens_per_second");
    ck_assert_msg(fabs(got / ratio - 1.0) < 1e-9, "%g, %g", got, ratio); /* a few roundings */
    json_decref(answer);
    tiny_close(&t);
}
END_TEST

static const char *const bad[] = {
    "{}",
    "{\"cells\":[]}",
    "{\"cells\":[],\"seconds\":-1}",
    "{\"cells\":{},\"seconds\":0}",
    "{\"cells\":[],\"seconds\":0,\"threads\":0}",
    "{\"cells\":[],\"seconds\":0,\"threads\":3,\"most_threads\":2}",
    "{\"cells\":[{}],\"seconds\":0}",
};

START_TEST(a_question_that_cannot_be_read_is_an_error)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json_t *question = json_loads(bad[i], 0, NULL), *answer = NULL;
        Err err = ERR_INIT;
        ck_assert_msg(estimate_json(question, &answer, &err) == ERR_FORMAT, "%s", bad[i]);
        ck_assert_ptr_null(answer);
        json_decref(question);
    }
    json_t *nothing = asked(1.0, json_array());
    ck_assert_uint_eq(json_array_size(json_object_get(nothing, "cells")), 0);
    json_decref(nothing);
}
END_TEST

START_TEST(a_measured_call_is_one_part_of_a_batch)
{
    Measure w = {.sequence = 128, .sequences = 64};
    ck_assert_int_eq(measure_sequences(&w), 4);
    w.sequences = 2;
    ck_assert_int_eq(measure_sequences(&w), 2);
    w.sequence = 100000;
    ck_assert_int_eq(measure_sequences(&w), 1);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "estimate"});
}
