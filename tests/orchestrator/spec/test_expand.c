/* Random matrices, expanded by stencils and by resolving every cell in full: runs, identities,
 * texts and problems must be the same to the byte. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "orchestrator/spec/expand.h"
#include "orchestrator/spec/study.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;
static uint64_t state; /* of the generator */

static void make_tmp(void)
{
    tmp = tmpdir_open();
}

static void remove_tmp(void)
{
    cells_expand_slowly = false;
    tmpdir_close(&tmp);
}

/* ---- studies ------------------------------------------------------------------------------- */

/* From 0 to n - 1 (splitmix64). */
static size_t any(size_t n)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return (size_t)((z ^ (z >> 31)) % n);
}

typedef struct Choice {
    const char *name;
    const char *value[8]; /* two or eight; those behind the first four are often wrong */
} Choice;

/* An axis of a study: n of its values. */
typedef struct Used {
    size_t axis, n;
} Used;

static const Choice axis[] = {
    {"lr", {"1e-3", "3e-3", "0.01", "1e-4", "2.5e-4", "0.0007", "7", "1"}},
    {"tokens", {"1M", "2M", "1.5M", "3000000", "999999", "1000", "4M", "1G"}},
    {"batch", {"1024", "2k", "4096", "8192", "1000", "1.024k", "512", "100"}},
    {"sequence", {"128", "64", "256", "512", "96", "1024", "4096", "32"}},
    {"warmup", {"0", "10", "50", "20", "100", "1000", "100000", "7"}},
    {"checkpoints.count", {"1", "5", "7", "57", "9", "1000", "100000", "2"}},
    {"first", {"1k", "10k", "20000", "100k", "1", "1M", "10M", "1G"}},
    {"spacing", {"log", "linear"}},
    {"precision", {"f32", "bf16"}},
    {"clip", {"0", "1.5", "1.0", "0.5", "2", "3", "4", "5"}},
    {"weight_decay", {"0", "0.1", "0.01", "1e-3", "1", "2", "3", "4"}},
    {"sizes.layers", {"1", "2", "3", "4", "5", "6", "7", "8"}},
    {"sizes.width", {"32", "64", "96", "128", "30", "33", "20", "34"}},
    {"sizes.mlp", {"32", "64", "96", "100", "7", "8", "9", "10"}},
    {"heads", {"1", "2", "4", "8", "3", "5", "7", "9"}},
    {"options.tnl.lrpe_layer0", {"true", "false"}},
    {"options.llama.rope_base", {"10000", "5000.5", "500000", "2e4", "1e5", "-1", "x", "3e4"}},
    {"keep", {"weights", "last"}}, /* of no identity: as an axis it makes equal cells */
};
enum { N_AXES = sizeof axis / sizeof axis[0], N_OF_ONE_ARCH = 3 /* the last */ };

static const char *const arch[] = {"llama", "tnl", "hgrn2", "cosformer2"};
static const char *const size[] = {"a", "b", "c"};

static const char *value_of(size_t i, bool may_be_wrong)
{
    size_t n = !axis[i].value[2] ? 2 : may_be_wrong && any(12) == 0 ? 8 : 4;
    return axis[i].value[any(n)];
}

static void put_words(Buf *b, const char *key, const char *const *word, size_t n, size_t most)
{
    size_t from = any(n);
    most = 1 + any(most);
    buf_printf(b, "%s: [", key);
    for (size_t i = 0; i < most; i++) {
        buf_printf(b, "%s%s", i ? ", " : "", word[(from + i) % n]);
    }
    buf_puts(b, "]");
}

static Used put_axis(Buf *b, size_t i, bool is_wrong)
{
    Used u = {i, 1 + any(axis[i].value[2] ? 3 : 2)};
    buf_printf(b, "  %s: [", axis[i].name);
    for (size_t k = 0; k < u.n; k++) {
        bool is_odd = is_wrong && k > 0 && any(6) == 0 && axis[i].value[2];
        buf_printf(b, "%s%s", k ? ", " : "", axis[i].value[is_odd ? 4 + any(4) : k]);
    }
    buf_puts(b, "]\n");
    return u;
}

/* Conditions over the named axes and some others. */
static void put_where(Buf *b, const Used *used, size_t n_used)
{
    buf_puts(b, "{");
    bool is_first = true;
    if (any(2) == 0) {
        put_words(b, "architecture", arch, 4, 2);
        is_first = false;
    }
    if (is_first || any(2) == 0) {
        buf_puts(b, is_first ? "" : ", ");
        put_words(b, "size", size, 3, 2);
    }
    if (n_used > 0 && any(2) == 0) {
        Used u = used[any(n_used)];
        buf_printf(b, ", %s: %s", axis[u.axis].name, axis[u.axis].value[any(u.n)]);
    }
    if (any(4) == 0) {
        buf_printf(b, ", seed: %zu", 1 + any(3));
    }
    buf_puts(b, "}");
}

static bool is_used(size_t i, const Used *used, size_t n_used)
{
    for (size_t k = 0; k < n_used; k++) {
        if (used[k].axis == i) {
            return true;
        }
    }
    return false;
}

static void put_overrides(Buf *b, const Used *used, size_t n_used, bool is_wrong)
{
    buf_puts(b, "overrides:\n");
    for (size_t n = any(5); n > 0; n--) {
        size_t i = any(N_AXES);
        if (is_used(i, used, n_used)) {
            continue;
        }
        buf_puts(b, "  - {where: ");
        put_where(b, used, n_used);
        buf_printf(b, ", set: {%s: %s%s}}\n", axis[i].name, value_of(i, is_wrong),
                   is_wrong && any(4) == 0 && i != 4 ? ", training.schedule: {cosine: {}}" : "");
    }
    buf_puts(b, "  - {where: {size: a}, set: {diverged_above: 19}}\n");
}

static void put_lists(Buf *b, const Used *used, size_t n_used, bool is_wrong)
{
    buf_puts(b, "  exclude:\n");
    for (size_t n = any(4); n > 0; n--) {
        buf_puts(b, "    - ");
        put_where(b, used, n_used);
        buf_puts(b, "\n");
    }
    buf_puts(b, "    - {size: a, seed: 3}\n  include:\n");
    for (size_t n = any(3); n > 0; n--) {
        size_t i = any(N_AXES);
        buf_printf(b, "    - {architecture: %s, size: %s, seed: %zu, %s: %s}\n", arch[any(4)],
                   size[any(3)], 9 + n, axis[i].name, value_of(i, is_wrong));
    }
    buf_puts(b, "    - {architecture: llama, size: a, seed: 9, eps: 1e-7}\n");
}

/* A study of up to six random axes; most have no problem when `is_wrong` is false. */
static void put_study(Buf *b, bool is_wrong)
{
    static const char *const schedule[] = {"constant: {warmup: 5}", "cosine: {warmup: 5}",
                                           "wsd: {warmup: 5, decay: 0.3}", "wsd: {}"};
    Used used[6];
    size_t n_used = 0, n_axes = is_wrong || any(4) == 0 ? N_AXES : N_AXES - N_OF_ONE_ARCH;
    bool is_tnl = n_axes == N_AXES && !is_wrong;
    buf_printf(b,
               "version: 1\nstudy: random\n"
               "corpus: {text: [\"a\\\"\\x01%02zu.txt\"], tokenizer: %s, repeat: true}\n"
               "sizes:\n  a: {layers: 2, width: 32, heads: 1}\n"
               "  b: {layers: 2, width: 64, heads: 2, mlp: 200}\n"
               "  c: {layers: 3, width: 96, heads: %d}\n"
               "training:\n  tokens: 1M\n  sequence: 64\n  batch: 4096\n"
               "  optimizer: {adamw: {lr: 3e-3}}\n  schedule: {%s}\n"
               "checkpoints: {count: 5, first: 10k}\noptions: {tnl: {lrpe_layer0: false}}\n"
               "matrix:\n  ",
               any(40), any(2) ? "bytes" : "{bpe: 4k}", is_wrong && any(4) == 0 ? 5 : 3,
               schedule[any(4)]);
    buf_puts(b, is_tnl ? "architecture: tnl\n" : "architecture: [llama, tnl, hgrn2, cosformer2]\n");
    buf_puts(b, "  size: [a, b, c]\n  seed: [1, 2, 3]\n");
    for (size_t n = any(5); n > 0; n--) {
        size_t i = any(n_axes - (is_tnl ? 2 : 0));
        if (!is_used(i, used, n_used)) {
            used[n_used++] = put_axis(b, i, is_wrong);
        }
    }
    put_lists(b, used, n_used, is_wrong);
    put_overrides(b, used, n_used, is_wrong);
}

/* ---- comparison ------------------------------------------------------------------------------ */

static Study *opened(const char *path, bool is_slow, Buf *problems, ErrCode *ret_rc)
{
    Study *s = NULL;
    Err err = ERR_INIT;
    cells_expand_slowly = is_slow;
    *ret_rc = study_open(path, &s, problems, &err);
    cells_expand_slowly = false;
    return s;
}

static void expect_same_spec(const RunSpec *a, const RunSpec *b)
{
    ck_assert_str_eq(a->name, b->name);
    ck_assert_mem_eq(a->sha256, b->sha256, SHA256_BYTES);
    ck_assert_int_eq(a->seed, b->seed);
    ck_assert_int_eq(a->tokens, b->tokens);
    ck_assert_int_eq(a->steps, b->steps);
    ck_assert_int_eq(a->batch_tokens, b->batch_tokens);
    ck_assert_int_eq(a->checkpoints, b->checkpoints);
    ck_assert_int_eq(a->weights_kept, b->weights_kept);
    ck_assert_uint_eq(a->cell, b->cell);
    ck_assert_mem_eq(&a->model->shape, &b->model->shape, sizeof a->model->shape);
    ck_assert_str_eq(a->model->size, b->model->size);
    ck_assert_int_eq(a->model->sequence, b->model->sequence);
    ck_assert_int_eq(a->model->precision, b->model->precision);
}

/* The fast texts against those of the objects, which are resolved in full, and the RunSpec
 * against the configuration that a worker would read. */
static void expect_texts(const Study *s, size_t i)
{
    Buf config = BUF_INIT, axes = BUF_INIT, line = BUF_INIT, want = BUF_INIT;
    json_t *json = NULL, *values = NULL;
    char hash[SHA256_HEX_BYTES];
    RunConfig c;
    Err err = ERR_INIT;
    ck_assert_int_eq(study_run_texts(s, i, &config, &axes, &err), ERR_OK);
    ck_assert_int_eq(study_run_axes_line(s, i, &line, &err), ERR_OK);
    ck_assert_int_eq(study_run_json(s, i, &json, &err), ERR_OK);
    ck_assert_int_eq(study_run_axes(s, i, &values, &err), ERR_OK);
    json_canonical(json, &want);
    ck_assert_str_eq(buf_str(&config), buf_str(&want));
    buf_clear(&want);
    json_canonical(values, &want);
    ck_assert_str_eq(buf_str(&axes), buf_str(&want));
    buf_clear(&want);
    json_line(values, &want);
    ck_assert_str_eq(buf_str(&line), buf_str(&want));
    ck_assert_msg(run_config_from_json(json, &c, &err) == ERR_OK, "%s", err.msg);
    run_spec_hash(&s->runs[i], hash);
    ck_assert_str_eq(hash, c.hash);
    ck_assert_int_eq(s->runs[i].steps, c.steps);
    ck_assert_int_eq(s->runs[i].checkpoints, c.checkpoint_count);
    ck_assert_int_eq(s->runs[i].model->sequence, c.sequence);
    json_decref(json);
    json_decref(values);
    buf_release(&config);
    buf_release(&axes);
    buf_release(&line);
    buf_release(&want);
}

/* Expands both ways; returns the number of runs, 0 when the study has problems. */
static size_t compare(const char *path, const char *text)
{
    Buf of_fast = BUF_INIT, of_slow = BUF_INIT;
    ErrCode rc_fast, rc_slow;
    Study *slow = opened(path, true, &of_slow, &rc_slow);
    Study *fast = opened(path, false, &of_fast, &rc_fast);
    size_t n = fast ? fast->n_runs : 0;
    ck_assert_msg(rc_fast == rc_slow, "%s\n%s\n%s", text, buf_str(&of_fast), buf_str(&of_slow));
    ck_assert_msg(strcmp(buf_str(&of_fast), buf_str(&of_slow)) == 0, "%s\n%s\nin full:\n%s", text,
                  buf_str(&of_fast), buf_str(&of_slow));
    if (fast) {
        ck_assert_uint_eq(fast->n_runs, slow->n_runs);
    }
    for (size_t i = 0; i < n; i++) {
        expect_same_spec(&fast->runs[i], &slow->runs[i]);
    }
    for (size_t k = 0; k < 5 && n > 0; k++) {
        expect_texts(fast, any(n));
    }
    study_close(fast);
    study_close(slow);
    buf_release(&of_fast);
    buf_release(&of_slow);
    return n;
}

static size_t compare_many(size_t studies, bool is_wrong, size_t *ret_good)
{
    size_t runs = 0;
    *ret_good = 0;
    for (size_t i = 0; i < studies; i++) {
        Buf text = BUF_INIT;
        put_study(&text, is_wrong);
        size_t n = compare(tmpdir_write(&tmp, "s.yaml", buf_str(&text)), buf_str(&text));
        runs += n;
        *ret_good += n > 0;
        buf_release(&text);
    }
    return runs;
}

START_TEST(random_studies_expand_to_the_same_runs)
{
    size_t good;
    state = 1;
    size_t runs = compare_many(300, false, &good);
    ck_assert_msg(good > 60 && runs > 2000, "only %zu studies of %zu runs", good, runs);
}
END_TEST

START_TEST(random_studies_have_the_same_problems)
{
    size_t good;
    state = 2;
    (void)compare_many(300, true, &good);
    ck_assert_msg(good < 250, "%zu studies without a problem", good);
}
END_TEST

/* More stencils and models than are kept at a time: a bit of an override for every seed, and
 * many widths. */
START_TEST(tables_that_run_over_are_made_anew)
{
    Buf text = BUF_INIT;
    put_study(&text, false);
    char *head = strstr(buf_str(&text), "matrix:");
    Buf all = BUF_INIT;
    buf_add(&all, buf_str(&text), (size_t)(head - buf_str(&text)));
    buf_puts(&all, "matrix:\n  architecture: [llama, tnl]\n  size: [a, c]\n  seed: [");
    for (int i = 0; i < 600; i++) {
        buf_printf(&all, "%s%d", i ? "," : "", i);
    }
    buf_puts(&all, "]\n  sizes.layers: [1, 2, 3]\noverrides:\n");
    for (int i = 0; i < 600; i++) {
        buf_printf(&all, "  - {where: {seed: %d}, set: {clip: %d}}\n", i, i);
    }
    ck_assert_uint_eq(compare(tmpdir_write(&tmp, "s.yaml", buf_str(&all)), "many"), 7200);
    buf_release(&text);
    buf_release(&all);
}
END_TEST

/* A problem of every cell is told once and costs no more than a study without it. */
START_TEST(the_same_problem_of_many_cells_is_told_once)
{
    Buf text = BUF_INIT;
    buf_puts(&text,
             "version: 1\nstudy: x\nsizes: {a: {layers: 2, width: 32, heads: 3}}\n"
             "training: {tokens: 1M, sequence: 64, batch: 100, optimizer: {adamw: {lr: 1}}}\n"
             "checkpoints: {count: 5, first: 10k}\n"
             "matrix:\n  architecture: [llama]\n  size: [a]\n  lr: [");
    for (int i = 1; i <= 300; i++) {
        buf_printf(&text, "%s%g", i > 1 ? "," : "", i * 1e-4);
    }
    buf_puts(&text, "]\n  seed: [");
    for (int i = 0; i < 1000; i++) {
        buf_printf(&text, "%s%d", i ? "," : "", i);
    }
    buf_puts(&text, "]\n");
    Buf problems = BUF_INIT;
    ErrCode rc;
    Study *s = opened(tmpdir_write(&tmp, "s.yaml", buf_str(&text)), false, &problems, &rc);
    ck_assert_ptr_null(s);
    ck_assert_int_eq(rc, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(buf_str(&problems), "use 1, 2, 4, 8, 16 heads"));
    ck_assert_ptr_nonnull(strstr(buf_str(&problems), "128 is the next multiple"));
    buf_release(&text);
    buf_release(&problems);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){
        .name = "expand", .set_up = make_tmp, .tear_down = remove_tmp, .timeout = 120.0});
}
