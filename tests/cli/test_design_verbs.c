/* simulate and suggest as a user runs them: study files, CSV files, and a study with observations. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/json.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/check_page.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

static const char study_text[] =
    "version: 1\n"
    "study: small\n"
    "corpus: {text: default, repeat: true}\n"
    "matrix: {architecture: [llama, tnl], size: [s, m, l]}\n"
    "sizes:\n"
    "  s: {layers: 2, width: 32, heads: 2}\n"
    "  m: {layers: 4, width: 64, heads: 4}\n"
    "  l: {layers: 6, width: 128, heads: 8}\n"
    "training: {tokens: 2M, sequence: 128, batch: 1024, optimizer: {adamw: {lr: 3e-3}}}\n"
    "checkpoints: {count: 6, first: 50k}\n"
    "overrides:\n"
    "  - {where: {architecture: tnl}, set: {training.optimizer.adamw.lr: 1e-3}}\n";

/* 6 sizes by 6 lengths of the law E 1.69, A 406.4, B 410.7, alpha 0.34, beta 0.28 with errors of 0.2 %
 * that a sine makes; group b has two sizes only. */
static void write_csv(void)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "group,N,D,loss\n");
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 6; j++) {
            bool is_b = i >= 6;
            double n = 1e7 * pow(3.0, is_b ? i - 6 : i), d = 2e8 * pow(3.0, j);
            double loss = hoffmann_loss(n, d);
            buf_printf(&text, "%s,%.17g,%.17g,%.17g\n", is_b ? "b" : "a", n, d,
                       loss * (1.0 + 0.002 * sin(37.0 * i + 11.0 * j)));
        }
    }
    (void)tmpdir_write(&tmp, "fits.csv", buf_str(&text));
    buf_release(&text);
}

static void setup(void)
{
    tmp_open();
    write_csv();
    (void)tmpdir_write(&tmp, "small.yaml", study_text);
}

START_TEST(a_planned_study_is_simulated)
{
#define SIMULATE                                                 \
    "simulate @/experiments/quickstart.yaml --truth "            \
    "chinchilla:E=1.2,A=9,B=60,alpha=0.2,beta=0.27 --studies 6 " \
    "--bootstrap 40 --group tnl --flops 1e17 --difference alpha=0.5 --json"
    json_t *v = slaw_json(SIMULATE, 0), *threads = slaw_json(SIMULATE " --threads 3", 0);
#undef SIMULATE
    ck_assert(json_equal(json_object_get(v, "groups"), json_object_get(threads, "groups")));
    json_decref(threads);
    const json_t *g = json_at(v, "groups.0"), *values = json_object_get(g, "values");
    ck_assert_str_eq(text_at(g, "group"), "tnl");
    ck_assert_double_eq(number_at(g, "runs"), 6);
    ck_assert_double_eq(number_at(g, "points"), 54);
    const json_t *alpha = json_object_get(values, "alpha");
    ck_assert_double_eq(number_at(alpha, "truth"), 0.2);
    ck_assert_double_eq(number_at(alpha, "fits") + number_at(g, "refused"), 6);
    ck_assert_double_gt(number_at(alpha, "sd"), 0.0);
    ck_assert_double_gt(number_at(alpha, "width"), 0.0);
    const json_t *at = json_at(g, "at.0");
    ck_assert_double_eq(number_at(at, "C"), 1e17);
    ck_assert(json_is_object(json_at(at, "values.N_opt")));
    ck_assert_str_eq(text_at(g, "power.parameter"), "alpha");
    json_decref(v);
}
END_TEST

/* The data set that --csv writes is read by fit, and without noise gives the truth. */
START_TEST(a_simulated_data_set_is_fitted)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw("simulate small.yaml --truth "
                          "chinchilla:E=1.2,A=9,B=60,alpha=0.2,beta=0.27 --noise 0 --point-noise 0 "
                          "--csv sim.csv",
                          true, &out),
                     0);
    json_t *v = slaw_json("fit sim.csv --by group --bootstrap 0 --loss mse --json", 0);
    ck_assert_uint_eq(count_at(v, "fits"), 2);
    const json_t *fit = json_at(v, "fits.0");
    ck_assert_str_eq(text_at(fit, "group"), "llama");
    ck_assert_double_eq(number_at(fit, "n"), 18);
    ck_assert_double_eq_tol(number_at(fit, "params.alpha"), 0.2, 1e-8);
    ck_assert_double_eq_tol(number_at(fit, "params.beta"), 0.27, 1e-8);
    json_decref(v);
    ck_assert_int_eq(slaw("simulate sim.csv --by group --truth solvable:alpha=0.4 --studies 2 "
                          "--bootstrap 0 --format csv",
                          false, &out),
                     0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "tnl,beta,1,0.4,"));
    buf_release(&out);
}
END_TEST

START_TEST(a_simulation_like_a_fit_takes_its_noise)
{
    json_t *v = slaw_json("simulate fits.csv --where group=a --like fits.csv --studies 5 "
                          "--bootstrap 0 --loss mse --json",
                          0);
    const json_t *noise = json_at(v, "groups.0.noise");
    /* 0.2 % times a sine: rms 0.14 %, with 36 points and 5 parameters */
    ck_assert_double_eq_tol(number_at(noise, "point"), 0.0014, 0.0003);
    ck_assert_double_eq(number_at(noise, "run"), 0.0);
    json_decref(v);
}
END_TEST

/* The head tells the bytes that were read and the options that were honoured, no others. */
START_TEST(an_answer_says_what_it_was_made_from)
{
    static const char *const args[] = {
        "simulate fits.csv --where group=a --truth hoffmann --studies 2 --bootstrap 0 --json",
        "suggest fits.csv --where group=a --target alpha --budget 1e20 --bootstrap 0 --json"};
    char digest[2][SHA256_HEX_BYTES], bytes[SHA256_HEX_BYTES];
    Err err = ERR_INIT;
    for (size_t i = 0; i < 2; i++) {
        json_t *v = slaw_json(args[i], 0);
        const json_t *o = json_object_get(v, "options");
        (void)snprintf(digest[i], sizeof digest[i], "%s", text_at(v, "input.sha256"));
        ck_assert_double_eq(number_at(v, "rows.used"), 36);
        ck_assert_double_eq(number_at(o, "bootstrap"), 0);
        ck_assert_double_eq(number_at(o, "starts"), i == 0 ? 16 : 64);
        ck_assert_ptr_null(json_object_get(o, "isoflop"));
        ck_assert_ptr_null(json_object_get(o, "share"));
        json_decref(v);
    }
    ck_assert_int_eq(hash_sha256_file(tmp_path("fits.csv"), bytes, &err), ERR_OK);
    ck_assert_str_eq(digest[0], bytes);
    ck_assert_str_eq(digest[1], bytes);
    /* of a study that was not run the bytes are the file's */
    json_t *v = slaw_json("simulate small.yaml --truth "
                          "chinchilla:E=1.2,A=9,B=60,alpha=0.2,beta=0.27 --group tnl --studies 2 "
                          "--bootstrap 0 --json",
                          0);
    ck_assert_int_eq(hash_sha256_file(tmp_path("small.yaml"), bytes, &err), ERR_OK);
    ck_assert_str_eq(text_at(v, "input.sha256"), bytes);
    json_decref(v);
}
END_TEST

/* No line of a table passes the width. */
START_TEST(answers_fit_the_width)
{
    static const char *const args[] = {
        "simulate fits.csv --by group --group a --truth hoffmann --studies 3 --bootstrap 20 "
        "--flops 1e21,1e22 --width 80",
        "suggest fits.csv --where group=a --target-flops 1e21 --budget 1e20 --runs 3 --loss mse "
        "--bootstrap 20 --width 80"};
    Buf out = BUF_INIT;
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(slaw(args[i], false, &out), 0);
        check_fits(buf_str(&out), 80);
    }
    buf_release(&out);
}
END_TEST

START_TEST(a_csv_gets_points)
{
    Buf out = BUF_INIT;
    json_t *v = slaw_json("suggest fits.csv --where group=a --target-flops 1e21 --budget 1e20 "
                          "--runs 2 --loss mse --bootstrap 40 --verify 20 --json",
                          0);
    const json_t *row = json_at(v, "suggestions.0"), *g = json_at(v, "groups.0");
    ck_assert_uint_eq(count_at(v, "suggestions"), 2);
    ck_assert_double_le(number_at(v, "cost"), 1e20);
    ck_assert(json_is_string(json_at(v, "input.sha256")));
    ck_assert_double_eq_tol(number_at(row, "cost"), 6.0 * number_at(row, "N") * number_at(row, "D"),
                            1e6);
    double before = number_at(row, "before.half_width");
    double after = number_at(row, "after.half_width");
    ck_assert_double_lt(after, before);
    ck_assert_double_eq_tol(number_at(g, "expected.half_width"), before, 1e-12);
    ck_assert_double_eq_tol(number_at(row, "gain_per_flop"),
                            number_at(row, "gain") / number_at(row, "cost"), 1e-30);
    const json_t *best = json_at(v, "alternatives.best_alone");
    const json_t *dear = json_at(v, "alternatives.largest");
    ck_assert_double_ge(number_at(best, "gain"), number_at(dear, "gain"));
    ck_assert_double_gt(number_at(g, "verified.sd_before"), number_at(g, "verified.sd_after"));
    json_decref(v);
    ck_assert_int_eq(slaw("suggest fits.csv --where group=a --target alpha --budget 1e20 "
                          "--loss mse --bootstrap 0 --format csv",
                          false, &out),
                     0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "run,group,size,N,D,cost,"));
    ck_assert_int_eq(slaw("suggest fits.csv --where group=a --target alpha --budget 1e20 "
                          "--loss mse --bootstrap 0",
                          false, &out),
                     0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "no study file that could be extended"));
    buf_release(&out);
}
END_TEST

START_TEST(a_refused_law_gets_runs_that_determine_it)
{
    json_t *v =
        slaw_json("suggest fits.csv --where group=b --target alpha --budget 1e20 --json", 1);
    const json_t *rows = json_object_get(v, "suggestions");
    double sizes[64];
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        double size = number_at(rows, "%zu.N", i);
        bool is_known = size == 1e7 || size == 3e7; /* those of the data */
        for (size_t k = 0; k < n; k++) {
            is_known = is_known || sizes[k] == size;
        }
        if (!is_known) {
            sizes[n++] = size;
        }
    }
    ck_assert_uint_ge(n, 1); /* a third size */
    ck_assert(json_is_true(json_object_get(v, "nominal")));
    ck_assert(json_is_true(json_at(v, "groups.0.refused")));
    json_decref(v);
    /* beside another group it is named and left out */
    CHECK_SLAW("suggest fits.csv --by group --target alpha --budget 1e20 --loss mse "
               "--bootstrap 0",
               1, "Refused: b: ", "a: train ");
}
END_TEST

START_TEST(a_study_gets_models_and_a_file_to_run)
{
    Buf out = BUF_INIT;
    small_catalog(tmp_folder("study"), 4);
    (void)tmpdir_write(&tmp, "study/study.yaml", study_text);
    json_t *v = slaw_json("suggest study --law chinchilla --target-flops 1e18 --budget 1e15 "
                          "--runs 3 --bootstrap 20 --starts 8 --out next.yaml --json",
                          0);
    const json_t *rows = json_object_get(v, "suggestions");
    ck_assert_uint_ge(json_array_size(rows), 1);
    ck_assert_int_eq(slaw("check next.yaml", true, &out), 0);
    json_t *plan = slaw_json("plan next.yaml --measure 0 --json", 0);
    const json_t *cells = json_object_get(plan, "cells");
    ck_assert_uint_eq(json_array_size(cells), 6 + json_array_size(rows));
    double cost = 0.0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *cell = json_array_get(cells, 6 + i);
        const json_t *flops = json_object_get(cell, "flops_per_token");
        ck_assert_double_eq(number_at(cell, "N"), number_at(row, "N"));
        ck_assert_double_eq(number_at(cell, "D"), number_at(row, "D"));
        ck_assert_str_eq(text_at(cell, "architecture"), text_at(row, "architecture"));
        ck_assert_double_eq_tol(number_at(row, "cost") /
                                    (number_at(flops, "paper") * number_at(cell, "D")),
                                1.0, 1e-12);
        cost += number_at(row, "cost");
    }
    ck_assert_double_le(cost, 1e15);
    ck_assert_double_eq_tol(number_at(v, "cost") / cost, 1.0, 1e-12);
    json_decref(plan);
    json_decref(v);
    buf_release(&out);
}
END_TEST

/* A study's axes by the ends of their paths, several at once, before anything has run. */
START_TEST(a_study_is_grouped_by_several_axes)
{
    static const char matrix[] = "matrix: {";
    const char *at = strstr(study_text, matrix);
    Buf out = BUF_INIT, text = BUF_INIT;
    ck_assert_ptr_nonnull(at);
    buf_add(&text, study_text, (size_t)(at - study_text));
    buf_printf(&text, "%sclip: [5e-1, 1], %s", matrix, at + strlen(matrix));
    (void)tmpdir_write(&tmp, "sweep.yaml", buf_str(&text));
    const char *by[][2] = {{"architecture,clip", "tnl/0.5,"}, {"training.clip", "0.5,"}};
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&text);
        buf_printf(&text,
                   "simulate sweep.yaml --truth hoffmann --by %s --studies 2 --starts 8 "
                   "--bootstrap 0 --format csv",
                   by[i][0]);
        CHECK_SLAW(buf_str(&text), 0, by[i][1]);
    }
    buf_release(&text);
    buf_release(&out);
}
END_TEST

START_TEST(mistakes_have_their_exit_status)
{
    check_mistakes("design");
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "design verbs", .set_up = setup, .tear_down = tmp_close});
}
