#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/rng.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny_fixture.h"
#include "trainer/worker/evaluate.h"
#include "trainer/worker/generate.h"
#include "trainer/worker/loop.h"
#include "trainer/worker/text_out.h"

/* ---------------------------------------------------------------- choosing */

static const Real logits[] = {0.5F, 2.0F, -1.0F, 2.0F, 1.0F};
enum { V = sizeof logits / sizeof logits[0] };

START_TEST(temperature_zero_takes_the_likeliest)
{
    double weight[V];
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(generate_choose(logits, V, 0.0, 0, 0.1 * i, weight), 1); /* ties: lower */
    }
}
END_TEST

START_TEST(choices_follow_the_softmax)
{
    enum { DRAWS = 100000 };
    double weight[V], sum = 0.0;
    int count[V] = {0};
    const double temperature = 0.7;
    for (int i = 0; i < DRAWS; i++) {
        double u = (i + 0.5) / DRAWS; /* a regular grid: counts are exact to one */
        count[generate_choose(logits, V, temperature, 0, u, weight)]++;
    }
    for (size_t i = 0; i < V; i++) {
        sum += exp((double)logits[i] / temperature);
    }
    for (size_t i = 0; i < V; i++) {
        double want = exp((double)logits[i] / temperature) / sum * DRAWS;
        ck_assert_msg(fabs(count[i] - want) <= 1.0, "token %zu: %d, not %.2f", i, count[i], want);
    }
}
END_TEST

START_TEST(top_k_keeps_k_tokens)
{
    double weight[V];
    for (int64_t k = 1; k <= V + 2; k++) {
        bool seen[V] = {false};
        int n = 0;
        for (int i = 0; i < 1000; i++) {
            uint16_t token = generate_choose(logits, V, 1.0, k, i / 1000.0, weight);
            n += seen[token] ? 0 : 1;
            seen[token] = true;
        }
        ck_assert_int_eq(n, k < V ? (int)k : V);
        ck_assert(seen[1] && (k > 1 ? seen[3] : !seen[3])); /* the lower of two equals first */
    }
    ck_assert_int_eq(generate_choose(logits, V, 1.0, 0, 0.9999999999, weight), 4);
}
END_TEST

/* ---------------------------------------------------------------- showing */

static void check_shown(const char *bytes, size_t n, const char *want)
{
    TextOut t = TEXT_OUT_INIT;
    Buf b = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        text_out_byte(&t, (unsigned char)bytes[i], &b);
    }
    text_out_end(&t, &b);
    ck_assert_str_eq(buf_str(&b), want);
    buf_release(&b);
}
#define CHECK_SHOWN(bytes, want) check_shown(bytes, sizeof(bytes) - 1, want)

START_TEST(text_is_safe_to_show)
{
    CHECK_SHOWN("plain\ttext\n", "plain\ttext\n");
    CHECK_SHOWN("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "café € 😀");
    CHECK_SHOWN("\x1B[31m\a\r\x7F", "\\x1B[31m\\x07\\x0D\\x7F"); /* no colours, no bells */
    CHECK_SHOWN("a\0b", "a\\x00b");
    CHECK_SHOWN("\xC2\x9B"
                "31m",
                "\\xC2\\x9B31m");                            /* C1: a terminal's other escape */
    CHECK_SHOWN("\xC3", "\\xC3");                            /* cut off */
    CHECK_SHOWN("\xC3(", "\\xC3(");                          /* broken by ASCII */
    CHECK_SHOWN("\xE2\x82\xC3\xA9", "\\xE2\\x82é");          /* broken by another sequence */
    CHECK_SHOWN("\xC0\xAF\xFF\x80", "\\xC0\\xAF\\xFF\\x80"); /* overlong, never, stray */
    CHECK_SHOWN("\xED\xA0\x80", "\\xED\\xA0\\x80");          /* a surrogate */
    CHECK_SHOWN("\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"); /* above U+10FFFF */
}
END_TEST

/* ---------------------------------------------------------------- a real checkpoint */

static const char *train(const Tiny *t, const char *architecture, char run[FSX_PATH_BYTES])
{
    Err err = ERR_INIT;
    (void)tiny_run(t, architecture, architecture, NULL, NULL, run);
    LoopOptions o = {.run_dir = run, .corpus_dir = t->corpus, .attempt = 0, .socket_fd = -1};
    ck_assert_msg(loop_run(&o, &err) == ERR_OK, "%s", err.msg);
    return run;
}

static bool collect(void *ctx, const char *text, size_t n)
{
    buf_add(ctx, text, n);
    return true;
}

static Buf sample(const GenerateOptions *o)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_msg(generate(o, collect, &b, &err) == ERR_OK, "%s", err.msg);
    return b;
}

/* The likeliest continuation by whole forward passes over a growing text. */
static void greedy_by_forward(const char *run, const char *prompt, size_t n, Buf *out)
{
    enum { LONGEST = 64 };
    Err err = ERR_INIT;
    static Found f;
    Model *m = NULL;
    uint16_t token[LONGEST];
    static Real z[LONGEST * 256];
    size_t length = strlen(prompt);
    ck_assert_int_eq(load_find(run, &f, &err), ERR_OK);
    ck_assert_int_eq(load_model(&f, 1, LONGEST, &m, &err), ERR_OK);
    for (size_t i = 0; i < length; i++) {
        token[i] = (unsigned char)prompt[i];
    }
    for (; n > 0; n--, length++) {
        double weight[256];
        model_logits(m, token, 1, length, z);
        token[length] = generate_choose(z + (length - 1) * 256, 256, 0.0, 0, 0.0, weight);
    }
    TextOut t = TEXT_OUT_INIT;
    for (size_t i = 0; i < length; i++) {
        text_out_byte(&t, (unsigned char)token[i], out);
    }
    text_out_end(&t, out);
    model_close(m);
}

START_TEST(decoding_continues_as_the_forward_pass_would)
{
    char run[FSX_PATH_BYTES];
    for (size_t i = 0; i < arch_count(); i++) {
        (void)train(&tiny, arch_at(i)->name, run);
        GenerateOptions o = {.checkpoint = run, .prompt = "the scale", .tokens = 40};
        Buf got = sample(&o), want = BUF_INIT;
        greedy_by_forward(run, o.prompt, 40, &want);
        ck_assert_str_eq(buf_str(&got), buf_str(&want));
        ck_assert_int_eq(strncmp(buf_str(&got), "the scale", 9), 0);
        buf_release(&got);
        buf_release(&want);
    }
}
END_TEST

START_TEST(a_seed_is_a_text)
{
    char run[FSX_PATH_BYTES];
    (void)train(&tiny, "tnl", run);
    GenerateOptions o = {
        .checkpoint = run, .prompt = "", .tokens = 60, .temperature = 1.0, .seed = 3};
    Buf a = sample(&o), b = sample(&o);
    ck_assert_uint_gt(a.len, 0);
    ck_assert_str_eq(buf_str(&a), buf_str(&b));
    o.seed = 4;
    Buf c = sample(&o);
    ck_assert_str_ne(buf_str(&a), buf_str(&c));
    buf_release(&a);
    buf_release(&b);
    buf_release(&c);
}
END_TEST

START_TEST(the_files_alone_give_the_recorded_loss)
{
    Err err = ERR_INIT;
    static Evaluation e;
    char run[FSX_PATH_BYTES], other[FSX_PATH_BYTES];
    for (size_t i = 0; i < arch_count(); i++) {
        (void)train(&tiny, arch_at(i)->name, run);
        ck_assert_msg(evaluate(run, tiny.corpus, &e, &err) == ERR_OK, "%s", err.msg);
        ck_assert_uint_eq(e.found.ckpt.n_evaluations, 1);
        ck_assert(e.score.loss == e.found.ckpt.evaluation[0].loss); /* bit for bit */
        ck_assert(e.score.bits_per_byte == e.found.ckpt.evaluation[0].bits_per_byte);
        ck_assert_int_eq(e.score.items, e.found.ckpt.evaluation[0].items);
    }
    json_t *v = evaluation_json(&e);
    ck_assert(json_is_true(json_object_get(v, "is_own_corpus")));
    json_decref(v);
    tiny_other_corpus(&tiny, other);
    ck_assert_int_eq(evaluate(run, other, &e, &err), ERR_OK);
    v = evaluation_json(&e);
    ck_assert(json_is_false(json_object_get(v, "is_own_corpus")));
    json_decref(v);
}
END_TEST

START_TEST(a_llama_folder_says_what_other_tools_ask)
{
    static const char *const want[] = {
        "architectures",       "model_type",         "hidden_size", "num_hidden_layers",
        "num_attention_heads", "intermediate_size",  "vocab_size",  "rms_norm_eps",
        "rope_theta",          "tie_word_embeddings"};
    Err err = ERR_INIT;
    json_t *config = NULL;
    char run[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    ck_assert_int_eq(
        fsx_join(path, train(&tiny, "llama", run), "checkpoints/step-00000024/config.json", &err),
        ERR_OK);
    ck_assert_int_eq(json_read_file(path, &config, &err), ERR_OK);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        ck_assert_msg(json_object_get(config, want[i]) != NULL, "%s", want[i]);
    }
    json_decref(config);
}
END_TEST

START_TEST(mistakes_are_refused)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    char run[FSX_PATH_BYTES], weights[FSX_PATH_BYTES];
    GenerateOptions good = {.checkpoint = train(&tiny, "llama", run), .prompt = "a", .tokens = 1};
    GenerateOptions o = good;
    o.temperature = -1.0;
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_INVALID);
    o = good;
    o.temperature = (double)NAN;
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_INVALID);
    o = good;
    o.tokens = -1;
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_INVALID);
    o = good;
    o.top_k = -1;
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_INVALID);
    o = good;
    o.checkpoint = tiny.dir.path; /* a folder that is neither */
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_NOTFOUND);
    ck_assert_int_eq(fsx_join(weights, run, "checkpoints/step-00000024", &err), ERR_OK);
    o.checkpoint = weights; /* the checkpoint's own folder */
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(weights, run, "checkpoints/step-00000024/model.safetensors", &err),
                     ERR_OK);
    ck_assert_int_eq(fsx_replace(weights, "x", 1, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(weights, run, "checkpoints/step-00000024", &err), ERR_OK);
    ck_assert_int_eq(generate(&o, collect, &b, &err), ERR_FORMAT);
    buf_release(&b);
}
END_TEST

int main(void)
{
    return test_main(
        (TestPlan){.name = "generate", .set_up = tiny_set_up, .tear_down = tiny_tear_down});
}
