/* What the tables of the command line promise: help, options, completion, the manual. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer/grid.h"
#include "common/fsx.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

static const char *const verbs[] = {
#define COMMAND(id) #id,
#include "cli/commands.def"
#undef COMMAND
};
enum { N_VERBS = sizeof verbs / sizeof verbs[0] };

static Buf out; /* what the last call printed */

static void tear_down(void)
{
    buf_release(&out);
    tmp_close();
}

static int slaw(const char *redirection, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int slaw(const char *redirection, const char *fmt, ...)
{
    char args[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(args, sizeof args, fmt, ap);
    va_end(ap);
    return run_slaw(tmp.path, args, NULL, redirection, &out);
}

static void check_width(const char *of, const char *s)
{
    for (; *s; s += strcspn(s, "\n") + 1) {
        size_t n = strcspn(s, "\n");
        ck_assert_msg(shown_width(s, n) <= 80, "%s --help: %.*s", of, (int)n, s);
    }
}

START_TEST(help_fits_80_columns_and_has_what_a_reader_wants)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        ck_assert_int_eq(slaw("", "%s --help", verbs[i]), 0);
        check_width(verbs[i], buf_str(&out));
        ck_assert_msg(strstr(buf_str(&out), "Exit status:") != NULL, "%s", verbs[i]);
        ck_assert_msg(strstr(buf_str(&out), "Examples:") != NULL, "%s has no example", verbs[i]);
    }
    ck_assert_int_eq(slaw("", "help"), 0);
    check_width("slaw", buf_str(&out));
    ck_assert_int_eq(slaw("", "help rows"), 0);
    check_width("rows", buf_str(&out));
    ck_assert_int_eq(slaw("2>&1", "help ros"), 2);
}
END_TEST

START_TEST(an_option_of_another_verb_is_refused_by_name)
{
    ck_assert_int_eq(slaw("2>&1", "race points.csv --share alpha"), 2);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "slaw race has no option --share"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "slaw fit"));
    ck_assert_int_eq(slaw("2>&1", "race points.csv --wher x"), 2);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "did you mean --where?"));
    ck_assert_int_eq(slaw("2>&1", "race points.csv -x"), 2);
    ck_assert_int_eq(slaw("2>&1", "race points.csv --format pdf"), 2);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "text, json, markdown, latex, csv or html"));
    ck_assert_int_eq(slaw("2>&1", "race points.csv --width 5"), 2);
    ck_assert_int_eq(slaw("2>&1", "race points.csv --final-only=yes"), 2);
    ck_assert_int_eq(slaw("2>&1", "race points.csv --where"), 2);
    ck_assert_int_eq(slaw("2>&1", "race"), 2);
}
END_TEST

/* Also an error in the command line, and the error stands alone. */
START_TEST(an_error_under_json_is_an_object)
{
    static const char *const args[] = {"race missing.csv --json", "race --json --wher x",
                                       "rase x --json", "race x --format=json"};
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        ck_assert_int_ne(slaw("2>/dev/null", "%s", args[i]), 0);
        ck_assert_msg(strncmp(buf_str(&out), "{\n  \"schema\": 1,\n  \"error\": {", 28) == 0,
                      "%s: %s", args[i], buf_str(&out));
        ck_assert_int_ne(slaw("2>&1 >/dev/null", "%s", args[i]), 0);
        ck_assert_str_eq(buf_str(&out), "");
    }
}
END_TEST

START_TEST(what_was_not_written_is_an_error_and_a_closed_pipe_is_none)
{
    ck_assert_int_eq(slaw("2>&1 >/dev/full", "help"), 74);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "standard output"));
    ck_assert_int_eq(slaw("2>&1 >/dev/full", "manual fit"), 74);
    ck_assert_int_eq(slaw("2>&1 >/dev/full", "completion bash"), 74);
    /* the reader goes before the first byte: the writer's own status, not the pipe's */
    FILE *f = popen("{ { (sleep 0.1; exec '" SLAW_BIN_DIR "/slaw' manual fit) 2>&3; echo $? >&3; } "
                    "| true; } 3>&1",
                    "r");
    char line[64] = "";
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    ck_assert_int_eq(pclose(f), 0);
    ck_assert_str_eq(line, "0\n");
}
END_TEST

/* Twelve points of a known law, two groups, hours. */
static void write_points(void)
{
    Buf csv = BUF_INIT;
    buf_puts(&csv, "model,run,N,D,loss,hours\n");
    for (int i = 0; i < 24; i++) {
        double n = 1e7 * (double)(1 << i / 2 % 4), d = 2e8 * (double)(1 << 2 * (i % 3));
        buf_printf(&csv, "%s,r%d,%g,%g,%.6f,%g\n", i < 12 ? "a" : "b", i / 3, n, d,
                   (1.69 + 406.4 * pow(n, -0.34) + 410.7 * pow(d, -0.28)) *
                       (1.0 + 0.001 * (i * 7 % 5)),
                   1e-16 * n * d);
    }
    (void)tmpdir_write(&tmp, "points.csv", buf_str(&csv));
    (void)tmpdir_write(&tmp, "scores.csv",
                       "model,family,N,D,x,y,z\na,f,1e8,1e10,.2,.3,.2\nb,f,1e9,2e10,.4,.5,.4\n"
                       "c,f,2e9,4e10,.6,.6,.5\nd,f,4e9,9e10,.7,.8,.6\n");
    buf_release(&csv);
}

START_TEST(a_verb_of_the_analysis_says_that_its_answer_did_not_arrive)
{
    static const char *const args[] = {
        "fit points.csv --law power:N",
        "fit points.csv --law power:N --json",
        "table points.csv --runs",
        "predict points.csv --N 1e9 --D 1e10",
        "allocate points.csv --flops 1e20",
        "compare points.csv --by model",
        "validate points.csv --law power:N --only residuals",
        "race points.csv --by model --format csv",
        "seeds points.csv --by model --map run=run",
        "observe scores.csv",
        "simulate points.csv --like points.csv --studies 2",
        "suggest points.csv --target alpha --budget 1e18",
        "plot points.csv --law power:N --out plots --format svg",
        "report points.csv --law power:N --out page.html",
    };
    write_points();
    for (size_t i = 0; i < sizeof args / sizeof args[0]; i++) {
        int status = slaw("2>&1 >/dev/null", "%s", args[i]); /* it has an answer */
        ck_assert_msg(status == 0 || status == 1, "%s: %d: %s", args[i], status, buf_str(&out));
        ck_assert_msg(slaw("2>&1 >/dev/full", "%s", args[i]) == 74, "%s", args[i]);
        ck_assert_ptr_nonnull(strstr(buf_str(&out), "standard output"));
    }
}
END_TEST

static bool has_line(const char *line)
{
    size_t n = strlen(line);
    for (const char *s = buf_str(&out); *s; s += strcspn(s, "\n") + 1) {
        if (strncmp(s, line, n) == 0 && (s[n] == '\n' || s[n] == '\t')) {
            return true;
        }
        if (!strchr(s, '\n')) {
            break;
        }
    }
    return false;
}

START_TEST(completion_knows_verbs_options_values_files_and_columns)
{
    static const struct {
        const char *words, *want;
        bool is_there;
    } row[] = {{"ra", "race", true},
               {"ra", "run", false},
               {"race --for", "--format", true},
               {"race --sh", "--share", false},
               {"race --format m", "markdown", true},
               {"race --format=m", "--format=markdown", true},
               {"fit x.csv --law chinchilla,pap", "chinchilla,paper_power", true},
               {"race p", "points.csv", true},
               {"race points.csv --by ''", "model", true},
               {"race points.csv --by mo", "N", false},
               {"completion z", "zsh", true},
               {"help ro", "rows", true},
               {"nonsense ''", "points.csv", false}};
    (void)tmpdir_write(&tmp, "points.csv", "model,N,D,loss\na,1e6,1e7,3\n");
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        ck_assert_int_eq(slaw("", "completion --words -- %s", row[i].words), 0);
        ck_assert_msg(has_line(row[i].want) == row[i].is_there, "%s: %s in\n%s", row[i].words,
                      row[i].want, buf_str(&out));
    }
    ck_assert_int_eq(slaw("", "completion bash | bash -n"), 0);
    ck_assert_int_eq(slaw("2>&1", "completion tcsh"), 2);
    ck_assert_int_eq(slaw("2>&1", "completion"), 2);
}
END_TEST

START_TEST(the_manual_has_a_page_a_verb)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(slaw("2>&1", "manual --out man"), 0);
    for (size_t i = 0; i < N_VERBS; i++) {
        ck_assert_int_eq(fsx_path(path, &err, "%s/man/slaw-%s.1", tmp.path, verbs[i]), ERR_OK);
        ck_assert_msg(fsx_exists(path), "%s", path);
    }
    ck_assert_int_eq(slaw("", "manual race"), 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), ".TH SLAW-RACE 1"));
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "\\fB\\-\\-where\\fR \\fICOND\\fR"));
    ck_assert_ptr_null(strstr(buf_str(&out), "\\-\\-share"));
    ck_assert_int_eq(slaw("2>&1", "manual rase"), 2);
    ck_assert_int_eq(slaw("2>&1", "manual race --out man"), 2);
}
END_TEST

/* Each variable that the sources name stands in the manual and in docs/environment.md. */
START_TEST(every_variable_of_the_environment_is_described)
{
    Buf doc = BUF_INIT;
    ck_assert_int_eq(slaw("", "manual"), 0);
    FILE *f = popen(
        "cd '" SLAW_SOURCE_DIR "' && grep -rhoE '(getenv|variable)\\(\"[A-Z_]+\"|\"SLAW_[A-Z_]+\"' "
        "common answer draw catalog trainer orchestrator analysis cli --include='*.[ch]' "
        "| grep -oE '[A-Z_]{4,}' | sort -u; "
        "sed -n 's/^| `\\([A-Z_]*\\)` .*/=\\1/p' docs/environment.md",
        "r");
    ck_assert_ptr_nonnull(f);
    char line[128];
    while (fgets(line, sizeof line, f)) {
        buf_puts(&doc, line);
    }
    ck_assert_int_eq(pclose(f), 0);
    size_t n = 0;
    for (const char *s = buf_str(&doc); *s && *s != '='; s += strcspn(s, "\n") + 1, n++) {
        char name[64], entry[80];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(s, "\n"), s);
        (void)snprintf(entry, sizeof entry, ".B %s\n", name);
        ck_assert_msg(strstr(buf_str(&out), entry) != NULL, "%s is not in the manual", name);
        (void)snprintf(entry, sizeof entry, "=%s\n", name);
        ck_assert_msg(strstr(buf_str(&doc), entry) != NULL, "%s is not in the docs", name);
    }
    ck_assert_uint_ge(n, 8);
    buf_release(&doc);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "help", .set_up = tmp_open, .tear_down = tear_down});
}
