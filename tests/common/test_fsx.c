#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"

/* What was there is whole before and after, and nothing is left beside it. */
static void check_whole(ErrCode (*write)(const char *path, const void *bytes, size_t n, Err *err))
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_int_eq(write(tmp_path("a"), "one", 3, &err), ERR_OK);
    ck_assert_int_eq(write(tmp_path("a"), "second", 6, &err), ERR_OK);
    tmp_read("a", &b);
    ck_assert_str_eq(buf_str(&b), "second");
    buf_release(&b);
    ck_assert_int_eq(tree_bytes(tmp.path), 6);               /* no temporary left */
    ck_assert_int_eq(write(tmp.path, "y", 1, &err), ERR_IO); /* rename onto a folder */
    ck_assert_int_eq(write("/proc/no/such/folder/f", "y", 1, &err), ERR_IO);
}

START_TEST(replace_is_whole_and_leaves_nothing_else)
{
    check_whole(fsx_replace);
}
END_TEST

START_TEST(a_failed_replace_keeps_the_old_bytes)
{
    Err err = ERR_INIT;
    (void)tmp_folder("folder");
    (void)tmpdir_write(&tmp, "folder/f", "x");
    const char *path = tmp_path("folder");
    ck_assert_int_eq(fsx_replace(path, "y", 1, &err), ERR_IO); /* rename onto a folder */
    ck_assert(fsx_is_dir(path));
    ck_assert_int_eq(tree_bytes(tmp.path), 1);
    ck_assert_int_eq(fsx_replace("/proc/no/such/folder/f", "y", 1, &err), ERR_IO);
}
END_TEST

START_TEST(a_note_is_whole_or_the_old_one)
{
    check_whole(fsx_note);
}
END_TEST

START_TEST(a_file_is_synced_and_a_missing_one_is_fine)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_sync_file(tmpdir_write(&tmp, "a", "x"), &err), ERR_OK);
    ck_assert_int_eq(fsx_sync_file("/proc/no/such/file", &err), ERR_OK);
    char below[FSX_PATH_BYTES]; /* a file where a folder should be */
    ck_assert_int_eq(fsx_join(below, tmpdir_write(&tmp, "a", "x"), "b", &err), ERR_OK);
    ck_assert_int_eq(fsx_sync_file(below, &err), ERR_IO);
}
END_TEST

START_TEST(pieces_are_joined)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    const Span piece[] = {{"one", 3}, {NULL, 0}, {" two", 4}};
    ck_assert_int_eq(fsx_join(path, tmp.path, "a", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace_spans(path, piece, 3, &err), ERR_OK);
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_read(path, 100, &b, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&b), "one two");
    buf_release(&b);
}
END_TEST

START_TEST(reading_says_what_is_wrong)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    const char *path = tmpdir_write(&tmp, "five", "12345");
    ck_assert_int_eq(fsx_read(path, 4, &b, &err), ERR_INVALID);
    buf_clear(&b);
    ck_assert_int_eq(fsx_read(path, 5, &b, &err), ERR_OK);
    ck_assert_int_eq(fsx_read("/no/such/file", 5, &b, &err), ERR_NOTFOUND);
    ck_assert_int_eq(fsx_read(tmp.path, 5, &b, &err), ERR_IO); /* a folder */
    buf_release(&b);
}
END_TEST

START_TEST(folders_are_made_and_removed_as_trees)
{
    Err err = ERR_INIT;
    char deep[FSX_PATH_BYTES], file[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(deep, tmp.path, "a/b/c", &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(deep, &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(deep, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(file, deep, "f", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(file, "x", 1, &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(file, &err), ERR_CONFLICT);
    ck_assert_int_eq(fsx_join(deep, tmp.path, "a", &err), ERR_OK);
    ck_assert_int_eq(fsx_remove_tree(deep, &err), ERR_OK);
    ck_assert(!fsx_exists(deep));
    ck_assert_int_eq(fsx_remove_tree(deep, &err), ERR_OK); /* already gone */
}
END_TEST

typedef struct Asked {
    const char *path;
    ErrCode answer;
    int n;
} Asked;

static ErrCode answer(void *ctx, Err *err)
{
    Asked *a = ctx;
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_read(a->path, 100, &b, err), ERR_OK);
    ck_assert_str_eq(buf_str(&b), "old"); /* nothing has happened yet */
    buf_release(&b);
    a->n++;
    return a->answer == ERR_OK ? ERR_OK : err_set(err, a->answer, "no");
}

START_TEST(a_shut_gate_keeps_the_old_bytes)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, "f", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, "old", 3, &err), ERR_OK);
    Asked a = {.path = path, .answer = ERR_INTERRUPTED};
    ck_assert_int_eq(fsx_replace_gated(path, "newer", 5, answer, &a, &err), ERR_INTERRUPTED);
    ck_assert_int_eq(tree_bytes(tmp.path), 3); /* no temporary left */
    a.answer = ERR_OK;
    ck_assert_int_eq(fsx_replace_gated(path, "newer", 5, answer, &a, &err), ERR_OK);
    ck_assert_int_eq(a.n, 2);
    ck_assert_int_eq(fsx_read(path, 100, &b, &err), ERR_OK);
    ck_assert_str_eq(buf_str(&b), "newer");
    buf_release(&b);
}
END_TEST

static ErrCode refuse_the_second(void *ctx, const void *bytes, size_t n, Err *err)
{
    size_t *calls = ctx;
    ck_assert(bytes != NULL && n > 0);
    return ++*calls == 2 ? err_set(err, ERR_INTERRUPTED, "enough") : ERR_OK;
}

START_TEST(a_sink_ends_the_reading)
{
    enum { N = 1 << 20 }; /* four blocks */
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    size_t calls = 0;
    char *zeros = calloc(1, N);
    ck_assert_ptr_nonnull(zeros);
    ck_assert_int_eq(fsx_join(path, tmp.path, "zeros", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, zeros, N, &err), ERR_OK);
    ck_assert_int_eq(fsx_each_block(path, refuse_the_second, &calls, &err), ERR_INTERRUPTED);
    ck_assert_uint_eq(calls, 2);
    free(zeros);
}
END_TEST

START_TEST(paths_that_do_not_fit_are_refused)
{
    Err err = ERR_INIT;
    static char big[FSX_PATH_BYTES + 10];
    memset(big, 'a', sizeof big - 1);
    char out[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(out, big, "x", &err), ERR_INVALID);
}
END_TEST

/* The hint for a file that is not there. */
static const char *hint_for(const char *name)
{
    static Err err;
    char path[FSX_PATH_BYTES], want[FSX_PATH_BYTES];
    err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, name, &err), ERR_OK);
    ck_assert_int_eq(fsx_no_such(path, name, &err), ERR_NOTFOUND);
    ck_assert_int_eq(fsx_path(want, &err, "%s: no such file", name), ERR_OK);
    ck_assert_str_eq(err.msg, want);
    ck_assert_str_eq(err.in_file, name);
    return err.hint;
}

START_TEST(a_missing_file_comes_with_what_is_near)
{
    (void)tmpdir_write(&tmp, "quickstart.yaml", "");
    (void)tmpdir_write(&tmp, "milli.yaml", "");
    (void)tmpdir_write(&tmp, "notes.txt", "");
    (void)tmpdir_write(&tmp, ".hidden.csv", "");
    (void)tmp_folder("sub");
    (void)tmpdir_write(&tmp, "sub/a.txt", "");
    ck_assert_str_eq(hint_for("quickstrat.yaml"), "did you mean quickstart.yaml?");
    ck_assert_str_eq(hint_for("quickstart.yml"), "did you mean quickstart.yaml?");
    ck_assert_str_eq(hint_for("nothing.yaml"), "in that folder are milli.yaml, quickstart.yaml");
    ck_assert_str_eq(hint_for("hidden.csv"), "");
    ck_assert_str_eq(hint_for("sub/b.txt"), "did you mean sub/a.txt?");
    ck_assert_str_eq(hint_for("none/b.txt"), "there is no folder none");
}
END_TEST

START_TEST(a_folders_entries_are_listed_in_order)
{
    Arena arena = ARENA_INIT;
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    const char **name = NULL, *const want[] = {"a", "b10", "b9"};
    size_t n = 9;
    (void)tmpdir_write(&tmp, "b9", "");
    (void)tmpdir_write(&tmp, "a", "");
    (void)tmpdir_write(&tmp, ".hidden", "");
    const char *b10 = tmp_folder("b10");
    ck_assert_int_eq(fsx_list(tmp.path, &arena, &name, &n, &err), ERR_OK);
    ck_assert_uint_eq(n, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(name[i], want[i]);
    }
    ck_assert_int_eq(fsx_list(b10, &arena, &name, &n, &err), ERR_OK); /* an empty one */
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(fsx_list("/nonexistent", &arena, &name, &n, &err), ERR_OK);
    ck_assert_uint_eq(n, 0);
    memset(path, 'x', 300); /* no folder can be called so */
    path[0] = '/';
    path[300] = '\0';
    ck_assert_int_eq(fsx_list(path, &arena, &name, &n, &err), ERR_IO);
    arena_release(&arena);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "fsx", .set_up = tmp_open, .tear_down = tmp_close});
}
