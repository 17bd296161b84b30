#include "orchestrator/spec/study.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/machine.h"
#include "orchestrator/spec/validate.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static const char head[] = "version: 1\n"
                           "study: demo\n"
                           "sizes:\n"
                           "  a: {layers: 2, width: 32, heads: 1}\n"
                           "  b: {layers: 2, width: 64, heads: 2, mlp: 200}\n"
                           "training:\n"
                           "  tokens: 1M\n"
                           "  sequence: 128\n"
                           "  batch: 1024\n"
                           "  optimizer: {adamw: {lr: 3e-3}}\n"
                           "checkpoints: {count: 5, first: 10k}\n";

static TmpDir tmp;

static void make_tmp(void)
{
    tmp = tmpdir_open();
}

static void remove_tmp(void)
{
    tmpdir_close(&tmp);
}

static Study *opened_path(const char *path)
{
    Study *s = NULL;
    Err err = ERR_INIT;
    Buf problems = BUF_INIT;
    ErrCode rc = study_open(path, &s, &problems, &err);
    ck_assert_msg(rc == ERR_OK, "%s\n%s", err.msg, buf_str(&problems));
    buf_release(&problems);
    return s;
}

/* The study of head and `rest`. */
static Study *opened(const char *rest)
{
    Buf text = BUF_INIT;
    buf_puts(&text, head);
    buf_puts(&text, rest);
    Study *s = opened_path(tmpdir_write(&tmp, "s.yaml", buf_str(&text)));
    buf_release(&text);
    return s;
}

static RunConfig config_of(const Study *s, size_t i)
{
    RunConfig c;
    Err err = ERR_INIT;
    ck_assert_msg(study_run_config(s, i, &c, &err) == ERR_OK, "%s", err.msg);
    return c;
}

static size_t index_of(const Study *s, const char *name)
{
    for (size_t i = 0; i < s->n_runs; i++) {
        if (strcmp(s->runs[i].name, name) == 0) {
            return i;
        }
    }
    ck_abort_msg("no run %s", name);
    return 0;
}

static RunConfig named(const Study *s, const char *name)
{
    return config_of(s, index_of(s, name));
}

START_TEST(defaults_are_filled)
{
    Study *s = opened("matrix: {architecture: llama, size: a}\n");
    ck_assert_uint_eq(s->n_runs, 1);
    const RunConfig own = config_of(s, 0), *c = &own;
    ck_assert_str_eq(c->name, "llama-a");
    ck_assert(c->beta1 == 0.9 && c->beta2 == 0.95 && c->adam_eps == 1e-8 && c->weight_decay == 0.1);
    ck_assert(c->clip == 1.0 && c->diverged_above == 20.0);
    ck_assert_int_eq(c->schedule.kind, SCHEDULE_CONSTANT);
    ck_assert_int_eq(c->schedule.warmup_steps, 50);
    ck_assert_int_eq(c->seed, 1);
    ck_assert_int_eq(c->shape.mlp_width, 96); /* 8/3 * 32 = 85.3, up to a multiple of 16 */
    ck_assert_int_eq(c->shape.vocabulary, 256);
    ck_assert(c->evaluates_validation && !c->repeat);
    ck_assert_str_eq(s->corpus_text[0], "default");
    ck_assert_int_eq(s->corpus_validation, 65536);
    ck_assert_int_eq(s->workers, 1);
    ck_assert_str_eq(s->group_by, "architecture");
    ck_assert_uint_eq(s->n_laws, 2);
    ck_assert_str_eq(s->name, "demo");
    char want[64], dir[RUN_DIR_BYTES], hash[SHA256_HEX_BYTES];
    (void)snprintf(want, sizeof want, "runs/llama-a-%.12s", c->hash);
    run_spec_dir(&s->runs[0], dir);
    ck_assert_str_eq(dir, want);
    run_spec_hash(&s->runs[0], hash);
    ck_assert_str_eq(hash, c->hash);
    study_close(s);
}
END_TEST

START_TEST(the_last_axis_is_fastest)
{
    Study *s = opened("matrix: {architecture: [llama, tnl], size: [a, b], seed: [1, 2]}\n");
    static const char *const want[] = {"llama-a-s1", "llama-a-s2", "llama-b-s1", "llama-b-s2",
                                       "tnl-a-s1",   "tnl-a-s2",   "tnl-b-s1",   "tnl-b-s2"};
    ck_assert_uint_eq(s->n_runs, 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_str_eq(s->runs[i].name, want[i]);
    }
    ck_assert_int_eq(s->runs[1].seed, 2);
    study_close(s);
}
END_TEST

START_TEST(any_scalar_may_be_an_axis)
{
    Study *s = opened("matrix: {architecture: [tnl], size: [a], lr: [1e-3, 3e-3], tokens: [1M, 2M],"
                      " sizes.layers: [2, 3], options.tnl.lrpe_layer0: [true], first: 20k}\n");
    ck_assert_uint_eq(s->n_runs, 8);
    size_t i = index_of(s, "tnl-a-lr0.003-tokens2M-layers3-lrpe_layer0true-first20k");
    const RunConfig c = config_of(s, i);
    ck_assert(c.lr == 3e-3);
    ck_assert_int_eq(c.tokens, 2000000);
    ck_assert_int_eq(s->runs[i].tokens, 2000000);
    ck_assert_int_eq(c.shape.layers, 3);
    ck_assert(arch_option(&c.shape, "lrpe_layer0") == 1.0);
    ck_assert(memcmp(&s->runs[i].model->shape, &c.shape, sizeof c.shape) == 0);
    ck_assert_int_eq(c.checkpoint_first_tokens, 20000);
    json_t *axes = NULL;
    Err err = ERR_INIT;
    ck_assert_int_eq(study_run_axes(s, i, &axes, &err), ERR_OK);
    ck_assert(json_real_value(json_object_get(axes, "training.optimizer.adamw.lr")) == 3e-3);
    json_decref(axes);
    study_close(s);
}
END_TEST

START_TEST(overrides_apply_in_order)
{
    Study *s =
        opened("matrix: {architecture: [llama, tnl], size: [a, b]}\n"
               "overrides:\n"
               "  - {where: {size: [b]}, set: {checkpoints.count: 7, layers: 4}}\n"
               "  - where: {architecture: tnl, size: b}\n"
               "    set: {training.schedule: {cosine: {warmup: 9}}, count: 8, batch: 2048}\n");
    ck_assert_int_eq(named(s, "llama-a").checkpoint_count, 5);
    ck_assert_int_eq(named(s, "llama-b").checkpoint_count, 7);
    ck_assert_int_eq(named(s, "llama-b").shape.layers, 4);
    const RunConfig tnl = named(s, "tnl-b"), *c = &tnl;
    ck_assert_int_eq(c->checkpoint_count, 8);
    ck_assert_int_eq(c->shape.layers, 4);
    ck_assert_int_eq(c->schedule.kind, SCHEDULE_COSINE);
    ck_assert_int_eq(c->schedule.warmup_steps, 9);
    ck_assert(c->schedule.floor == 0.1); /* a default inside what an override sets */
    ck_assert_int_eq(c->steps, 489);     /* 1e6 / 2048 = 488.3 */
    ck_assert_int_eq(named(s, "tnl-a").schedule.kind, SCHEDULE_CONSTANT);
    study_close(s);
}
END_TEST

START_TEST(cells_are_excluded_and_included)
{
    Study *s = opened("matrix:\n"
                      "  architecture: [llama, tnl]\n"
                      "  size: [a, b]\n"
                      "  exclude: [{architecture: llama, size: b}]\n"
                      "  include: [{architecture: hgrn2, size: b, lr: 1e-4}]\n"
                      "overrides: [{where: {architecture: hgrn2}, set: {count: 9}}]\n");
    ck_assert_uint_eq(s->n_runs, 4);
    ck_assert_str_eq(s->runs[1].name, "tnl-a");
    ck_assert_str_eq(s->runs[3].name, "hgrn2-b-lr0.0001");
    const RunConfig c = config_of(s, 3);
    ck_assert(c.lr == 1e-4);
    ck_assert_int_eq(c.checkpoint_count, 9);
    ck_assert_int_eq(s->runs[3].checkpoints, 9);
    study_close(s);
}
END_TEST

START_TEST(spelling_does_not_change_an_identity)
{
    Study *a = opened("matrix: {architecture: [llama], size: [a]}\n");
    Study *b = opened_path(tmpdir_write(
        &tmp, "t.yaml",
        "study: other\nversion: 1\nmatrix: {size: small, architecture: llama, seed: [1]}\n"
        "sizes: {small: {heads: 1, width: 32, layers: 2, mlp: 96}}\n"
        "execution: {workers: 7, threads: 2}\n"
        "training: {batch: 1.024k, clip: 1, tokens: 1000000, sequence: 128,\n"
        "  schedule: {constant: {}}, optimizer: {adamw: {betas: [0.90, 0.95], lr: 0.0030}}}\n"
        "checkpoints: {first: 1e4, count: 5, spacing: log, keep: last}\n"));
    ck_assert_mem_eq(a->runs[0].sha256, b->runs[0].sha256, SHA256_BYTES);
    ck_assert_int_eq(a->runs[0].weights_kept, 5);
    ck_assert_int_eq(b->runs[0].weights_kept, 1);
    study_close(a);
    study_close(b);
}
END_TEST

START_TEST(keep_is_a_word_or_a_number_of_the_last)
{
    static const struct {
        const char *keep;
        int kept;
    } rule[] = {{"all", 5},       {"weights", 5},   {"last", 1},
                {"{last: 3}", 3}, {"{last: 9}", 5}, {"none", 0}};
    Study *plain = opened("matrix: {architecture: [llama], size: [a]}\n");
    for (size_t i = 0; i < sizeof rule / sizeof rule[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "matrix: {architecture: [llama], size: [a, b]}\n"
                       "overrides: [{where: {size: a}, set: {keep: %s}}]\n",
                       rule[i].keep);
        Study *s = opened(text);
        ck_assert_int_eq(s->runs[0].weights_kept, rule[i].kept);
        ck_assert_int_eq(s->runs[1].weights_kept, 5);
        ck_assert_mem_eq(s->runs[0].sha256, plain->runs[0].sha256, SHA256_BYTES);
        study_close(s);
    }
    study_close(plain);
}
END_TEST

START_TEST(workers_and_threads_may_be_left_to_the_machine)
{
    static const char matrix[] = "matrix: {architecture: [llama], size: [a]}\n";
    char text[256];
    (void)snprintf(text, sizeof text, "%s", matrix);
    Study *s = opened(text);
    ck_assert(s->workers == 1 && s->threads == 1 && s->is_pinned);
    ck_assert(study_workers(s) == 1 && study_threads(s) == 1 && study_most_threads(s) == 1);
    study_close(s);
    (void)snprintf(text, sizeof text, "%sexecution: {workers: auto, threads: auto, pin: false}\n",
                   matrix);
    s = opened(text);
    ck_assert(!s->is_pinned);
    ck_assert_int_eq(study_workers(s), (int64_t)machine_concurrency());
    ck_assert_uint_eq(study_threads(s), 1);
    ck_assert_uint_eq(study_most_threads(s), machine_concurrency());
    ck_assert_int_eq(config_of(s, 0).threads, THREADS_AUTO);
    json_t *json = NULL;
    Err err = ERR_INIT;
    ck_assert_int_eq(study_run_json(s, 0, &json, &err), ERR_OK);
    ck_assert_str_eq(json_string_value(json_object_get(json, "threads")), "auto");
    json_decref(json);
    study_close(s);
    (void)snprintf(text, sizeof text, "%sexecution: {workers: 3, threads: 5}\n", matrix);
    s = opened(text);
    ck_assert(study_workers(s) == 3 && study_threads(s) == 5 && study_most_threads(s) == 5);
    study_close(s);
}
END_TEST

static void expect_same_runs(const Study *a, const Study *b)
{
    ck_assert_uint_eq(a->n_runs, b->n_runs);
    for (size_t i = 0; i < a->n_runs; i++) {
        ck_assert_mem_eq(a->runs[i].sha256, b->runs[i].sha256, SHA256_BYTES);
        ck_assert_str_eq(a->runs[i].name, b->runs[i].name);
        Buf of_a = BUF_INIT, of_b = BUF_INIT;
        Err err = ERR_INIT;
        ck_assert_int_eq(study_run_texts(a, i, NULL, &of_a, &err), ERR_OK);
        ck_assert_int_eq(study_run_texts(b, i, NULL, &of_b, &err), ERR_OK);
        ck_assert_str_eq(buf_str(&of_a), buf_str(&of_b));
        buf_release(&of_a);
        buf_release(&of_b);
    }
    ck_assert_str_eq(a->base_dir, b->base_dir);
    ck_assert(json_equal(a->resolved, b->resolved));
}

static void expect_round_trip(Study *s)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(path, &err, "%s/copy/study.yaml", tmp.path), ERR_OK);
    char folder[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(folder, tmp.path, "copy", &err), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(folder, &err), ERR_OK);
    ck_assert_msg(study_write_resolved(s, path, &err) == ERR_OK, "%s", err.msg);
    Study *copy = opened_path(path);
    expect_same_runs(s, copy);
    study_close(copy);
    study_close(s);
}

START_TEST(the_resolved_copy_expands_to_the_same_runs)
{
    expect_round_trip(opened(
        "corpus: {text: [\"my text/*.txt\", b.txt], tokenizer: {bpe: 4k}, repeat: true}\n"
        "matrix:\n"
        "  architecture: [llama, tnl]\n"
        "  size: [a, b]\n"
        "  lr: [1e-3, 3e-3]\n"
        "  sizes.layers: [2, 4]\n"
        "  exclude: [{architecture: llama, size: b, lr: 1e-3}]\n"
        "  include: [{architecture: hgrn2, size: b, weight_decay: 0}]\n"
        "options: {tnl: {lrpe_layer0: true}, llama: {rope_base: 5000}}\n"
        "overrides:\n"
        "  - {where: {size: b, layers: [4]}, set: {count: 7, training.schedule: {wsd: {}}}}\n"));
    static const char *const shipped[] = {"paper",       "milli",       "milli-lr",  "milli-heads",
                                          "milli-early", "milli-seeds", "precision", "quickstart"};
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        char path[FSX_PATH_BYTES];
        Err err = ERR_INIT;
        ck_assert_int_eq(
            fsx_path(path, &err, "%s/experiments/%s.yaml", SLAW_SOURCE_DIR, shipped[i]), ERR_OK);
        expect_round_trip(opened_path(path));
    }
}
END_TEST

/* What run i trains, but for its length; the caller lets go of it. */
static json_t *training_of(const Study *s, size_t i)
{
    Err err = ERR_INIT;
    json_t *config = NULL;
    ck_assert_int_eq(study_run_json(s, i, &config, &err), ERR_OK);
    json_t *both = json_pack("{s:O,s:o}", "model", json_object_get(config, "model"), "training",
                             json_deep_copy(json_object_get(config, "training")));
    ck_assert_int_eq(json_object_del(json_object_get(both, "training"), "tokens"), 0);
    json_decref(config);
    return both;
}

START_TEST(the_seeds_of_milli_are_of_its_own_runs)
{
    Study *milli = opened_path(SLAW_SOURCE_DIR "/experiments/milli.yaml");
    Study *seeds = opened_path(SLAW_SOURCE_DIR "/experiments/milli-seeds.yaml");
    size_t same = 0;
    for (size_t i = 0; i < seeds->n_runs; i++) {
        for (size_t j = 0; j < milli->n_runs; j++) {
            json_t *x = training_of(seeds, i), *y = training_of(milli, j);
            same += json_equal(x, y) ? 1 : 0;
            json_decref(x);
            json_decref(y);
        }
    }
    ck_assert_uint_eq(seeds->n_runs, 24);
    ck_assert_uint_eq(same, seeds->n_runs); /* each has its one, learning rate and all */
    study_close(seeds);
    study_close(milli);
}
END_TEST

START_TEST(shipped_studies_are_as_promised)
{
    Study *s = opened_path(SLAW_SOURCE_DIR "/experiments/milli.yaml");
    static const int64_t layers[] = {2, 2, 3, 5, 6, 8}, width[] = {32, 64, 96, 128, 192, 256};
    int64_t checkpoints = 0;
    ck_assert_uint_eq(s->n_runs, 24);
    for (size_t i = 0; i < 24; i++) {
        const ModelShape *m = &s->runs[i].model->shape;
        ck_assert_int_eq(m->layers, layers[i % 6]);
        ck_assert_int_eq(m->width, width[i % 6]);
        ck_assert_int_eq(m->width / m->heads, 32);
        ck_assert_int_eq(s->runs[i].model->sequence, 512);
        checkpoints += s->runs[i].checkpoints;
    }
    ck_assert_int_eq(checkpoints, 1376);
    study_close(s);
    s = opened_path(SLAW_SOURCE_DIR "/experiments/quickstart.yaml");
    ck_assert_uint_ge(s->n_runs, 12);
    study_close(s);
}
END_TEST

/* The axis 0, 1, ..., n - 1 appended to b. */
static void put_axis(Buf *b, const char *name, int n)
{
    buf_printf(b, "  %s: [", name);
    for (int i = 0; i < n; i++) {
        buf_printf(b, "%s%d", i ? "," : "", i);
    }
    buf_puts(b, "]\n");
}

START_TEST(a_billion_cells_are_refused_at_once)
{
    Buf text = BUF_INIT;
    buf_puts(&text, head);
    buf_puts(&text, "matrix:\n  architecture: [llama]\n  size: [a]\n");
    put_axis(&text, "seed", 1000);
    put_axis(&text, "warmup", 1000);
    put_axis(&text, "weight_decay", 1000);
    Study *s = NULL;
    Err err = ERR_INIT;
    Buf problems = BUF_INIT;
    MonoNs start = clock_mono_ns();
    ErrCode rc = study_open(tmpdir_write(&tmp, "s.yaml", buf_str(&text)), &s, &problems, &err);
    double seconds = (double)(clock_mono_ns() - start) / (double)NS_PER_S;
    ck_assert_int_eq(rc, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(buf_str(&problems), "the matrix has 1000000000 cells"));
    ck_assert_msg(seconds < 1.0, "%g s", seconds); /* the promise; measured 5 ms */
    buf_release(&text);
    buf_release(&problems);
}
END_TEST

START_TEST(a_file_of_100_mb_is_refused_at_once)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_join(path, tmp.path, "big.yaml", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, "a", 1, &err), ERR_OK);
    ck_assert_int_eq(truncate(path, 100 << 20), 0);
    Study *s = NULL;
    Buf problems = BUF_INIT;
    ck_assert_int_eq(study_open(path, &s, &problems, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(buf_str(&problems), "larger than 4 MiB"));
    buf_release(&problems);
}
END_TEST

START_TEST(a_missing_file_and_a_folder_are_errors)
{
    Study *s = NULL;
    Buf problems = BUF_INIT;
    Err err = ERR_INIT;
    ck_assert_int_eq(study_open("/nonexistent/x.yaml", &s, &problems, &err), ERR_NOTFOUND);
    ck_assert_int_eq(study_open(tmp.path, &s, &problems, &err), ERR_INVALID);
    ck_assert_uint_eq(problems.len, 0);
}
END_TEST

START_TEST(the_schema_names_the_registrys_architectures)
{
    json_t *schema = json_loadb(study_schema_text, study_schema_text_bytes, 0, NULL);
    ck_assert_ptr_nonnull(schema);
    const json_t *list = json_object_get(
        json_object_get(json_object_get(schema, "definitions"), "architecture"), "enum");
    ck_assert_uint_eq(json_array_size(list), arch_count());
    for (size_t i = 0; i < arch_count(); i++) {
        ck_assert_str_eq(json_string_value(json_array_get(list, i)), arch_at(i)->name);
    }
    json_decref(schema);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "study", .set_up = make_tmp, .tear_down = remove_tmp});
}
