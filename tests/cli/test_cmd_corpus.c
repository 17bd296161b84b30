/* `slaw corpus` as a user runs it. */
#include <jansson.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/subprocess.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

static TmpDir tmp;

static void set_up(void)
{
    Buf text = BUF_INIT;
    tmp = tmpdir_open();
    for (int i = 0; i < 500; i++) {
        buf_printf(&text, "Line %d of the first file.\n", i);
    }
    (void)tmpdir_write(&tmp, "a.txt", buf_str(&text));
    buf_puts(&text, "One line more.\n");
    (void)tmpdir_write(&tmp, "b.txt", buf_str(&text));
    buf_release(&text);
}

static void tear_down(void)
{
    tmpdir_close(&tmp);
}

static int slaw(const char *const *args, Buf *output)
{
    const char *argv[16] = {SLAW_BIN_DIR "/slaw", "corpus"};
    Err err = ERR_INIT;
    int status = -1;
    for (size_t i = 0; args[i]; i++) {
        argv[i + 2] = args[i];
    }
    buf_clear(output);
    ck_assert_msg(subprocess_run(argv, tmp.path, output, &status, &err) == ERR_OK, "%s", err.msg);
    return status;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(text_and_json_tell_the_same)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(ARGS("--validation", "1k", "--text", "a.txt", "b.txt"), &out), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "validation   1,000"));
    ck_assert_ptr_nonnull(strstr(out.data, "bits/byte"));
    ck_assert_ptr_nonnull(strstr(out.data, "b.txt"));
    ck_assert_int_eq(
        slaw(ARGS("--validation", "1k", "--text", "a.txt", "b.txt", "--json", "--quiet"), &out), 0);
    json_t *v = json_loads(out.data, 0, NULL);
    ck_assert_msg(v != NULL, "%s", out.data);
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(v, "dir")), "corpus");
    ck_assert_uint_eq(json_array_size(json_object_get(v, "sources")), 2);
    json_decref(v);
    buf_release(&out);
}
END_TEST

static const char study[] = "version: 1\n"
                            "study: tiny\n"
                            "corpus: {text: [\"*.txt\"], tokenizer: bytes, validation: 1000}\n"
                            "matrix: {architecture: [llama], size: [s], seed: [1]}\n"
                            "sizes:\n"
                            "  s: {layers: 1, width: 32, heads: 1}\n"
                            "training:\n"
                            "  tokens: %s\n"
                            "  sequence: 64\n"
                            "  batch: 128\n"
                            "  optimizer: {adamw: {lr: 1e-3}}\n"
                            "  schedule: {constant: {warmup: 0}}\n"
                            "  precision: f32\n"
                            "checkpoints: {count: 2, spacing: log, first: 256, keep: weights}\n"
                            "evaluation: [validation]\n";

static void write_study(const char *tokens)
{
    Buf text = BUF_INIT;
    const char *at = strstr(study, "%s");
    buf_add(&text, study, (size_t)(at - study));
    buf_puts(&text, tokens);
    buf_puts(&text, at + 2);
    (void)tmpdir_write(&tmp, "tiny.yaml", buf_str(&text));
    buf_release(&text);
}

START_TEST(a_study_has_its_corpus_in_its_directory)
{
    Buf out = BUF_INIT;
    write_study("10000");
    int status = slaw(ARGS("tiny.yaml"), &out);
    ck_assert_msg(status == 0, "%d: %s", status, buf_str(&out));
    ck_assert_ptr_nonnull(strstr(out.data, "runs/tiny/corpus"));
    buf_release(&out);
}
END_TEST

START_TEST(a_run_that_needs_more_text_is_named)
{
    Buf out = BUF_INIT;
    write_study("1M");
    ck_assert_int_eq(slaw(ARGS("tiny.yaml"), &out), EXIT_BAD_INPUT);
    ck_assert_msg(strstr(out.data, "run llama-s: 1000000 tokens are asked for"), "%s", out.data);
    ck_assert_msg(strstr(out.data, "epochs"), "%s", out.data);
    buf_release(&out);
}
END_TEST

START_TEST(wrong_uses_are_explained)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(slaw(ARGS("--quiet"), &out), EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(out.data, "one STUDY, or --text PATH"));
    write_study("10000");
    ck_assert_int_eq(slaw(ARGS("tiny.yaml", "--validation", "5"), &out), EXIT_USAGE);
    ck_assert_int_eq(slaw(ARGS("--text", "a.txt", "--validation", "1M"), &out), EXIT_BAD_INPUT);
    ck_assert_ptr_nonnull(strstr(out.data, "too small"));
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "slaw corpus", .set_up = set_up, .tear_down = tear_down});
}
