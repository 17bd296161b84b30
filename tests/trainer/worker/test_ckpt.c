#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "tests/support/suite.h"
#include "tests/support/tmp.h"
#include "trainer/worker/ckpt.h"
#include "trainer/worker/state.h"
#include "trainer/worker/step_dir.h"

static const char run_hash[] = "aa23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char corpus_hash[] =
    "bb23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static const float data[] = {1.5F, -2.0F, 0.25F, 9.0F};
static const TensorOut tensor[] = {{.name = "w", .rank = 2, .dim = {2, 2}, .data = data}};

static Ckpt example(int64_t step)
{
    Ckpt c = {.step = step,
              .tokens = step * 8192,
              .train_loss = 3.125,
              .evaluation = {{"validation", 0.1 + 0.2, 0.4328085122666891, 65024}},
              .n_evaluations = 1};
    (void)snprintf(c.run, sizeof c.run, "%s", run_hash);
    (void)snprintf(c.corpus, sizeof c.corpus, "%s", corpus_hash);
    return c;
}

static CkptReceipt write_ckpt(const TmpDir *t, int64_t step)
{
    Err err = ERR_INIT;
    CkptReceipt r = {0};
    Ckpt c = example(step);
    json_t *config = json_pack("{s:s}", "name", "x");
    ck_assert_msg(ckpt_write(t->path, -1, &c, config, tensor, 1, &r, &err) == ERR_OK, "%s",
                  err.msg);
    json_decref(config);
    return r;
}

static void write_state(const TmpDir *t, int64_t step)
{
    Err err = ERR_INIT;
    TrainState s = {.step = step, .loss_sum = 0.1 + (double)step, .loss_count = 7};
    (void)snprintf(s.run, sizeof s.run, "%s", run_hash);
    (void)snprintf(s.corpus, sizeof s.corpus, "%s", corpus_hash);
    ck_assert_msg(state_write(t->path, -1, &s, INT64_MAX, tensor, 1, &err) == ERR_OK, "%s",
                  err.msg);
}

static const char *below(const TmpDir *t, const char *name)
{
    static char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, t->path, name, &err), ERR_OK);
    return path;
}

/* Turns one bit of the file's middle byte. */
static void damage(const char *path)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_int_eq(fsx_read(path, 1 << 20, &b, &err), ERR_OK);
    b.data[b.len / 2] ^= 1;
    ck_assert_int_eq(fsx_replace(path, b.data, b.len, &err), ERR_OK);
    buf_release(&b);
}

START_TEST(a_checkpoint_reads_back_as_written)
{
    Err err = ERR_INIT;
    CkptReceipt wrote = write_ckpt(&tmp, 1220), read;
    Ckpt c, want = example(1220);
    char dir[FSX_PATH_BYTES];
    ck_assert_str_eq(wrote.path, "checkpoints/step-00001220");
    ck_assert_int_eq(ckpt_dir(tmp.path, 1220, dir, &err), ERR_OK);
    ck_assert_msg(ckpt_verify(dir, &c, &read, &err) == ERR_OK, "%s", err.msg);
    ck_assert_str_eq(c.run, want.run);
    ck_assert_str_eq(c.corpus, want.corpus);
    ck_assert_int_eq(c.step, 1220);
    ck_assert_int_eq(c.tokens, want.tokens);
    ck_assert(c.train_loss == want.train_loss);
    ck_assert_uint_eq(c.n_evaluations, 1);
    ck_assert_str_eq(c.evaluation[0].task, "validation");
    ck_assert(c.evaluation[0].loss == 0.1 + 0.2); /* text and back is exact */
    ck_assert_int_eq(c.evaluation[0].items, 65024);
    ck_assert_str_eq(read.path, wrote.path);
    ck_assert_str_eq(read.digest, wrote.digest);
    ck_assert_int_eq(read.bytes, wrote.bytes);
    ck_assert_int_eq(read.bytes, tree_bytes(dir));
}
END_TEST

START_TEST(writing_again_gives_equal_bytes)
{
    TmpDir u = tmpdir_open();
    CkptReceipt a = write_ckpt(&tmp, 5);
    (void)tmpdir_write(&tmp, "checkpoints/step-00000005/model.safetensors.tmp.17", "half");
    CkptReceipt b = write_ckpt(&tmp, 5), c = write_ckpt(&u, 5);
    ck_assert_str_eq(a.digest, b.digest);
    ck_assert_str_eq(a.digest, c.digest);
    ck_assert_int_eq(tree_bytes(below(&tmp, "checkpoints")), b.bytes); /* rubbish is gone */
    tmpdir_close(&u);
}
END_TEST

START_TEST(any_damage_is_found)
{
    static const char *const file[] = {"model.safetensors", "config.json"};
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    ck_assert_int_eq(ckpt_dir(tmp.path, 9, dir, &err), ERR_OK);
    ck_assert_int_eq(ckpt_verify(dir, NULL, NULL, &err), ERR_NOTFOUND);
    for (size_t i = 0; i < 2; i++) {
        (void)write_ckpt(&tmp, 9);
        ck_assert_int_eq(ckpt_verify(dir, NULL, NULL, &err), ERR_OK);
        ck_assert_int_eq(fsx_join(path, dir, file[i], &err), ERR_OK);
        damage(path);
        ck_assert_int_eq(ckpt_verify(dir, NULL, NULL, &err), ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.msg, "digest differs"));
        ck_assert_int_eq(fsx_replace(path, "x", 1, &err), ERR_OK);
        ck_assert_int_eq(ckpt_verify(dir, NULL, NULL, &err), ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.msg, "size differs"));
        ck_assert_int_eq(fsx_remove_tree(path, &err), ERR_OK);
        ck_assert_int_eq(ckpt_verify(dir, NULL, NULL, &err), ERR_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.msg, "is missing"));
    }
}
END_TEST

/* Each is a manifest that a person or a bug could have written. */
static const char *const bad_manifest[] = {
    "",
    "[]",
    "{\"schema\":3}",
    "{\"schema\":1,\"run\":7}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":\"x\"}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":1,"
    "\"evaluations\":{}}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":1,"
    "\"evaluations\":[{\"task\":\"v\"}]}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":1,"
    "\"evaluations\":[]}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":1,"
    "\"evaluations\":[],\"files\":{}}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":1,"
    "\"evaluations\":[],\"files\":{\"../up\":{\"bytes\":1,\"xxh128\":\"00\"}}}",
    "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,\"train_loss\":1,"
    "\"evaluations\":[],\"files\":{\"config.json\":{\"bytes\":1}}}",
};

START_TEST(odd_manifests_are_refused)
{
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES];
    (void)write_ckpt(&tmp, 9);
    ck_assert_int_eq(ckpt_dir(tmp.path, 9, dir, &err), ERR_OK);
    for (size_t i = 0; i < sizeof bad_manifest / sizeof bad_manifest[0]; i++) {
        (void)tmpdir_write(&tmp, "checkpoints/step-00000009/manifest.json", bad_manifest[i]);
        ck_assert_msg(ckpt_verify(dir, NULL, NULL, &err) == ERR_FORMAT, "%s", bad_manifest[i]);
    }
}
END_TEST

/* Every byte of the two files that carry a sum of themselves; a bit that changes a digit, and one
 * that changes a letter's case. */
START_TEST(every_flipped_byte_of_a_seal_is_found)
{
    static const char *const file[] = {"checkpoints/step-00000009/manifest.json",
                                       "state/step-00000009/state.json"};
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES], found[FSX_PATH_BYTES];
    TrainState s;
    log_set_level(LOG_ERROR);
    (void)write_ckpt(&tmp, 9);
    ck_assert_int_eq(ckpt_dir(tmp.path, 9, dir, &err), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        Buf b = BUF_INIT;
        write_state(&tmp, 9);
        ck_assert_int_eq(fsx_read(below(&tmp, file[i]), 1 << 20, &b, &err), ERR_OK);
        for (size_t at = 0; at < b.len; at++) {
            for (int bit = 1; bit <= 32; bit *= 32) {
                write_state(&tmp, 9);
                b.data[at] = (char)(b.data[at] ^ bit);
                ck_assert_int_eq(fsx_replace(below(&tmp, file[i]), b.data, b.len, &err), ERR_OK);
                ErrCode rc = i == 0 ? ckpt_look(dir, CKPT_MANIFEST, NULL, NULL, &err)
                                    : state_newest(tmp.path, -1, INT64_MAX, &s, found, &err);
                ck_assert_msg(rc == (i == 0 ? ERR_FORMAT : ERR_NOTFOUND), "%s: byte %zu, bit %d",
                              file[i], at, bit);
                b.data[at] = (char)(b.data[at] ^ bit);
            }
        }
        buf_release(&b);
    }
}
END_TEST

/* What version 0.1 wrote has no sum. */
START_TEST(a_manifest_of_schema_1_is_read)
{
    static const char old[] =
        "{\"schema\":1,\"run\":\"a\",\"corpus\":\"b\",\"step\":9,\"tokens\":1,"
        "\"train_loss\":1.5,\"evaluations\":[],\"files\":{\"x\":{\"bytes\":1,\"xxh128\":\"00\"}}}";
    Err err = ERR_INIT;
    Ckpt c;
    char dir[FSX_PATH_BYTES];
    (void)write_ckpt(&tmp, 9);
    ck_assert_int_eq(ckpt_dir(tmp.path, 9, dir, &err), ERR_OK);
    (void)tmpdir_write(&tmp, "checkpoints/step-00000009/manifest.json", old);
    ck_assert_msg(ckpt_look(dir, CKPT_MANIFEST, &c, NULL, &err) == ERR_OK, "%s", err.msg);
    ck_assert(c.train_loss == 1.5);
    ck_assert_int_eq(ckpt_look(dir, CKPT_SIZES, &c, NULL, &err), ERR_FORMAT); /* there is no x */
}
END_TEST

START_TEST(marks_are_seen)
{
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES], got[FSX_PATH_BYTES];
    (void)write_ckpt(&tmp, 8);
    (void)write_ckpt(&tmp, 9);
    ck_assert_int_eq(ckpt_dir(tmp.path, 9, dir, &err), ERR_OK);
    ck_assert(!ckpt_is_marked(dir) && !ckpt_is_removed(dir));
    (void)tmpdir_write(&tmp, "checkpoints/step-00000009/" CKPT_DAMAGED, "{}");
    ck_assert(ckpt_is_marked(dir));
    (void)tmpdir_write(&tmp, "checkpoints/step-00000009/" CKPT_REMOVED, "{}");
    ck_assert(ckpt_is_removed(dir));
    ck_assert_int_eq(ckpt_verify(dir, NULL, NULL, &err), ERR_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(err.msg, "slaw gc"));
    ck_assert_int_eq(ckpt_newest(tmp.path, got, &err), ERR_OK);
    ck_assert_str_eq(strrchr(got, '/'), "/step-00000008");
    (void)tmpdir_write(&tmp, "checkpoints/step-00000008/" CKPT_REMOVED, "{}");
    ck_assert_int_eq(ckpt_newest(tmp.path, got, &err), ERR_NOTFOUND);
    ck_assert_ptr_nonnull(strstr(err.msg, "slaw gc"));
}
END_TEST

START_TEST(the_newest_whole_checkpoint_is_found)
{
    Err err = ERR_INIT;
    char got[FSX_PATH_BYTES];
    ck_assert_int_eq(ckpt_newest(tmp.path, got, &err), ERR_NOTFOUND);
    (void)write_ckpt(&tmp, 90);
    (void)write_ckpt(&tmp, 1000);
    (void)write_ckpt(&tmp, 123456789); /* more digits than the padding */
    ck_assert_int_eq(fsx_mkdirs(below(&tmp, "checkpoints/step-00000077x"), &err), ERR_OK);
    ck_assert_int_eq(ckpt_newest(tmp.path, got, &err), ERR_OK);
    ck_assert_str_eq(strrchr(got, '/'), "/step-123456789");
    damage(below(&tmp, "checkpoints/step-123456789/model.safetensors"));
    ck_assert_int_eq(ckpt_newest(tmp.path, got, &err), ERR_OK);
    ck_assert_str_eq(strrchr(got, '/'), "/step-00001000");
    ck_assert_int_eq(fsx_remove_tree(below(&tmp, "checkpoints/step-00001000/manifest.json"), &err),
                     ERR_OK);
    ck_assert_int_eq(ckpt_newest(tmp.path, got, &err), ERR_OK);
    ck_assert_str_eq(strrchr(got, '/'), "/step-00000090");
}
END_TEST

START_TEST(two_states_are_kept)
{
    Err err = ERR_INIT;
    TrainState s;
    char file[FSX_PATH_BYTES];
    ck_assert_int_eq(state_newest(tmp.path, -1, INT64_MAX, &s, file, &err), ERR_NOTFOUND);
    for (int64_t step = 10; step <= 50; step += 10) {
        write_state(&tmp, step);
    }
    ck_assert(!fsx_exists(below(&tmp, "state/step-00000030")));
    ck_assert(fsx_exists(below(&tmp, "state/step-00000040")));
    ck_assert_msg(state_newest(tmp.path, -1, INT64_MAX, &s, file, &err) == ERR_OK, "%s", err.msg);
    ck_assert_int_eq(s.step, 50);
    ck_assert(s.loss_sum == 0.1 + 50.0);
    ck_assert_int_eq(s.loss_count, 7);
    ck_assert_str_eq(s.run, run_hash);
    ck_assert_str_eq(s.corpus, corpus_hash);
    ck_assert_str_eq(file, below(&tmp, "state/step-00000050/state.safetensors"));
}
END_TEST

/* state.h, invariants 2 and 3: with a hole at step 25, and then without. */
START_TEST(states_before_and_behind_a_hole_are_kept)
{
    static const struct {
        int64_t step, front;
        const char *kept[5]; /* afterwards */
    } row[] = {
        {600, 800, {"600"}},
        {700, 800, {"600", "700"}},
        {10, 25, {"10", "600", "700"}},
        {20, 25, {"10", "20", "600", "700"}},
        {25, 25, {"20", "25", "600", "700"}},
        {750, 800, {"700", "750"}},
    };
    Err err = ERR_INIT;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        TrainState s = {.step = row[i].step, .loss_count = 1};
        int64_t *step = NULL;
        size_t n = 0, want = 0;
        ck_assert_int_eq(state_write(tmp.path, -1, &s, row[i].front, tensor, 1, &err), ERR_OK);
        ck_assert_int_eq(step_dirs_list(tmp.path, "state", &step, &n, &err), ERR_OK);
        for (; row[i].kept[want]; want++) {
            ck_assert_uint_lt(want, n);
            ck_assert_int_eq(step[n - 1 - want], atoi(row[i].kept[want]));
        }
        ck_assert_uint_eq(n, want);
        free(step);
    }
}
END_TEST

START_TEST(a_damaged_state_gives_way_to_the_one_before)
{
    Err err = ERR_INIT;
    TrainState s;
    char file[FSX_PATH_BYTES];
    log_set_level(LOG_ERROR); /* the warnings are expected */
    write_state(&tmp, 40);
    write_state(&tmp, 50);
    damage(below(&tmp, "state/step-00000050/state.safetensors"));
    ck_assert_int_eq(state_newest(tmp.path, -1, INT64_MAX, &s, file, &err), ERR_OK);
    ck_assert_int_eq(s.step, 40);
    ck_assert(!fsx_exists(below(&tmp, "state/step-00000050")));
    ck_assert_int_eq(fsx_remove_tree(below(&tmp, "state/step-00000040/state.json"), &err), ERR_OK);
    ck_assert_int_eq(state_newest(tmp.path, -1, INT64_MAX, &s, file, &err), ERR_NOTFOUND);
}
END_TEST

START_TEST(a_full_or_absent_disk_is_an_io_error)
{
    Err err = ERR_INIT;
    CkptReceipt r;
    Ckpt c = example(1);
    TrainState s = {.step = 1};
    json_t *config = json_object();
    ck_assert_int_eq(ckpt_write("/proc/none", -1, &c, config, tensor, 1, &r, &err), ERR_IO);
    ck_assert_int_eq(state_write("/proc/none", -1, &s, INT64_MAX, tensor, 1, &err), ERR_IO);
    json_decref(config);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "ckpt", .set_up = tmp_open, .tear_down = tmp_close});
}
