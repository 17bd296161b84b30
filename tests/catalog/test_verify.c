#include "catalog/verify.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/record.h"
#include "catalog/reindex.h"
#include "catalog/stmt.h"
#include "common/hash.h"
#include "tests/catalog/fixture.h"
#include "tests/catalog/study.h"
#include "tests/support/suite.h"

enum { N_CHECKPOINTS = 11 }; /* of sample_study() */

typedef struct Seen {
    int n, bad;
    CatalogCheckpointState state; /* of the last bad one */
    int64_t step;
    char why[VERIFY_WHY_BYTES], run[64];
} Seen;

static void note(void *ctx, const CatalogRun *run, const CatalogCheckpoint *k,
                 CatalogCheckpointState found, const char *why)
{
    Seen *seen = ctx;
    seen->n++;
    if (found != CATALOG_CHECKPOINT_COMPLETE) {
        seen->bad++;
        seen->state = found;
        seen->step = k->step;
        (void)snprintf(seen->why, sizeof seen->why, "%s", why);
        (void)snprintf(seen->run, sizeof seen->run, "%s", run->name);
    } else {
        ck_assert_str_eq(why, "");
    }
}

static VerifyTotals verify(Seen *seen)
{
    VerifyTotals t;
    *seen = (Seen){0};
    OK(catalog_verify(s.c, s.tmp.path, -1, note, seen, &t, &err));
    return t;
}

static void flip(const char *path, size_t at)
{
    Buf b = BUF_INIT;
    OK(fsx_read(path, 1 << 20, &b, &err));
    ck_assert_uint_lt(at, b.len);
    b.data[at] ^= 4;
    sample_write(path, b.data, b.len);
    buf_release(&b);
}

START_TEST(good_checkpoints_are_good)
{
    Seen seen;
    sample_study(&s);
    VerifyTotals t = verify(&seen);
    ck_assert(t.good == N_CHECKPOINTS && t.missing == 0 && t.corrupt == 0 && t.changed == 0);
    ck_assert(seen.n == N_CHECKPOINTS && seen.bad == 0);
    ck_assert_int_eq(t.bytes, (int64_t)(tree_bytes(sample_path(&s, 0, "checkpoints")) +
                                        tree_bytes(sample_path(&s, 1, "checkpoints")) +
                                        tree_bytes(sample_path(&s, 3, "checkpoints")) +
                                        tree_bytes(sample_path(&s, 4, "checkpoints"))));
    OK(catalog_verify(s.c, s.tmp.path, 1, NULL, NULL, &t, &err)); /* one run, no report */
    ck_assert_int_eq(t.good, 4);
}
END_TEST

START_TEST(a_flipped_byte_is_found_in_each_file_at_every_place)
{
    sample_study(&s);
    static const char *const files[] = {"model.safetensors", "config.json", "manifest.json"};
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES], why[VERIFY_WHY_BYTES], digest[33] = "";
    OK(fsx_path(dir, &err, "%s", sample_path(&s, 1, "checkpoints/step-00000020")));
    CatalogCheckpoint *k = NULL;
    size_t n = 0;
    OK(catalog_checkpoint_list(s.c, 2, &a, &k, &n, &err));
    (void)snprintf(digest, sizeof digest, "%s", k[1].digest);
    for (size_t i = 0; i < 3; i++) {
        OK(fsx_join(path, dir, files[i], &err));
        size_t bytes = (size_t)tree_bytes(path);
        for (size_t at = 0; at < bytes; at++) {
            CatalogCheckpointState state = CATALOG_CHECKPOINT_REMOVED;
            flip(path, at);
            OK(verify_checkpoint(dir, digest, &state, why, NULL, &err));
            ck_assert_msg(state == CATALOG_CHECKPOINT_CORRUPT, "%s at %zu", files[i], at);
            HAS(why, files[i]);
            flip(path, at);
            if (at == 0) {
                OK(verify_checkpoint(dir, digest, &state, why, NULL, &err));
                ck_assert_int_eq(state, CATALOG_CHECKPOINT_COMPLETE);
            }
        }
    }
}
END_TEST

static CatalogCheckpointState state_at(int64_t run_id, int64_t step)
{
    Stmt q = stmt_begin(s.c->db, "SELECT state FROM checkpoint WHERE run_id = ?1 AND step = ?2");
    CatalogCheckpointState state;
    stmt_bind_i64(&q, run_id);
    stmt_bind_i64(&q, step);
    ck_assert(stmt_row(&q));
    ck_assert(catalog_checkpoint_state_parse(stmt_col_text(&q, &a), &state));
    OK(stmt_finish(&q, &err));
    return state;
}

START_TEST(what_is_bad_is_marked_and_what_is_whole_again_counts_again)
{
    Seen seen;
    sample_study(&s);
    flip(sample_path(&s, 1, "checkpoints/step-00000020/model.safetensors"), 3);
    VerifyTotals t = verify(&seen);
    ck_assert(t.good == N_CHECKPOINTS - 1 && t.corrupt == 1 && t.changed == 1);
    ck_assert(seen.bad == 1 && seen.step == 20 && seen.state == CATALOG_CHECKPOINT_CORRUPT);
    ck_assert_str_eq(seen.run, "tnl-20k-1");
    ck_assert_str_eq(seen.why, "model.safetensors has other bytes than were written");
    ck_assert_int_eq(state_at(2, 20), CATALOG_CHECKPOINT_CORRUPT);
    t = verify(&seen);
    ck_assert(t.corrupt == 1 && t.changed == 0);
    flip(sample_path(&s, 1, "checkpoints/step-00000020/model.safetensors"), 3);
    t = verify(&seen);
    ck_assert(t.good == N_CHECKPOINTS && t.changed == 1);
    ck_assert_int_eq(state_at(2, 20), CATALOG_CHECKPOINT_COMPLETE);
}
END_TEST

START_TEST(what_is_bad_is_marked_beside_its_files_for_reindex_and_workers)
{
    Seen seen;
    ReindexTotals rebuilt;
    sample_study(&s);
    const char *flipped = "checkpoints/step-00000020/model.safetensors";
    flip(sample_path(&s, 1, flipped), 3);
    ck_assert_int_eq(unlink(sample_path(&s, 0, "checkpoints/step-00000030/config.json")), 0);
    OK(fsx_remove_tree(sample_path(&s, 0, "checkpoints/step-00000040"), &err));
    VerifyTotals t = verify(&seen);
    ck_assert(t.corrupt == 1 && t.missing == 2 && t.marked == 3);
    ck_assert(fsx_exists(sample_path(&s, 1, "checkpoints/step-00000020/" RECORD_DAMAGED)));
    ck_assert(fsx_exists(sample_path(&s, 0, "checkpoints/step-00000030/" RECORD_DAMAGED)));
    ck_assert(!fsx_exists(sample_path(&s, 0, "checkpoints/step-00000040")));
    char *before = sample_dump(s.c);
    catalog_close(s.c);
    s.c = NULL;
    OK(catalog_reindex(s.tmp.path, NULL, NULL, &rebuilt, &err)); /* it reads no large file */
    OK(catalog_open(s.db, &s.c, &err));
    char *after = sample_dump(s.c);
    ck_assert_str_eq(after, before);
    free(before);
    free(after);
    t = verify(&seen);
    ck_assert(t.changed == 0 && t.marked == 0);
    flip(sample_path(&s, 1, flipped), 3); /* put back */
    t = verify(&seen);
    ck_assert(t.changed == 1 && t.marked == 1);
    ck_assert(!fsx_exists(sample_path(&s, 1, "checkpoints/step-00000020/" RECORD_DAMAGED)));
    ck_assert_int_eq(state_at(2, 20), CATALOG_CHECKPOINT_COMPLETE);
    OK(damage_record_write(sample_path(&s, 1, "checkpoints/step-00000020"),
                           CATALOG_CHECKPOINT_CORRUPT, "stale", &err));
    t = verify(&seen); /* a mark alone does not make it bad */
    ck_assert(t.good == N_CHECKPOINTS - 2 && t.changed == 0 && t.marked == 1);
    ck_assert(!fsx_exists(sample_path(&s, 1, "checkpoints/step-00000020/" RECORD_DAMAGED)));
}
END_TEST

START_TEST(missing_shortened_and_longer_files_are_told_apart)
{
    Seen seen;
    sample_study(&s);
    const char *model = "checkpoints/step-00000040/model.safetensors";
    ck_assert_int_eq(truncate(sample_path(&s, 0, model), 5), 0);
    (void)verify(&seen);
    HAS(seen.why, "model.safetensors has 5 bytes, not ");
    ck_assert_int_eq(unlink(sample_path(&s, 0, model)), 0);
    VerifyTotals t = verify(&seen);
    ck_assert(t.missing == 1 && seen.state == CATALOG_CHECKPOINT_MISSING);
    ck_assert_str_eq(seen.why, "model.safetensors is not there");
    ck_assert_int_eq(unlink(sample_path(&s, 0, "checkpoints/step-00000040/manifest.json")), 0);
    (void)verify(&seen);
    ck_assert_str_eq(seen.why, "manifest.json is not there");
    OK(fsx_remove_tree(sample_path(&s, 0, "checkpoints/step-00000040"), &err));
    (void)verify(&seen);
    ck_assert_str_eq(seen.why, "the folder is not there");
    ck_assert_int_eq(state_at(1, 40), CATALOG_CHECKPOINT_MISSING);
}
END_TEST

START_TEST(removed_checkpoints_are_not_looked_for)
{
    Seen seen;
    sample_study(&s);
    OK(catalog_checkpoint_set_state(s.c, 1, 40, CATALOG_CHECKPOINT_REMOVED, &err));
    OK(fsx_remove_tree(sample_path(&s, 0, "checkpoints/step-00000040"), &err));
    VerifyTotals t = verify(&seen);
    ck_assert(t.good == N_CHECKPOINTS - 1 && seen.bad == 0);
    ck_assert_int_eq(state_at(1, 40), CATALOG_CHECKPOINT_REMOVED);
}
END_TEST

START_TEST(a_read_only_catalog_is_checked_and_left_alone)
{
    Seen seen;
    sample_study(&s);
    flip(sample_path(&s, 1, "checkpoints/step-00000020/config.json"), 3);
    catalog_close(s.c);
    OK(catalog_open_readonly(s.db, &s.c, &err));
    VerifyTotals t = verify(&seen);
    ck_assert(t.corrupt == 1 && t.changed == 1);
    ck_assert_int_eq(state_at(2, 20), CATALOG_CHECKPOINT_COMPLETE);
    ck_assert(t.marked == 0);
    ck_assert(!fsx_exists(sample_path(&s, 1, "checkpoints/step-00000020/" RECORD_DAMAGED)));
}
END_TEST

START_TEST(a_manifest_that_lies_is_corrupt)
{
    static const char *const manifests[] = {
        "{}",
        "[]",
        "no JSON",
        "{\"files\":{}}",
        "{\"files\":{\"../x\":{\"bytes\":1,\"xxh128\":\"a\"}}}",
        "{\"files\":{\"x\":{\"bytes\":1}}}",
    };
    for (size_t i = 0; i < sizeof manifests / sizeof manifests[0]; i++) {
        TmpDir t = tmpdir_open();
        char digest[XXH128_HEX_BYTES], why[VERIFY_WHY_BYTES];
        CatalogCheckpointState state = CATALOG_CHECKPOINT_COMPLETE;
        (void)tmpdir_write(&t, "manifest.json", manifests[i]);
        hash_xxh128(manifests[i], strlen(manifests[i]), digest);
        OK(verify_checkpoint(t.path, digest, &state, why, NULL, &err));
        ck_assert_msg(state == CATALOG_CHECKPOINT_CORRUPT, "%s", manifests[i]);
        HAS(why, "manifest.json");
        tmpdir_close(&t);
    }
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_error)
{
    TmpDir t = tmpdir_open();
    char digest[XXH128_HEX_BYTES], why[VERIFY_WHY_BYTES], path[FSX_PATH_BYTES];
    CatalogCheckpointState state = CATALOG_CHECKPOINT_COMPLETE;
    static const char manifest[] = "{\"files\":{\"x\":{\"bytes\":1,\"xxh128\":\"a\"}}}";
    (void)tmpdir_write(&t, "manifest.json", manifest);
    hash_xxh128(manifest, sizeof manifest - 1, digest);
    OK(fsx_join(path, t.path, "x", &err));
    OK(fsx_mkdirs(path, &err)); /* read(2) of a folder fails with EISDIR */
    FAILS(ERR_IO, verify_checkpoint(t.path, digest, &state, why, NULL, &err));
    tmpdir_close(&t);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "verify", .set_up = fixture_open, .tear_down = fixture_close});
}
