/* `slaw generate` as a user runs it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/subprocess.h"
#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny.h"

static Tiny tiny;
static char run_dir[FSX_PATH_BYTES];

static void set_up(void)
{
    tiny = tiny_open();
    (void)tiny_run(&tiny, "a", "hgrn2", NULL, NULL, run_dir);
    ck_assert_int_eq(tiny_wait(tiny_start(run_dir, tiny.corpus, -1)), 0);
}

static void tear_down(void)
{
    tiny_close(&tiny);
}

static int run(const char *program, const char *const *args, Buf *output)
{
    const char *argv[16] = {program, "generate"};
    Err err = ERR_INIT;
    int status = -1;
    for (size_t i = 0; args[i]; i++) {
        argv[i + 2] = args[i];
    }
    buf_clear(output);
    ck_assert_msg(subprocess_run(argv, tiny.dir.path, output, &status, &err) == ERR_OK, "%s",
                  err.msg);
    return status;
}

static const char slaw[] = SLAW_BIN_DIR "/slaw", worker[] = SLAW_BIN_DIR "/slaw-worker";

START_TEST(it_says_what_the_worker_says)
{
    const char *const args[] = {"runs/a", "--prompt",      "--the scale", "--tokens",
                                "30",     "--temperature", "0.5",         "--top-k",
                                "20",     "--seed",        "7",           NULL};
    Buf a = BUF_INIT, b = BUF_INIT;
    ck_assert_int_eq(run(slaw, args, &a), 0);
    ck_assert_int_eq(run(worker, args, &b), 0);
    ck_assert_str_eq(buf_str(&a), buf_str(&b));
    ck_assert_int_eq(strncmp(buf_str(&a), "--the scale", 11), 0);
    buf_release(&a);
    buf_release(&b);
}
END_TEST

START_TEST(json_holds_the_text)
{
    Buf out = BUF_INIT;
    const char *const args[] = {"runs/a", "--prompt", "the ", "--tokens", "9", "--json", NULL};
    ck_assert_int_eq(run(slaw, args, &out), 0);
    json_t *v = json_loads(buf_str(&out), 0, NULL);
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(v, "tokens")), 9);
    ck_assert_int_eq(strncmp(json_string_value(json_object_get(v, "text")), "the ", 4), 0);
    json_decref(v);
    buf_release(&out);
}
END_TEST

START_TEST(mistakes_have_a_status_and_a_line)
{
    Buf out = BUF_INIT;
    ck_assert_int_eq(run(slaw, (const char *const[]){NULL}, &out), EXIT_USAGE);
    ck_assert_int_eq(run(slaw, (const char *const[]){"runs/none", NULL}, &out), EXIT_BAD_INPUT);
    ck_assert_ptr_nonnull(strstr(buf_str(&out), "runs/none is neither a checkpoint nor a run"));
    ck_assert_int_eq(run(slaw, (const char *const[]){"--", "-odd", NULL}, &out), EXIT_BAD_INPUT);
    ck_assert_int_eq(setenv("SLAW_WORKER", "/no/such/worker", 1), 0);
    ck_assert_int_eq(run(slaw, (const char *const[]){"runs/a", NULL}, &out), EXIT_UNAVAILABLE);
    buf_release(&out);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "cmd_generate", .open = set_up, .close = tear_down});
}
