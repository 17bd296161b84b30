/* fit, table and plot as a user runs them: the slaw program on a CSV file and on a study. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/fit.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"
#include "orchestrator/sched/lock.h"
#include "tests/analysis/obs/small_catalog.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

/* fits.csv: 7 x 8 points of the law E 1.69, A 406.4, B 410.7, alpha 0.34, beta 0.28, and one row
 * that --where keep=1 leaves out. */
static void write_csv(void)
{
    Buf text = BUF_INIT;
    buf_puts(&text, "params,D,loss,keep\n1e6,1e9,99,0\n");
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 8; j++) {
            double n = 1e7 * pow(3.0, i), d = 2e8 * pow(2.5, j);
            double loss = hoffmann_loss(n, d);
            buf_printf(&text, "%.17g,%.17g,%.17g,1\n", n, d, loss);
        }
    }
    (void)tmpdir_write(&tmp, "fits.csv", buf_str(&text));
    buf_release(&text);
}

START_TEST(fit_reads_a_csv)
{
    write_csv();
    json_t *v = slaw_json("fit fits.csv --map N=params --where keep=1 --loss huber:1e-3 --starts 8 "
                          "--bootstrap 20 --json",
                          0);
    const json_t *fit = json_at(v, "fits.0");
    ck_assert_int_eq(integer_at(fit, "n"), 56);
    ck_assert_int_eq(integer_at(fit, "starts.total"), 8);
    const json_t *params = json_object_get(fit, "params");
    ck_assert_double_eq_tol(number_at(params, "beta"), 0.28, 1e-10);
    /* where it comes from, and how to repeat it */
    char sha[SHA256_HEX_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(hash_sha256_file(tmp_path("fits.csv"), sha, &err), ERR_OK);
    const json_t *input = json_object_get(v, "input"), *options = json_object_get(v, "options");
    ck_assert_str_eq(text_at(input, "sha256"), sha);
    ck_assert_str_eq(text_at(input, "of"), "file");
    ck_assert_int_eq(integer_at(input, "rows"), 57);
    ck_assert_str_eq(text_at(options, "loss"), "huber:0.001");
    ck_assert_str_eq(text_at(options, "map.0"), "N=params");
    ck_assert_str_eq(text_at(options, "where.0"), "keep=1");
    ck_assert_int_eq(integer_at(options, "bootstrap"), 20);
    ck_assert_int_eq(integer_at(v, "seed"), 1);
    ck_assert_ptr_nonnull(json_object_get(v, "version"));
    json_decref(v);
}
END_TEST

START_TEST(mistakes_have_their_exit_status)
{
    write_csv();
    check_mistakes("fit");
}
END_TEST

/* A sweep of one size: every law is refused, and the picture is there all the same. */
START_TEST(a_sweep_is_drawn_though_no_law_fits)
{
    Buf out = BUF_INIT;
    (void)tmpdir_write(&tmp, "sweep.csv",
                       "run,N,D,loss,optimizer.lr\na,1e6,1e7,4,0.001\na,1e6,2e7,3.5,0.001\n"
                       "b,1e6,1e7,5,0.002\nb,1e6,2e7,3.25,0.002\nc,1e6,2e7,3.75,0.004\n");
    int status = slaw("plot sweep.csv --axis lr --out p", true, &out);
    ck_assert(status == 1 || status == 69); /* 69: no gnuplot here; the data are written */
    if (status == 1) {
        ck_assert_ptr_nonnull(strstr(buf_str(&out), "p/loss_axis.svg\n"));
        ck_assert_ptr_nonnull(
            strstr(buf_str(&out), "Refused: all: chinchilla has 5 parameters and"));
    }
    tmp_read("p/loss_axis.csv", &out);
    ck_assert_str_eq(buf_str(&out), "series,optimizer.lr,loss,panel,label\n"
                                    "0,0.001,3.5,\"\",\"N = 1M\"\n"
                                    "0,0.002,3.25,\"\",\"N = 1M\"\n"
                                    "0,0.004,3.75,\"\",\"N = 1M\"\n"
                                    "1,0.002,3.25,\"\",\"lowest\"\n");
    status = slaw("plot sweep.csv --axis lr --only loss_axis --format eps,pdf --width column "
                  "--title none --json --out q",
                  false, &out);
    if (status != 69) {
        json_t *v = json_loads(buf_str(&out), 0, NULL);
        const json_t *files = json_object_get(v, "files");
        static const char *const want[] = {"q/loss_axis.csv", "q/loss_axis.gp", "q/loss_axis.pdf",
                                           "q/loss_axis.eps"};
        ck_assert_int_eq(status, 1);
        ck_assert_uint_eq(json_array_size(files), 4);
        for (size_t i = 0; i < 4; i++) {
            ck_assert_str_eq(text_at(files, "%zu", i), want[i]);
            ck_assert(tmp_has(want[i]));
        }
        json_decref(v);
    }
    buf_release(&out);
}
END_TEST

START_TEST(a_study_keeps_its_fit_and_its_pictures)
{
    char path[FSX_PATH_BYTES];
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    small_catalog(tmp_folder("study"), 4);
    json_t *printed = slaw_json("fit study --starts 4 --bootstrap 0 --json", 0), *kept = NULL;
    ck_assert_int_eq(fsx_join(path, tmp.path, "study/reports/fit.json", &err), ERR_OK);
    ck_assert_int_eq(json_read_file(path, &kept, &err), ERR_OK);
    ck_assert(json_equal(printed, kept));
    ck_assert_uint_eq(count_at(kept, "fits"), 4);
    json_decref(printed);
    json_decref(kept);
    ck_assert_int_eq(slaw("table study --starts 4 --bootstrap 0 --format csv --runs", false, &out),
                     0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "llama,llama-906k,906000,8192000,"));
    int status = slaw("plot study --starts 4", true, &out);
    ck_assert(status == 0 || status == 69); /* 69: no gnuplot here; the data are written */
    ck_assert(tmp_has("study/reports/loss_tokens.csv"));
    buf_release(&out);
}
END_TEST

/* What has no part in an answer is not said in it: only what chose the rows. */
START_TEST(runs_alone_need_no_fit)
{
    write_csv();
    json_t *v = slaw_json("table fits.csv --map N=params --where params=1e7 --runs --json",
                          0); /* one N: a fit would be refused */
    const json_t *options = json_object_get(v, "options");
    ck_assert_ptr_nonnull(json_object_get(options, "where"));
    ck_assert_ptr_null(json_object_get(options, "starts"));
    ck_assert_ptr_null(json_object_get(v, "fits"));
    const json_t *run = json_at(v, "runs.0");
    ck_assert_double_eq(number_at(run, "N"), 1e7);
    ck_assert(json_is_null(json_object_get(run, "run")));
    json_decref(v);
}
END_TEST

/* A warning stands once, with every group that has it; the answer is the whole of the output. */
START_TEST(refusals_and_warnings_are_part_of_the_answer)
{
    Buf out = BUF_INIT;
    (void)tmpdir_write(&tmp, "one.csv",
                       "g,N,D,loss\na,1e6,1e7,4\na,1e6,2e7,3.5\nb,1e6,1e7,5\nb,1e6,2e7,3.25\n");
    ck_assert_int_eq(slaw("fit one.csv --by g --json", true, &out), 1);
    json_t *v = json_loads(buf_str(&out), 0, NULL); /* nothing else on either stream */
    ck_assert_uint_eq(count_at(v, "refused"), 2);
    json_decref(v);
    ck_assert_int_eq(slaw("fit one.csv --by g", false, &out), 1);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "Refused: a: chinchilla "));
    Buf text = BUF_INIT;
    buf_puts(&text, "g,N,D,loss\n");
    for (int i = 0; i < 60; i++) {
        double n = 1e7 * pow(3.0, i / 2 / 6), d = 2e8 * pow(2.5, i / 2 % 6);
        buf_printf(&text, "%c,%.17g,%.17g,%.17g\n", i % 2 ? 'b' : 'a', n, d, hoffmann_loss(n, d));
    }
    (void)tmpdir_write(&tmp, "two.csv", buf_str(&text));
    buf_release(&text);
    ck_assert_int_eq(
        slaw("fit two.csv --by g --starts 4 --bootstrap 0 --at-flops 1e30", false, &out), 0);
    const char *warning = strstr(buf_str(&out), "Warning: a, b: outside: ");
    ck_assert_ptr_nonnull(warning);
    ck_assert_ptr_null(strstr(warning + 1, "Warning: "));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\nThere are no intervals.\n"));
    buf_release(&out);
}
END_TEST

static size_t fits_in_study(void)
{
    Arena a = ARENA_INIT;
    Catalog *c = NULL;
    CatalogFit *fit = NULL;
    size_t n = 0;
    Err err = ERR_INIT;
    ck_assert_msg(catalog_open_readonly(tmp_path("study/" CATALOG_FILE), &c, &err) == ERR_OK, "%s",
                  err.msg);
    ck_assert_int_eq(catalog_fit_list(c, &a, &fit, &n, &err), ERR_OK);
    catalog_close(c);
    arena_release(&a);
    return n;
}

START_TEST(the_catalog_keeps_each_fit_once)
{
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    small_catalog(tmp_folder("study"), 4);
    ck_assert_int_eq(slaw("fit study --starts 4 --bootstrap 0", false, &out), 0);
    ck_assert_uint_eq(fits_in_study(), 4);
    ck_assert_int_eq(slaw("fit study --starts 4 --bootstrap 0", false, &out), 0);
    ck_assert_uint_eq(fits_in_study(), 4); /* the same again */
    ck_assert_int_eq(slaw("fit study --starts 4 --bootstrap 0 --loss mse", false, &out), 0);
    ck_assert_uint_gt(fits_in_study(), 4);
    size_t n = fits_in_study();

    Lock lock = LOCK_INIT; /* as a scheduler would */
    ck_assert_int_eq(lock_acquire(tmp_path("study"), &lock, &err), ERR_OK);
    CHECK_SLAW("fit study --starts 4 --bootstrap 0 --loss huber:1e-2", 0, "the catalog is in use");
    lock_release(&lock);
    ck_assert_uint_eq(fits_in_study(), n);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "cli/fit_verbs", .set_up = tmp_open, .tear_down = tmp_close});
}
