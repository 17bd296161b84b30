/* slaw fit on files that are damaged, degenerate, in another order or in other units. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "tests/support/json_at.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "tests/support/verb.h"

enum { ROWS = 56 };

typedef struct Row {
    double n, d, loss;
    const char *group;
} Row;

static Row row[ROWS];

/* The law E 1.69, A 406.4, B 410.7, alpha 0.34, beta 0.28 with errors of half a percent. */
static void make_rows(void)
{
    for (int i = 0; i < ROWS; i++) {
        double n = 1e7 * pow(3.0, i / 8), d = 2e8 * pow(2.5, i % 8);
        double loss = hoffmann_loss(n, d);
        row[i] = (Row){n, d, loss * (1.0 + 0.005 * sin(12.9898 * (i + 1) * (i + 1))),
                       i % 2 ? "odd" : "even"};
    }
}

static void write_bytes(const char *bytes, size_t n)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_note(tmp_path("x.csv"), bytes, n, &err), ERR_OK);
}

/* x.csv: a header, the rows in the order `stride` steps through them, `end` after each line. */
static void write_rows(size_t stride, double kn, double kd, double kl, const char *end)
{
    Buf text = BUF_INIT;
    buf_printf(&text, "N,D,loss,g%s", end);
    for (size_t i = 0; i < ROWS; i++) {
        const Row *r = &row[i * stride % ROWS];
        buf_printf(&text, "%.17g,%.17g,%.17g,%s%s", r->n * kn, r->d * kd, r->loss * kl, r->group,
                   end);
    }
    write_bytes(buf_str(&text), text.len);
    buf_release(&text);
}

/* ---- files that are refused ---- */

#define GOOD "1e7,2e8,3.1\n"

START_TEST(a_damaged_file_is_refused_with_its_place_and_cure)
{
    const struct {
        const char *bytes;
        size_t n; /* 0: a text */
        const char *words, *cure;
    } c[] = {
        {"N,D,loss\n1e7,2e8\n", 0, "x.csv:2: 2 fields, and the header has 3", "keeps its comma"},
        {"N,D,loss\n" GOOD "1e7,2e8,3,1\n", 0, "x.csv:3: 4 fields", "decimal point"},
        {"N,D,loss\n1e7,2e8,NaN\n", 0, "x.csv:2: column \"loss\": \"NaN\" is not a finite number",
         "--where 'loss!=NaN'"},
        {"N,D,loss\n" GOOD "\n1e7,inf,3\n", 0, "x.csv:4: column \"D\": \"inf\" is not a finite",
         "--where 'D!=inf'"},
        {"N,D,loss\n1e7,2e8,\n", 0, "column \"loss\": \"\" is empty", "--where 'loss!='"},
        {"N,D,loss\n1e7,2e8,-3.1\n", 0, "\"-3.1\" must be positive", "--where 'loss>0'"},
        {"N,D,loss\n0,2e8,3.1\n", 0, "x.csv:2: column \"N\": \"0\" must be positive",
         "--where 'N>0'"},
        {"N,D,loss\n\"1,000\",2e8,3\n", 0, "\"1,000\" is not a number", "separators of thousands"},
        {"N,D,loss\n1e7,2e8,\"3,14159\"\n", 0, "\"3,14159\" is not a number", "decimal point"},
        {"N,D,loss\n1e400,2e8,3\n", 0, "\"1e400\" is beyond the largest number", "larger unit"},
        {"N,D,loss\n0x10,2e8,3\n", 0, "\"0x10\" is not a decimal number", "hexadecimal"},
        {"N,D,loss\n1e7,2e8,1e200\n", 0, "\"1e200\" is beyond 1e-150 to 1e150", "another unit"},
        {"N,D,loss\n\xef\xbc\x91\xef\xbc\x92,2e8,3\n", 0, "is not a number", "ASCII"},
        {"N,D,loss\n1e7,2e8,abc\n", 0, "\"abc\" is not a number", "--where 'loss!=abc'"},
        {"N,D,N\n" GOOD, 0, "x.csv:1: two columns are named \"N\" (1 and 3)", "rename"},
        {"N,,loss\n" GOOD, 0, "x.csv:1: column 2 has no name", "first line names the columns"},
        {"N,D,loss\n1e7,\"2e8,3\n" GOOD, 0, "x.csv:2: a quote is never closed", "written twice"},
        {"N,D,loss\n1e7,\"2e8\"x,3\n", 0, "x.csv:2: text after a closing quote", "written twice"},
        {"N,D,loss\n", 0, "x.csv: no rows below the header", "each other line"},
        {"", 0, "x.csv: the file is empty", "N,D,loss"},
        {"\xef\xbb\xbf", 0, "x.csv: the file is empty", "N,D,loss"},
        {"N;D;loss\n1e7;2e8;3,1\n", 0, "separated by semicolons", "tr"},
        {"N\tD\tloss\n1e7\t2e8\t3.1\n", 0, "separated by tabs", "tr"},
        {"N,D,loss\n1e7,2e8,3\0\n", 21, "x.csv:2: not a text file: a NUL byte", "catalog.db"},
        {"\xff\xfeN\0,\0D\0", 8, "UTF-16", "iconv"},
        {"N\0,\0D\0,\0", 8, "UTF-16", "iconv -f UTF-16LE"},
        {"\0N\0,\0D\0,", 8, "UTF-16", "iconv -f UTF-16BE"},
        {"\x1f\x8b\x08\0\0", 5, "compressed with gzip", "gunzip"},
        {"PK\x03\x04\x14\0", 6, "spreadsheet", "save the table as CSV"},
        {"N,D,loss,who\n1e7,2e8,3,caf\xe9\n", 0, "x.csv:2: the byte 0xE9 is no UTF-8", "iconv"},
        {"params,tokens,val_loss\n" GOOD, 0, "there is no column \"N\"", "--map N=params"},
        {"N,Tokens,loss\n" GOOD, 0, "there is no column \"D\"", "--map D=Tokens"},
        {"N,D,eval_loss\n" GOOD, 0, "there is no column \"loss\"", "--map loss=eval_loss"},
    };
    Buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        write_bytes(c[i].bytes, c[i].n ? c[i].n : strlen(c[i].bytes));
        int status = slaw("fit x.csv --bootstrap 0", true, &out);
        ck_assert_msg(status == 65, "%s: exit %d", c[i].words, status);
        ck_assert_msg(strstr(buf_str(&out), c[i].words) != NULL, "no %s in %s", c[i].words,
                      buf_str(&out));
        ck_assert_msg(strstr(buf_str(&out), c[i].cure) != NULL, "no %s in %s", c[i].cure,
                      buf_str(&out));
        /* nothing half printed: the error is the first thing and the only one */
        ck_assert_int_eq(strncmp(buf_str(&out), "slaw: ", 6), 0);
    }
    buf_release(&out);
}
END_TEST

/* Two gigabytes (a hole in the disk, none in the memory) are refused before they are read. */
START_TEST(a_huge_file_is_refused_at_once)
{
    write_bytes("N,D,loss\n1,2,3\n", 15);
    ck_assert_int_eq(truncate(tmp_path("x.csv"), (off_t)2 << 30), 0);
    CHECK_SLAW("fit x.csv", 65, "2.1 GB is more than the 1.1 GB that are read", "cut -d, -f");
}
END_TEST

/* ---- the same numbers in other clothes ---- */

static json_t *fit_json(const char *args)
{
    Buf out = BUF_INIT;
    char line[512];
    (void)snprintf(line, sizeof line, "fit x.csv --json --bootstrap 40 --starts 8 %s", args);
    int status = slaw(line, true, &out);
    ck_assert_msg(status == 0, "%s: exit %d: %s", args, status, buf_str(&out));
    json_t *v = json_loads(buf_str(&out), 0, NULL);
    ck_assert_ptr_nonnull(v);
    buf_release(&out);
    return v;
}

static const json_t *group_of(const json_t *v, const char *name)
{
    return json_whose(json_object_get(v, "fits"), "group", name);
}

/* The fit of the rows as they are made. */
static json_t *fit_plain(const char *args)
{
    make_rows();
    write_rows(1, 1.0, 1.0, 1.0, "\n");
    return fit_json(args);
}

START_TEST(clothes_do_not_matter)
{
    static const char *const text[] = {
        "\xef\xbb\xbfN,D,loss,g\r\n", /* a mark and CRLF */
        " N , D,loss\t, \"g\" \n",    /* blanks around */
        "\"N\",\"D\",\"loss\",g\r",   /* lone CR */
    };
    static const char *const end[] = {"\r\n", "\n", "\r"};
    json_t *plain = fit_plain("");
    for (size_t k = 0; k < 3; k++) {
        Buf b = BUF_INIT;
        buf_puts(&b, text[k]);
        for (size_t i = 0; i < ROWS; i++) {
            buf_printf(&b,
                       k == 1 ? " %.17g ,\"%.17g\" , %.17g\t,\"a, \"\"b\"\"\nc\"%s"
                              : "%.17g,%.17g,\"%.17g\",%s",
                       row[i].n, row[i].d, row[i].loss, k == 1 ? "" : "x");
            buf_puts(&b, i + 1 < ROWS ? end[k] : ""); /* no newline at the end */
        }
        write_bytes(buf_str(&b), b.len);
        json_t *same = fit_json("");
        ck_assert_msg(json_equal(json_object_get(plain, "fits"), json_object_get(same, "fits")),
                      "case %zu", k);
        json_decref(same);
        buf_release(&b);
    }
    json_decref(plain);
}
END_TEST

/* Rows in another order, and groups in another order: every bit is the same, intervals too. */
START_TEST(order_does_not_matter)
{
    json_t *all = fit_plain("--intervals"), *by = fit_json("--by g --threads 2");
    const size_t stride[] = {55, 27, 13}; /* prime to 56; the first begins with "odd" after one */
    for (size_t k = 0; k < 3; k++) {
        write_rows(stride[k], 1.0, 1.0, 1.0, "\n");
        json_t *other = fit_json("--intervals"), *groups = fit_json("--by g");
        ck_assert(json_equal(group_of(all, "all"), group_of(other, "all")));
        ck_assert(json_equal(group_of(by, "odd"), group_of(groups, "odd")));
        ck_assert(json_equal(group_of(by, "even"), group_of(groups, "even")));
        json_decref(other);
        json_decref(groups);
    }
    json_decref(all);
    json_decref(by);
}
END_TEST

static void close_to(double got, double want, double room, const char *what)
{
    ck_assert_msg(fabs(got - want) <= room * fabs(want), "%s: %.17g, not %.17g (%.1e)", what, got,
                  want, got / want - 1.0);
}

/* N x kn, D x kd, loss x kl: A becomes A kn^alpha kl, B B kd^beta kl, E E kl; the objective (of
 * logs) and the exponents stay; so do the intervals of what stays, and the warnings' codes. */
static void check_units(const json_t *one, const json_t *other, double kn, double kd, double kl,
                        double room)
{
    const json_t *f = group_of(one, "all"), *g = group_of(other, "all");
    double alpha = number_at(f, "params.alpha"), beta = number_at(f, "params.beta");
    close_to(number_at(g, "params.alpha"), alpha, room, "alpha");
    close_to(number_at(g, "params.beta"), beta, room, "beta");
    close_to(number_at(g, "params.E"), number_at(f, "params.E") * kl, room, "E");
    /* an error of alpha times ln(N kn) is one of ln A */
    close_to(number_at(g, "params.A"), number_at(f, "params.A") * kl * pow(kn, alpha), 60.0 * room,
             "A");
    close_to(number_at(g, "params.B"), number_at(f, "params.B") * kl * pow(kd, beta), 60.0 * room,
             "B");
    close_to(number_at(g, "derived.a"), number_at(f, "derived.a"), room, "a");
    close_to(number_at(g, "objective"), number_at(f, "objective"), room, "objective");
    close_to(number_at(g, "rmse_log"), number_at(f, "rmse_log"), room, "rmse_log");
    close_to(number_at(g, "r2"), number_at(f, "r2"), room, "r2");
    close_to(number_at(g, "intervals.alpha.lo"), number_at(f, "intervals.alpha.lo"), 10.0 * room,
             "alpha from");
    close_to(number_at(g, "intervals.E.hi"), number_at(f, "intervals.E.hi") * kl, 10.0 * room,
             "E to");
    const json_t *w = json_object_get(f, "warnings"), *v = json_object_get(g, "warnings");
    ck_assert_uint_eq(json_array_size(w), json_array_size(v));
    for (size_t i = 0; i < json_array_size(w); i++) {
        const char *p = text_at(w, "%zu", i);
        ck_assert_int_eq(strncmp(p, text_at(v, "%zu", i), strcspn(p, ":")), 0);
    }
}

START_TEST(units_do_not_matter)
{
    static const char *const loss[] = {"--loss mse", "--loss huber:1e-3"};
    const double k[][3] = {{1e-9, 1.0, 1.0},
                           {1.0, 1e-9, 1.0},
                           {1.0, 1.0, 1.0 / 0.6931471805599453},
                           {1e-6, 2048.0, 1e3},
                           {1e9, 1e12, 1e-6}};
    make_rows();
    for (size_t l = 0; l < 2; l++) {
        write_rows(1, 1.0, 1.0, 1.0, "\n");
        json_t *one = fit_json(loss[l]);
        for (size_t i = 0; i < sizeof k / sizeof k[0]; i++) {
            write_rows(1, k[i][0], k[i][1], k[i][2], "\n");
            json_t *other = fit_json(loss[l]);
            check_units(one, other, k[i][0], k[i][1], k[i][2], 1e-9);
            json_decref(other);
        }
        json_decref(one);
    }
}
END_TEST

START_TEST(threads_do_not_matter)
{
    json_t *one = fit_plain("--intervals --threads 1"), *five = fit_json("--intervals --threads 5");
    ck_assert(json_equal(json_object_get(one, "fits"), json_object_get(five, "fits")));
    json_decref(one);
    json_decref(five);
}
END_TEST

/* ---- data that determine no law ---- */

typedef struct Degenerate {
    const char *what, *words;
    size_t n;
    double (*n_of)(size_t), (*d_of)(size_t), (*loss_of)(size_t);
} Degenerate;

static double grid_n(size_t i)
{
    return row[i % ROWS].n;
}
static double grid_d(size_t i)
{
    return row[i % ROWS].d;
}
static double grid_loss(size_t i)
{
    return row[i % ROWS].loss;
}
static double one(size_t i)
{
    (void)i;
    return 1e8;
}
static double equal(size_t i)
{
    (void)i;
    return 2.5;
}
static double rising(size_t i)
{
    return 1e7 * pow(2.0, (double)i);
}
static double along(size_t i)
{
    return 20.0 * rising(i);
}
static double along_power(size_t i)
{
    return 3.0 * pow(rising(i), 1.5);
}
static double falling(size_t i)
{
    return 2.0 + 3.0 * pow(0.9, (double)i);
}
static double same(size_t i)
{
    return grid_loss(i % 5);
}
static double growing(size_t i)
{
    return 5.0 - grid_loss(i) / 4.0;
}

START_TEST(what_determines_no_law_is_refused_with_the_reason)
{
    const Degenerate c[] = {
        {"two points", "needs at least 6 points, not 2", 2, grid_n, grid_d, grid_loss},
        {"one N", "at least 3 different values of N; these points have 1", 12, one, rising,
         falling},
        {"one D", "at least 3 different values of D; these points have 1", 12, rising, one,
         falling},
        {"D = 20 N", "D is a power of N", 12, rising, along, falling},
        {"D = 3 N^1.5", "D is a power of N", 12, rising, along_power, falling},
        {"equal losses", "the loss is 2.5 at every point", ROWS, grid_n, grid_d, equal},
        {"five rows, twenty times", "different values of", 100, one, grid_d, same},
        {"a loss that rises", "in these points the loss does not fall", ROWS, grid_n, grid_d,
         growing},
    };
    Buf out = BUF_INIT;
    make_rows();
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        for (int scale = -1; scale <= 1; scale++) { /* in units of 1e-250, 1 and 1e250 too */
            Buf text = BUF_INIT;
            double k = pow(10.0, 250.0 * scale);
            buf_puts(&text, "N,D,loss\n");
            for (size_t r = 0; r < c[i].n; r++) {
                buf_printf(&text, "%.17g,%.17g,%.17g\n", c[i].n_of(r) * k, c[i].d_of(r) * k,
                           c[i].loss_of(r));
            }
            write_bytes(buf_str(&text), text.len);
            buf_release(&text);
            ck_assert_msg(slaw("fit x.csv --json --bootstrap 0", true, &out) == 1, "%s: %s",
                          c[i].what, buf_str(&out));
            ck_assert_msg(strstr(buf_str(&out), c[i].words) != NULL, "%s, 1e%d: no \"%s\" in %s",
                          c[i].what, 250 * scale, c[i].words, buf_str(&out));
            ck_assert_ptr_nonnull(strstr(buf_str(&out), "\"fits\": []")); /* never a number */
        }
    }
    buf_release(&out);
}
END_TEST

/* Every row three times: the same law; N and D of any size, as long as their logarithms exist. */
START_TEST(odd_but_sufficient_data_are_fitted)
{
    Buf text = BUF_INIT;
    json_t *plain = fit_plain("--loss mse");
    buf_puts(&text, "N,D,loss\n");
    for (size_t i = 0; i < 3 * ROWS; i++) {
        buf_printf(&text, "%.17g,%.17g,%.17g\n", grid_n(i), grid_d(i), grid_loss(i));
    }
    write_bytes(buf_str(&text), text.len);
    buf_release(&text);
    json_t *three = fit_json("--loss mse");
    close_to(number_at(group_of(three, "all"), "params.alpha"),
             number_at(group_of(plain, "all"), "params.alpha"), 1e-9, "alpha");
    close_to(number_at(group_of(three, "all"), "objective"),
             3.0 * number_at(group_of(plain, "all"), "objective"), 1e-9, "objective");
    json_decref(three);
    write_rows(1, 1e290, 1e-290, 1.0, "\n");
    json_t *far = fit_json("--loss mse");
    check_units(plain, far, 1e290, 1e-290, 1.0, 1e-9);
    json_decref(far);
    json_decref(plain);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "cli/fit_inputs", .set_up = tmp_open, .tear_down = tmp_close});
}
