/* Checkpoints of real runs, scored again by forward.py, and whole runs, trained again by
 * training.py; neither shares code with us.
 *
 * Tolerance 1e-5 relative, in forward.py: the program sums in float32 over some 1e2 terms a
 * product, and the mean over 7e2 predictions averages most of that out (measured: 1e-9 to
 * 1.5e-8). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/suite.h"
#include "tests/trainer/worker/tiny.h"

enum { CTEST_SKIP = 77 };

static const char *python; /* a Python that has numpy */

/* Runs a program; its exit status, or -1. */
static int run(char *const argv[], bool is_quiet)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (is_quiet) {
            (void)close(STDERR_FILENO);
            (void)open("/dev/null", O_WRONLY); /* becomes standard error */
        }
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

static bool has_numpy(const char *candidate)
{
    char *const argv[] = {strdup(candidate), strdup("-c"), strdup("import numpy"), NULL};
    bool is_there = run(argv, true) == 0;
    for (int i = 0; argv[i]; i++) {
        free(argv[i]);
    }
    return is_there;
}

static void check_run(const Tiny *t, const char *name, const char *architecture, const char *from,
                      const char *to)
{
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES], ckpt[FSX_PATH_BYTES], corpus[FSX_PATH_BYTES];
    char script[] = SLAW_SOURCE_DIR "/tests/independent/forward.py";
    (void)tiny_run(t, name, architecture, from, to, dir);
    ck_assert_int_eq(tiny_wait(tiny_start(dir, t->corpus, -1)), 0);
    ck_assert_int_eq(fsx_path(ckpt, &err, "%s/checkpoints/step-%08d", dir, TINY_STEPS), ERR_OK);
    ck_assert_int_eq(fsx_path(corpus, &err, "%s", t->corpus), ERR_OK);
    char *program = strdup(python);
    char *const argv[] = {program, script, ckpt, corpus, NULL};
    ck_assert_msg(run(argv, false) == 0, "%s: forward.py finds another loss", name);
    free(program);
}

typedef struct Case {
    const char *name, *architecture;
    const char *from, *to;
} Case;

static const char shape[] = "'width':16,'heads':2,'head_width':8";
static const char eps[] = "'norm_eps':1e-6";

static const Case cases[] = {
    {"llama", "llama", NULL, NULL},
    {"tnl", "tnl", NULL, NULL},
    {"hgrn2", "hgrn2", NULL, NULL},
    {"cosformer2", "cosformer2", NULL, NULL},
    {"llama-3", "llama", shape, "'width':24,'heads':3,'head_width':8"},
    {"tnl-3", "tnl", shape, "'width':24,'heads':3,'head_width':8"}, /* slopes of no power of 2 */
    {"hgrn2-3", "hgrn2", shape, "'width':24,'heads':3,'head_width':8"},
    {"cosformer2-3", "cosformer2", shape, "'width':24,'heads':3,'head_width':8"},
    {"llama-rope", "llama", eps, "'norm_eps':1e-6,'rope_base':500"},
    {"tnl-lrpe", "tnl", eps, "'norm_eps':1e-6,'lrpe_layer0':true"},
    {"tnl-printed", "tnl", eps, "'norm_eps':1e-6,'printed_decay':true"},
    {"tnl-swish", "tnl", eps, "'norm_eps':1e-6,'swish_glu':true"},
    {"cos2-learned", "cosformer2", eps,
     "'norm_eps':1e-6,'theta_learned':true,'tpe_decay_learned':true"},
    {"cos2-plain", "cosformer2", eps, "'norm_eps':1e-6,'tpe':false"},
    {"cos2-filter", "cosformer2", eps, "'norm_eps':1e-6,'tpe_residual':false"},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

START_TEST(numpy_finds_the_same_loss)
{
    Tiny t = tiny_open();
    for (size_t i = 0; i < N_CASES; i++) {
        check_run(&t, cases[i].name, cases[i].architecture, cases[i].from, cases[i].to);
    }
    tiny_close(&t);
}
END_TEST

#define TAIL(schedule, clip)                                                          \
    "'schedule':" schedule ",'clip':" clip ",'precision':'f32','diverged_above':20}," \
    "'checkpoints':{'count':"
#define EVERY "24,'spacing':'linear','first':128"

/* training.py in double against float: rounding of 6e-8 a value grows through 24 updates
 * (measured: loss 1e-7, norm 7e-7, weights 3e-6). */
START_TEST(numpy_trains_to_the_same_losses)
{
    static const char from[] =
        TAIL("{'constant':{'warmup':5}}", "1.0") "4,'spacing':'log','first':256";
    static const char *const to[] = {
        TAIL("{'constant':{'warmup':5}}", "1.0") EVERY,
        TAIL("{'cosine':{'warmup':3,'floor':0.1}}", "0.2") EVERY,
        TAIL("{'wsd':{'warmup':4,'floor':0.05,'decay':0.4}}", "0") EVERY,
    };
    static const char *const name[] = {"constant", "cosine", "wsd"};
    Tiny t = tiny_open();
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        char dir[FSX_PATH_BYTES];
        char script[] = SLAW_SOURCE_DIR "/tests/independent/training.py";
        (void)tiny_run(&t, name[i], "llama", from, to[i], dir);
        ck_assert_int_eq(tiny_wait(tiny_start(dir, t.corpus, -1)), 0);
        char *program = strdup(python);
        char *const argv[] = {program, script, dir, t.corpus, NULL};
        ck_assert_msg(run(argv, false) == 0, "%s: training.py gets elsewhere", name[i]);
        free(program);
    }
    tiny_close(&t);
}
END_TEST

int main(void)
{
    python = has_numpy("python3")            ? "python3"
             : has_numpy("/usr/bin/python3") ? "/usr/bin/python3"
                                             : NULL;
    if (!python) {
        (void)puts("skipped: there is no python3 with numpy");
        return CTEST_SKIP;
    }
    return test_main((TestPlan){.name = "forward"});
}
