/* The default corpus without a network: small made-up packages in the real formats, and two
 * scripts in the place of apt-get and dpkg-deb. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/trainer/data/packed.h"
#include "trainer/data/corpus.h"

static TmpDir tmp;
static char dir[FSX_PATH_BYTES];

static void write_bytes(const char *name, const Buf *b)
{
    char path[FSX_PATH_BYTES], parent[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, name, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(parent, &err, "%s", path), ERR_OK);
    *strrchr(parent, '/') = '\0';
    ck_assert_msg(fsx_mkdirs(parent, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(fsx_replace(path, b->data, b->len, &err) == ERR_OK, "%s", err.msg);
}

static void write_script(const char *name, const char *text)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    buf_printf(&b, "#!/bin/sh\n%s\n", text);
    write_bytes(name, &b);
    ck_assert_int_eq(fsx_join(path, tmp.path, name, &err), ERR_OK);
    ck_assert_int_eq(chmod(path, 0755), 0);
    buf_release(&b);
}

static void write_austen(void)
{
    Buf lines = BUF_INIT, rdb = BUF_INIT;
    buf_puts(&lines, "EMMA\n\nBy Jane Austen\n\n");
    for (int i = 1; i <= 3; i++) {
        buf_printf(&lines,
                   "CHAPTER %d\n\n\"_She_ came,\" said number %d,\n\"in 18%d--\nand left.\"\n", i,
                   i, i);
    }
    put_rdb_block(&rdb, buf_str(&lines));
    write_bytes("packages/r-cran-janeaustenr/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb",
                &rdb);
    buf_release(&lines);
    buf_release(&rdb);
}

static void write_bible(void)
{
    Buf text = BUF_INIT, file = BUF_INIT;
    buf_puts(&text, "Holy Bible.  Textfile 930105.\n");
    for (int i = 1; i <= 40; i++) {
        buf_printf(&text, "Ge%d:1 In the beginning, %d.\nGe%d:2 And the earth was void.\n", i, i,
                   i);
    }
    buf_puts(&text, "1Sa1:1 Now there was a certain man.\n");
    put_bible(&file, buf_str(&text), 1024);
    write_bytes("packages/bible-kjv-text/usr/lib/bible.data", &file);
    buf_release(&text);
    buf_release(&file);
}

static void write_html(const char *name, const char *body)
{
    Buf b = BUF_INIT;
    char path[256];
    (void)snprintf(path, sizeof path, "packages/anarchism/usr/share/doc/anarchism/html/%s", name);
    buf_printf(&b,
               "<html><head><title>no title</title></head><body><p>%s</p><div class=\"x "
               "book-navigation\"><div>previous page</div></div></body></html>",
               body);
    write_bytes(path, &b);
    buf_release(&b);
}

static void write_dictionary(const char *package, const char *path, const char *text)
{
    Buf in = BUF_INIT, out = BUF_INIT;
    char name[256];
    buf_printf(&in, "\n00-database-short\n   The name of it all\n\n%s", text);
    put_deflated(&out, &in, MAX_WBITS + 16);
    (void)snprintf(name, sizeof name, "packages/%s/usr/share/dictd/%s", package, path);
    write_bytes(name, &out);
    buf_release(&in);
    buf_release(&out);
}

static void set_up(void)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    tmp = tmpdir_open();
    ck_assert_int_eq(fsx_join(dir, tmp.path, "corpus", &err), ERR_OK);
    write_austen();
    write_bible();
    write_html("secA1.html", "What is \xE2\x80\x9C"
                             "anarchy\xE2\x80\x9D? A word.");
    write_html("secA2.html", "A page on its own.");
    write_html("index.html", "A list of links.");
    write_dictionary("dict-jargon", "jargon.dict.dz",
                     "hack\n n.\n\n    Originally, a quick job that produces what is needed, but "
                     "not well.\n    See {kluge}.\n");
    write_dictionary("dict-devil", "devil.dict.dz",
                     "ABSURDITY, n.  A statement or belief manifestly inconsistent with one's own\n"
                     "opinion.\n");
    /* the .deb holds its own name, and unpacking it copies the folder of that name */
    write_script("bin/apt-get", "for p in \"$@\"; do case $p in -*|*=*|download) ;; *)\n"
                                "echo $p > ${p}_1%3a2.0-1_all.deb;; esac; done; echo x >> $LOG");
    write_script("bin/dpkg-deb", "cp -r \"$PACKAGES/$(cat \"$2\")/.\" \"$3\"");
    /* NOLINTBEGIN(concurrency-mt-unsafe): each test is a process of its own */
    ck_assert_int_eq(fsx_path(path, &err, "%s/bin:/usr/bin:/bin", tmp.path), ERR_OK);
    (void)setenv("PATH", path, 1);
    ck_assert_int_eq(fsx_join(path, tmp.path, "packages", &err), ERR_OK);
    (void)setenv("PACKAGES", path, 1);
    ck_assert_int_eq(fsx_join(path, tmp.path, "log", &err), ERR_OK);
    (void)setenv("LOG", path, 1);
    ck_assert_int_eq(fsx_join(path, tmp.path, "cache", &err), ERR_OK);
    (void)setenv("XDG_CACHE_HOME", path, 1);
    /* NOLINTEND(concurrency-mt-unsafe) */
}

static void tear_down(void)
{
    tmpdir_close(&tmp);
}

static ErrCode prepare(CorpusInfo *info, Err *err)
{
    const char *text = "default";
    CorpusSpec spec = {&text, 1, tmp.path, 256, 40};
    *err = ERR_INIT;
    return corpus_prepare(&spec, dir, NULL, NULL, info, err);
}

static void read_below(const char *name, Buf *ret)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, name, &err), ERR_OK);
    ck_assert_msg(fsx_read(path, 1 << 20, ret, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(every_source_gives_clean_documents)
{
    static const char *const wanted[] = {
        "EMMA\n\nBy Jane Austen\n\nCHAPTER 1\n\n\"She came,\" said number 1, \"in 181--and "
        "left.\"\n\f",
        "CHAPTER 2\n\n\"She came,\" said number 2, \"in 182--and left.\"\n\f",
        "In the beginning, 1. And the earth was void.\n\nIn the beginning, 2. And the earth was "
        "void.",
        "\fNow there was a certain man.\n\f",
        "What is \"anarchy\"? A word.\n\f",
        "A page on its own.\n\f",
        "\fOriginally, a quick job that produces what is needed, but not well. See kluge.\n\f",
        "\fABSURDITY, n. A statement or belief manifestly inconsistent with one's own opinion.\n\f",
    };
    static const char *const unwanted[] = {"index",    "links", "previous page",
                                           "no title", "hack",  "00-database",
                                           "Textfile", "Ge1:1", "1Sa"};
    CorpusInfo info;
    Err err;
    Buf text = BUF_INIT;
    ck_assert_msg(prepare(&info, &err) == ERR_OK, "%s", err.msg);
    buf_putc(&text, '\f');
    read_below("corpus/train.txt", &text);
    read_below("corpus/validation.txt", &text);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        ck_assert_msg(strstr(text.data, wanted[i]), "%s\nis not in\n%s", wanted[i], text.data);
    }
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++) {
        ck_assert_msg(!strstr(text.data, unwanted[i]), "%s is in\n%s", unwanted[i], text.data);
    }
    buf_release(&text);
}
END_TEST

START_TEST(versions_and_licences_are_recorded)
{
    CorpusInfo info;
    Err err;
    Buf manifest = BUF_INIT;
    ck_assert_msg(prepare(&info, &err) == ERR_OK, "%s", err.msg);
    read_below("corpus/manifest.json", &manifest);
    ck_assert_ptr_nonnull(strstr(manifest.data, "\"package\": \"anarchism\""));
    ck_assert_ptr_nonnull(strstr(manifest.data, "\"version\": \"1:2.0-1\""));
    ck_assert_ptr_nonnull(strstr(manifest.data, "\"licence\": \"GPL-2\""));
    buf_release(&manifest);
}
END_TEST

START_TEST(packages_are_downloaded_once)
{
    CorpusInfo first, second;
    Err err;
    Buf log = BUF_INIT;
    ck_assert_msg(prepare(&first, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
    ck_assert_msg(prepare(&second, &err) == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(first.digest, second.digest);
    read_below("log", &log);
    ck_assert_str_eq(buf_str(&log), "x\n");
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, tmp.path, "cache/slaw/packages/unpack", &err), ERR_OK);
    ck_assert(!fsx_exists(path));
    buf_release(&log);
}
END_TEST

START_TEST(without_a_home_nothing_is_left_behind)
{
    CorpusInfo info;
    Err err;
    char path[FSX_PATH_BYTES];
    (void)unsetenv("XDG_CACHE_HOME"); /* NOLINT(concurrency-mt-unsafe) */
    (void)unsetenv("HOME");           /* NOLINT(concurrency-mt-unsafe) */
    ck_assert_msg(prepare(&info, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(fsx_join(path, dir, "packages", &err), ERR_OK);
    ck_assert(!fsx_exists(path));
    (void)setenv("HOME", "/proc/no-such-home", 1); /* NOLINT(concurrency-mt-unsafe) */
    ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
    ck_assert_msg(prepare(&info, &err) == ERR_OK, "%s", err.msg);
    ck_assert(!fsx_exists(path));
    (void)setenv("XDG_CACHE_HOME", "/proc/no-such-folder", 1); /* NOLINT(concurrency-mt-unsafe) */
    ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
    ck_assert_int_eq(prepare(&info, &err), ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.hint, "XDG_CACHE_HOME"));
}
END_TEST

static void expect_unavailable(const char *words, const char *hint)
{
    CorpusInfo info;
    Err err;
    ErrCode rc = prepare(&info, &err);
    ck_assert_msg(rc == ERR_UNAVAILABLE, "%s: %s", err_code_name(rc), err.msg);
    ck_assert_msg(strstr(err.msg, words), "%s", err.msg);
    ck_assert_msg(strstr(err.hint, hint), "%s", err.hint);
}

START_TEST(a_machine_without_lists_or_network_says_so)
{
    write_script("bin/apt-get",
                 "echo Reading...; echo 'E: Unable to locate package anarchism' >&2\n"
                 "exit 100");
    expect_unavailable("status 100: E: Unable to locate package anarchism", "apt-get update");
    write_script("bin/apt-get", "exit 0");
    expect_unavailable("brought no package", "");
}
END_TEST

START_TEST(a_machine_without_apt_says_so)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, "nothing", &err), ERR_OK);
    (void)setenv("PATH", path, 1); /* NOLINT(concurrency-mt-unsafe) */
    expect_unavailable("no program apt-get", "files of your own");
}
END_TEST

START_TEST(a_package_that_cannot_be_unpacked_is_named)
{
    CorpusInfo info;
    Err err;
    write_script("bin/dpkg-deb", "echo 'dpkg-deb: error: not a Debian archive' >&2; exit 2");
    ck_assert_int_eq(prepare(&info, &err), ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "r-cran-janeaustenr_1%3a2.0-1_all.deb"), "%s", err.msg);
    ck_assert_msg(strstr(err.msg, "not a Debian archive"), "%s", err.msg);
    ck_assert_ptr_nonnull(strstr(err.hint, "downloaded anew"));
}
END_TEST

START_TEST(a_package_of_another_form_is_named)
{
    CorpusInfo info;
    Err err;
    Buf junk = BUF_INIT;
    buf_puts(&junk, "this is not what it was");
    write_bytes("packages/bible-kjv-text/usr/lib/bible.data", &junk);
    ck_assert_int_eq(prepare(&info, &err), ERR_FORMAT);
    ck_assert_msg(strstr(err.msg, "package bible-kjv-text 1:2.0-1"), "%s", err.msg);
    buf_release(&junk);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "default corpus", .set_up = set_up, .tear_down = tear_down});
}
