/* A study on a network file system, as far as statfs(2) can say: its catalog lies in local state,
 * everything else stays where it is, and every verb finds it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fsx.h"
#include "tests/support/run_slaw.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"
#include "tests/support/words.h"

static const char study_text[] = "version: 1\n"
                                 "study: far\n"
                                 "corpus: {text: [\"text/*.txt\"], validation: 2048}\n"
                                 "matrix: {architecture: [llama], size: [xs], seed: [1, 2]}\n"
                                 "sizes: {xs: {layers: 2, width: 16, heads: 1}}\n"
                                 "training: {tokens: 5120, sequence: 64, batch: 256,"
                                 " optimizer: {adamw: {lr: 3e-3}},"
                                 " schedule: {constant: {warmup: 5}}}\n"
                                 "checkpoints: {count: 8, spacing: linear, first: 640}\n"
                                 "evaluation: [validation]\n"
                                 "execution: {retries: 1, workers: 2, threads: 1}\n"
                                 "analysis: {laws: [paper_power], by: architecture}\n";

static TmpDir tmp;
static char dir[FSX_PATH_BYTES], state[FSX_PATH_BYTES];
static Buf out;

/* Whether slaw sees the study on NFS. */
static void put_on_nfs(bool is)
{
    char nfs[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(nfs, &err, "%s/nfs", tmp.path), ERR_OK);
    (void)(is ? setenv("FAKE_NFS", nfs, 1) : unsetenv("FAKE_NFS"));
}

static void setup(void)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    tmp = tmpdir_open();
    ck_assert_int_eq(fsx_path(path, &err, "%s/nfs/text", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    ck_assert_int_eq(fsx_path(dir, &err, "%s/nfs/study", tmp.path), ERR_OK);
    ck_assert_int_eq(fsx_path(state, &err, "%s/state", tmp.path), ERR_OK);
    words_write(&tmp, "nfs/text/0.txt");
    (void)tmpdir_write(&tmp, "nfs/far.yaml", study_text);
    words_use_fake_worker();
    (void)setenv("SLAW_FAKE", "", 1);
    (void)setenv("XDG_STATE_HOME", state, 1);
    (void)setenv("LD_PRELOAD", FAKE_STATFS_LIBRARY, 1);
    (void)unsetenv("SLAW_CATALOG_DIR");
    put_on_nfs(true);
}

static void teardown(void)
{
    (void)unsetenv("LD_PRELOAD");
    buf_release(&out);
    tmpdir_close(&tmp);
}

/* Runs `slaw args` in the folder of the study file, in which @ is the study's directory. */
static void slaw(const char *args, int want)
{
    char from[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(from, &err, "%s/nfs", tmp.path), ERR_OK);
    int got = run_slaw(from, args, dir, "2>&1", &out);
    ck_assert_msg(got == want, "slaw %s: status %d: %s", args, got, buf_str(&out));
}

static void says(const char *part)
{
    ck_assert_msg(strstr(buf_str(&out), part) != NULL, "\"%s\" not in: %s", part, buf_str(&out));
}

static bool is_there(const char *name)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, dir, name, &err), ERR_OK);
    return fsx_exists(path);
}

/* How many folders of catalogs there are in local state, by a shell that we write. */
static int n_catalogs(void)
{
    char command[FSX_PATH_BYTES + 64];
    (void)snprintf(command, sizeof command, "ls -d '%s'/slaw/*/catalog.db 2>/dev/null | wc -l",
                   state);
    FILE *f = popen(command, "re"); /* NOLINT(cert-env33-c): a test's own text */
    int n = -1;
    ck_assert(f && fscanf(f, "%d", &n) == 1); /* NOLINT(cert-err34-c): wc prints a number */
    (void)pclose(f);
    return n;
}

START_TEST(every_verb_finds_the_catalog_in_local_state)
{
    slaw("run far.yaml --dir @", 0);
    says("because the study is on a network file system: NFS");
    says(state);
    ck_assert(!is_there("catalog.db") && is_there("study.id") && is_there("runs"));
    ck_assert_int_eq(n_catalogs(), 1);
    slaw("status @", 0);
    says("2 of 2 runs done");
    slaw("ls @", 0);
    slaw("show @ llama-xs-s1", 0);
    slaw("verify @", 0);
    says("16 of 16 checkpoints are good");
    slaw("gc @", 0);
    slaw("retry @", 0);
    slaw("fit @ --law paper_power --starts 4 --bootstrap 0", 0);
    slaw("table @", 0);
    slaw("reindex @", 0);
    says("runs         2\n");
    slaw("status @", 0);
    says("2 of 2 runs done");
    slaw("run far.yaml --dir @", 0);
    says("nothing to do");
    ck_assert(!is_there("catalog.db"));
    ck_assert_int_eq(n_catalogs(), 1);
}
END_TEST

START_TEST(a_catalog_beside_the_study_is_brought_over)
{
    put_on_nfs(false);
    slaw("run far.yaml --dir @", 0);
    ck_assert(is_there("catalog.db") && !is_there("study.id"));
    put_on_nfs(true);
    slaw("status @", 0); /* a reader takes it where it is */
    says("2 of 2 runs done");
    ck_assert(is_there("catalog.db"));
    slaw("run far.yaml --dir @", 0);
    says("nothing to do");
    ck_assert(!strstr(buf_str(&out), "rebuil"));
    ck_assert(!is_there("catalog.db") && is_there("catalog.db.moved"));
    ck_assert_int_eq(n_catalogs(), 1);
    slaw("status @", 0);
    says("2 of 2 runs done");

    put_on_nfs(false); /* and back again: the files know everything */
    slaw("status @", 65);
    says("slaw reindex");
    slaw("run far.yaml --dir @", 0);
    says("rebuilt: 2 runs");
    says("nothing to do");
    ck_assert(is_there("catalog.db"));
    put_on_nfs(true); /* what lies in local state is out of date now */
    slaw("run far.yaml --dir @", 0);
    says("nothing to do");
    slaw("status @", 0);
    says("2 of 2 runs done");
}
END_TEST

START_TEST(a_moved_study_keeps_its_catalog_and_a_copy_gets_its_own)
{
    char other[FSX_PATH_BYTES], command[3 * FSX_PATH_BYTES];
    Err err = ERR_INIT;
    slaw("run far.yaml --dir @", 0);
    ck_assert_int_eq(fsx_path(other, &err, "%s/nfs/elsewhere", tmp.path), ERR_OK);
    ck_assert_int_eq(rename(dir, other), 0);
    (void)snprintf(dir, sizeof dir, "%s", other);
    slaw("status @", 0);
    says("2 of 2 runs done");
    slaw("run far.yaml --dir @", 0);
    says("nothing to do");
    ck_assert_int_eq(n_catalogs(), 1);
    (void)snprintf(command, sizeof command, "cp -r '%s' '%s-copy'", other, other);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c): a test's own text */
    ck_assert_int_eq(fsx_path(dir, &err, "%s-copy", other), ERR_OK);
    slaw("run far.yaml --dir @", 0);
    says("rebuilt: 2 runs");
    says("nothing to do");
    ck_assert_int_eq(n_catalogs(), 2);
    (void)snprintf(dir, sizeof dir, "%s", other); /* the original goes on with its own */
    slaw("run far.yaml --dir @", 0);
    ck_assert(!strstr(buf_str(&out), "rebuilt"));
    ck_assert_int_eq(n_catalogs(), 2);
}
END_TEST

START_TEST(a_variable_decides)
{
    char asked[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    (void)setenv("SLAW_CATALOG_DIR", "study", 1);
    slaw("run far.yaml --dir @", 0);
    ck_assert(is_there("catalog.db"));
    ck_assert_int_eq(n_catalogs(), 0);
    put_on_nfs(false);
    ck_assert_int_eq(fsx_path(asked, &err, "%s/asked", tmp.path), ERR_OK);
    (void)setenv("SLAW_CATALOG_DIR", asked, 1);
    slaw("run far.yaml --dir @", 0);
    says("as SLAW_CATALOG_DIR asks");
    ck_assert(!is_there("catalog.db") && fsx_is_dir(asked));
    slaw("status @", 0);
    says("2 of 2 runs done");
    (void)setenv("SLAW_CATALOG_DIR", "/proc/nowhere", 1);
    slaw("run far.yaml --dir @", 74);
    (void)unsetenv("SLAW_CATALOG_DIR");
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "network", .set_up = setup, .tear_down = teardown, .timeout = 120.0});
}
