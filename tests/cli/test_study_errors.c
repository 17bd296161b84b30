/* What is wrong with a study, as check, plan and run say it; and what a run that is refused leaves. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static void make_tmp(void)
{
    tmp = tmpdir_open();
}

static void remove_tmp(void)
{
    tmpdir_close(&tmp);
}

/* The exit status; *out is what was printed on standard output, *told what on standard error. */
static int slaw(const char *args, Buf *out, Buf *told)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    int status = run_slaw(tmp.path, args, SLAW_SOURCE_DIR, "2>stderr.txt", out);
    buf_clear(told);
    ck_assert_int_eq(fsx_join(path, tmp.path, "stderr.txt", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, told, &err), ERR_OK);
    return status;
}

static void expect(const char *args, int status, const char *told)
{
    Buf out = BUF_INIT, text = BUF_INIT;
    int got = slaw(args, &out, &text);
    ck_assert_msg(got == status, "slaw %s: %d, not %d\n%s", args, got, status, buf_str(&text));
    ck_assert_msg(strstr(buf_str(&text), told) != NULL, "slaw %s: no \"%s\" in:\n%s", args, told,
                  buf_str(&text));
    buf_release(&out);
    buf_release(&text);
}

static bool exists(const char *name)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, name, &err), ERR_OK);
    return fsx_exists(path);
}

/* What of a study's text is the test's own. */
typedef struct Mini {
    const char *text, *tokens, *sequence, *validation, *repeat; /* NULL: as usual */
} Mini;

static const char *or_else(const char *value, const char *otherwise)
{
    return value ? value : otherwise;
}

/* mini.yaml, and t.txt of 80,000 bytes. */
static void write_mini(Mini m)
{
    Buf text = BUF_INIT;
    for (int i = 0; i < 2000; i++) {
        buf_printf(&text, "line %04d of the text is %02d words long.\n", i, i * 7 % 100);
    }
    ck_assert_uint_eq(text.len, 2000 * 40);
    (void)tmpdir_write(&tmp, "t.txt", buf_str(&text));
    buf_clear(&text);
    buf_printf(&text,
               "version: 1\n"
               "study: mini\n"
               "corpus: {text: %s, validation: %s, repeat: %s}\n"
               "matrix: {architecture: llama, size: a}\n"
               "sizes: {a: {layers: 1, width: 32, heads: 1}}\n"
               "training:\n"
               "  tokens: %s\n"
               "  sequence: %s\n"
               "  batch: 131072\n"
               "  optimizer: {adamw: {lr: 1e-3}}\n"
               "  schedule: {constant: {warmup: 0}}\n"
               "checkpoints: {count: 1, first: 1k}\n",
               or_else(m.text, "[t.txt]"), or_else(m.validation, "512"), or_else(m.repeat, "false"),
               or_else(m.tokens, "16k"), or_else(m.sequence, "64"));
    (void)tmpdir_write(&tmp, "mini.yaml", buf_str(&text));
    buf_release(&text);
}

/* ---- what errors look like ----------------------------------------------------------------- */

START_TEST(an_error_shows_its_line)
{
    (void)tmpdir_write(&tmp, "s.yaml",
                       "version: 1\nstudy: \xC3\xA9t\xC3\xA9\ncorpus: {text:\t1}\n");
    expect("check s.yaml", 65,
           "s.yaml:2:8: study may not be \"\xC3\xA9t\xC3\xA9\"\n"
           "    2 | study: \xC3\xA9t\xC3\xA9\n"
           "      |        ^\n"
           "  hint: letters, digits,");
    expect("check s.yaml", 65,
           "s.yaml:3:16: corpus.text must be a name or file or a list of files and globs, not 1\n"
           "    3 | corpus: {text:  1}\n" /* the tab reaches column 16 */
           "      |                 ^\n"
           "  hint: quote it: \"1\"\n");
    (void)tmpdir_write(&tmp, "s.yaml", "version: 1\nstudy: \"demo\nmatrix: {}\n");
    expect("plan s.yaml", 65,
           "s.yaml:2:8: found unexpected end of stream\n"
           "    2 | study: \"demo\n"
           "      |        ^\n"
           "  hint: close this quote\n"
           "slaw: s.yaml has 1 problem\n");
}
END_TEST

static json_t *error_of(const char *args, int status)
{
    Buf out = BUF_INIT, told = BUF_INIT;
    ck_assert_int_eq(slaw(args, &out, &told), status);
    ck_assert_str_eq(buf_str(&told), "");
    json_error_t why;
    json_t *v = json_loads(buf_str(&out), 0, &why); /* one object and nothing behind it */
    ck_assert_msg(v != NULL, "slaw %s: %s in %s", args, why.text, buf_str(&out));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    ck_assert(json_is_object(json_object_get(v, "error")));
    buf_release(&out);
    buf_release(&told);
    return v;
}

static void expect_error(const char *args, int status, const char *kind, const char *file, int line,
                         const char *message)
{
    static const char *const key[] = {"kind", "message", "hint", "file", "line", "column"};
    json_t *v = error_of(args, status);
    const json_t *e = json_object_get(v, "error");
    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
        ck_assert_msg(json_object_get(e, key[i]) != NULL, "no %s", key[i]);
    }
    ck_assert_str_eq(json_string_value(json_object_get(e, "kind")), kind);
    ck_assert_str_eq(json_string_value(json_object_get(e, "file")), file);
    ck_assert_int_eq(json_integer_value(json_object_get(e, "line")), line);
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(e, "message")), message));
    json_decref(v);
}

START_TEST(under_json_an_error_is_one_object)
{
    (void)tmpdir_write(&tmp, "s.yaml", "version: 2\nstudy: x\n");
    expect_error("check s.yaml --json", 65, "invalid", "s.yaml", 1, "has no");
    expect_error("plan s.yaml --json", 65, "invalid", "s.yaml", 1, "has no");
    expect_error("run s.yaml --json", 65, "invalid", "s.yaml", 1, "has no");
    expect_error("status s.yaml --json", 65, "invalid", "s.yaml", 1, "has no");
    (void)tmpdir_write(&tmp, "s.yaml", "version: 1\nstudy: [x\n");
    expect_error("check s.yaml --json", 65, "invalid", "s.yaml", 3, "expected ','");
    expect_error("check t.yaml --json", 65, "not_found", "t.yaml", 0, "t.yaml: no such file");
    expect_error("fit t.csv --json", 65, "not_found", "t.csv", 0, "t.csv: no such file");
    write_mini((Mini){.text = "[u.txt]"});
    expect_error("check mini.yaml --json", 65, "invalid", "mini.yaml", 3, "u.txt: no such file");
    expect_error("run mini.yaml --json", 65, "invalid", "mini.yaml", 3, "u.txt: no such file");
}
END_TEST

START_TEST(a_missing_file_is_told_in_one_way)
{
    write_mini((Mini){0});
    expect("check mimi.yaml", 65, "slaw: mimi.yaml: no such file\nhint: did you mean mini.yaml?\n");
    expect("fit t.csv", 65, "slaw: t.csv: no such file\n");
    expect("fit none/t.csv", 65, "t.csv: no such file\nhint: there is no folder none\n");
    expect("corpus --text u.txt", 65, "u.txt: no such file\nhint: did you mean t.txt?\n");
    expect("status none/catalog.db", 65, "none/catalog.db: no such file\n");
}
END_TEST

/* ---- what run would refuse ----------------------------------------------------------------- */

/* check and run refuse it by these words, plan warns of it; nothing is left. */
static void expect_refused(Mini m, const char *told)
{
    write_mini(m);
    expect("check mini.yaml", 65, told);
    ck_assert(!exists("runs"));
    expect("plan mini.yaml --measure 0", 0, told);
    expect("plan mini.yaml --measure 0", 0, "slaw: warning: slaw run would refuse it:\n");
    ck_assert(!exists("runs"));
    expect("run mini.yaml", 65, told);
    ck_assert(!exists("runs"));
    expect("run mini.yaml --detach", 65, told);
    ck_assert(!exists("runs"));
}

START_TEST(texts_that_are_not_there_are_found_before)
{
    expect_refused((Mini){.text = "[t.txt, tt.txt]"},
                   "mini.yaml:3:24: tt.txt: no such file\n"
                   "    3 | corpus: {text: [t.txt, tt.txt], validation: 512, repeat: false}\n"
                   "      |                        ^\n"
                   "  hint: did you mean t.txt?\n");
    expect_refused((Mini){.text = "data/*.md"}, "mini.yaml:3:16: no file matches data/*.md\n");
    expect_refused((Mini){.text = "/"}, "mini.yaml:3:16: / is a folder");
    (void)tmpdir_write(&tmp, "empty.txt", "");
    expect_refused((Mini){.text = "empty.txt"}, "mini.yaml:3:16: empty.txt is empty\n");
}
END_TEST

START_TEST(texts_that_are_too_short_are_found_before)
{
    expect_refused(
        (Mini){.tokens = "16M"},
        "mini.yaml:7:11: 16,000,000 tokens are asked for, and one pass over the training "
        "text has about 79,488: that would take 201 epochs\n"
        "    7 |   tokens: 16M\n"
        "      |           ^\n"
        "  hint: add text, ask for fewer tokens, or allow it with corpus: {repeat: true}");
    expect_refused((Mini){.validation = "1M"},
                   "mini.yaml:3:37: corpus.validation holds out 1,000,000 tokens, and that leaves "
                   "nothing of the text to train on\n");
    expect_refused((Mini){.sequence = "131072", .repeat = "true"},
                   "mini.yaml:8:13: a sequence of 131,072 tokens is longer than the training text, "
                   "which has about 79,488\n");
    write_mini((Mini){.tokens = "16M", .repeat = "true"});
    expect("check mini.yaml", 0, "");
}
END_TEST

/* Two tokens more for each document is what sizes do not tell: check warns, run knows. */
START_TEST(what_only_the_text_decides_is_a_warning)
{
    write_mini((Mini){.tokens = "90k"});
    expect("check mini.yaml", 0, "slaw: warning: slaw run may refuse it:\nmini.yaml:7:11: 90,000");
    expect("run mini.yaml", 65, "90000 tokens are asked for");
    ck_assert(!exists("runs"));
    Buf text = BUF_INIT;
    for (int i = 0; i < 40000; i++) {
        buf_puts(&text, "ab\f"); /* 120,000 bytes, 160,000 tokens */
    }
    write_mini((Mini){.tokens = "131072"});
    (void)tmpdir_write(&tmp, "t.txt", buf_str(&text));
    expect("check mini.yaml", 0, "may refuse it");
    expect("run mini.yaml --quiet", 0, "");
    ck_assert(exists("runs/mini/study.yaml"));
    expect("check mini.yaml", 0, ""); /* the corpus is there: its tokens are known */
    buf_release(&text);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_told_before)
{
    write_mini((Mini){0});
    (void)tmpdir_write(&tmp, "runs", "not a folder");
    expect("check mini.yaml", 0,
           "slaw: warning: slaw run would refuse it: runs/mini: runs is not a folder\n"
           "  hint: slaw run --dir DIR puts the study elsewhere\n");
    expect("plan mini.yaml --measure 0", 0, "runs is not a folder");
    expect("run mini.yaml", 65, "slaw: runs/mini: runs is not a folder\n");
    expect("check mini.yaml --quiet", 0, "");
    if (geteuid() != 0) { /* root may write everywhere */
        expect("run mini.yaml --dir /proc/x", 74, "write in /proc");
    }
}
END_TEST

/* ---- what is left -------------------------------------------------------------------------- */

/* Found only when the text is read. */
START_TEST(a_run_refused_by_its_text_leaves_nothing)
{
    write_mini((Mini){.text = "[t.txt, u.txt]"});
    (void)tmpdir_write(&tmp, "u.txt", "\xFF\xFE not text \xFF\xFF");
    expect("run mini.yaml", 65, "u.txt is not UTF-8 text");
    ck_assert(!exists("runs"));
    expect("run mini.yaml --dir a/b/c", 65, "u.txt is not UTF-8 text");
    ck_assert(!exists("a"));
    expect("run mini.yaml --dir a//b/", 65, "u.txt is not UTF-8 text");
    ck_assert(!exists("a"));
    expect("run mini.yaml --detach --dir a/b/c", 65, "u.txt is not UTF-8 text");
    ck_assert(!exists("a"));
}
END_TEST

START_TEST(what_was_there_before_stays)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Buf before = BUF_INIT, after = BUF_INIT;
    write_mini((Mini){.text = "[t.txt, u.txt]"});
    (void)tmpdir_write(&tmp, "u.txt", "\xFF\xFE not text \xFF\xFF");
    ck_assert_int_eq(fsx_path(path, &err, "%s/mine", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    expect("run mini.yaml --dir mine", 65, "u.txt is not UTF-8 text");
    ck_assert_int_eq(rmdir(path), 0); /* there and empty */

    write_mini((Mini){0});
    expect("run mini.yaml --quiet", 0, "");
    ck_assert_int_eq(fsx_path(path, &err, "%s/runs/mini/study.yaml", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, &before, &err), ERR_OK);
    write_mini((Mini){.tokens = "17k"});
    (void)tmpdir_write(&tmp, "t.txt", "another text");
    expect("run mini.yaml", 69,
           "t.txt has changed since the corpus in runs/mini/corpus was prepared");
    ck_assert(exists("runs/mini/corpus/manifest.json") && exists("runs/mini/catalog.db"));
    ck_assert_int_eq(fsx_read(path, 1 << 20, &after, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&before), buf_str(&after)); /* the study that was run */
    write_mini((Mini){.validation = "600"});
    expect("check mini.yaml", 0, "refuse it: runs/mini/corpus holds a corpus of another text");
    expect("run mini.yaml", 69, "runs/mini/corpus holds a corpus of another text");
    buf_release(&before);
    buf_release(&after);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "study_errors", .set_up = make_tmp, .tear_down = remove_tmp});
}
