/* main of slaw-worker: see trainer/worker/README.md for its verbs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exit_code.h"
#include "common/json.h"
#include "common/quantity.h"
#include "common/wire.h"
#include "trainer/worker/describe.h"
#include "trainer/worker/estimate.h"
#include "trainer/worker/evaluate.h"
#include "trainer/worker/generate.h"
#include "trainer/worker/loop.h"
#include "trainer/worker/stop.h"

/* ---------------------------------------------------------------- arguments */

typedef enum ArgKind { ARG_TEXT, ARG_I64, ARG_F64, ARG_FLAG } ArgKind;

typedef struct Arg {
    const char *name; /* with its dashes; NULL ends the list */
    ArgKind kind;
    void *into; /* const char *, int64_t, double or bool */
} Arg;

static ErrCode store(const Arg *a, const char *value, Err *err)
{
    bool is_good = true;
    switch (a->kind) {
    case ARG_TEXT:
        *(const char **)a->into = value;
        break;
    case ARG_I64:
        is_good = quantity_parse_i64(value, QUANTITY_COUNT, a->into);
        break;
    case ARG_F64:
        is_good = quantity_parse(value, QUANTITY_COUNT, a->into);
        break;
    case ARG_FLAG:
        *(bool *)a->into = true;
        break;
    }
    return is_good ? ERR_OK
                   : err_set(err, ERR_USAGE, "%s takes a number, not \"%s\"", a->name, value);
}

/* Takes options out of argv[2..]; what is left is the one positional argument, or none. */
static ErrCode parse(int argc, char *const argv[], const Arg *args, const char **ret_positional,
                     Err *err)
{
    for (int i = 2; i < argc; i++) {
        const Arg *a = args;
        while (a->name && strcmp(a->name, argv[i]) != 0) {
            a++;
        }
        if (a->name) {
            if (a->kind != ARG_FLAG && i + 1 == argc) {
                return err_set(err, ERR_USAGE, "%s needs a value", a->name);
            }
            ErrCode rc = store(a, a->kind == ARG_FLAG ? "" : argv[++i], err);
            if (rc != ERR_OK) {
                return rc;
            }
        } else if (argv[i][0] == '-' || !ret_positional || *ret_positional) {
            return err_set(err, ERR_USAGE, "%s: unexpected argument \"%s\"", argv[1], argv[i]);
        } else {
            *ret_positional = argv[i];
        }
    }
    return ERR_OK;
}

static ErrCode need(const void *value, const char *what, Err *err)
{
    return value ? ERR_OK : err_set(err, ERR_USAGE, "%s is missing", what);
}

/* A number that the launcher put into the environment; -1 when it is not there. */
static int64_t environment_number(const char *name)
{
    /* The environment is read before any thread starts. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *text = getenv(name);
    int64_t x = -1;
    return text && quantity_parse_i64(text, QUANTITY_COUNT, &x) && x >= 0 ? x : -1;
}

static ErrCode print_json(json_t *v, Err *err)
{
    Buf text = BUF_INIT;
    json_canonical(v, &text);
    ErrCode rc = v ? buf_ok(&text, err) : err_nomem(err, "the answer");
    json_decref(v);
    if (rc == ERR_OK && printf("%s\n", buf_str(&text)) < 0) {
        rc = err_sys(err, "standard output");
    }
    buf_release(&text);
    return rc;
}

/* ---------------------------------------------------------------- verbs */

static ErrCode check_threads(const LoopOptions *o, Err *err)
{
    enum { MAX_THREADS = 1024 };
    bool is_good =
        o->threads >= 0 && o->threads <= MAX_THREADS && o->most >= 0 && o->most <= MAX_THREADS;
    return is_good ? ERR_OK
                   : err_set(err, ERR_USAGE, "--threads and --most take up to %d", MAX_THREADS);
}

static ErrCode verb_run(int argc, char *const argv[], Err *err)
{
    LoopOptions o = {.attempt = environment_number(WIRE_ENV_ATTEMPT),
                     .socket_fd = (int)environment_number(WIRE_ENV_SOCKET)};
    const Arg args[] = {{"--corpus", ARG_TEXT, &o.corpus_dir},
                        {"--threads", ARG_I64, &o.threads},
                        {"--most", ARG_I64, &o.most},
                        {"--max-steps", ARG_I64, &o.max_steps},
                        {0}};
    ErrCode rc = ERR_OK;
    TRY(parse(argc, argv, args, &o.run_dir, err));
    TRY(need(o.run_dir, "RUN_DIR", err));
    TRY(need(o.corpus_dir, "--corpus", err));
    TRY(check_threads(&o, err));
    stop_install();
    if (o.socket_fd >= 0) { /* started by a scheduler on this machine */
        stop_with_parent(o.socket_fd);
    }
    TRY(loop_run(&o, err));
done:
    return rc;
}

static bool print_text(void *ctx, const char *text, size_t n)
{
    (void)ctx;
    return fwrite(text, 1, n, stdout) == n && fflush(stdout) == 0;
}

static bool collect_text(void *ctx, const char *text, size_t n)
{
    buf_add(ctx, text, n);
    return true;
}

static ErrCode generate_as_json(const GenerateOptions *o, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = generate(o, collect_text, &text, err);
    if (rc == ERR_OK) {
        rc = print_json(json_pack("{s:i, s:s, s:s, s:s, s:I, s:f, s:I, s:I}", "schema", 1,
                                  "checkpoint", o->checkpoint, "prompt", o->prompt, "text",
                                  buf_str(&text), "tokens", (json_int_t)o->tokens, "temperature",
                                  o->temperature, "top_k", (json_int_t)o->top_k, "seed",
                                  (json_int_t)o->seed),
                        err);
    }
    buf_release(&text);
    return rc;
}

static ErrCode verb_generate(int argc, char *const argv[], Err *err)
{
    GenerateOptions o = {.prompt = "", .tokens = 256, .temperature = 0.8, .seed = 1};
    bool is_json = false;
    const Arg args[] = {{"--prompt", ARG_TEXT, &o.prompt},
                        {"--tokens", ARG_I64, &o.tokens},
                        {"--temperature", ARG_F64, &o.temperature},
                        {"--top-k", ARG_I64, &o.top_k},
                        {"--seed", ARG_I64, &o.seed},
                        {"--json", ARG_FLAG, &is_json},
                        {0}};
    ErrCode rc = ERR_OK;
    TRY(parse(argc, argv, args, &o.checkpoint, err));
    TRY(need(o.checkpoint, "CHECKPOINT", err));
    if (is_json) {
        TRY(generate_as_json(&o, err));
    } else {
        TRY(generate(&o, print_text, NULL, err));
        (void)putchar('\n');
    }
done:
    return rc;
}

static ErrCode verb_evaluate(int argc, char *const argv[], Err *err)
{
    const char *checkpoint = NULL, *corpus = NULL;
    bool is_json = false;
    const Arg args[] = {{"--corpus", ARG_TEXT, &corpus}, {"--json", ARG_FLAG, &is_json}, {0}};
    ErrCode rc = ERR_OK;
    Evaluation *e = calloc(1, sizeof *e);
    TRY(parse(argc, argv, args, &checkpoint, err));
    TRY(need(checkpoint, "CHECKPOINT", err));
    TRY(need(corpus, "--corpus", err));
    TRY(need(e, "memory", err));
    TRY(evaluate(checkpoint, corpus, e, err));
    if (is_json) {
        TRY(print_json(evaluation_json(e), err));
    } else {
        (void)printf("%s: validation loss %.9f nats/token, %.6f bits/byte\n", e->found.dir,
                     e->score.loss, e->score.bits_per_byte);
    }
done:
    free(e);
    return rc;
}

static ErrCode verb_describe(int argc, char *const argv[], Err *err)
{
    const Arg none[] = {{0}};
    ErrCode rc = parse(argc, argv, none, NULL, err);
    return rc == ERR_OK ? print_json(describe_json(), err) : rc;
}

static ErrCode verb_probe(int argc, char *const argv[], Err *err)
{
    double seconds = 0.3;
    const char *precision = "f32";
    json_t *answer = NULL;
    const Arg args[] = {
        {"--seconds", ARG_F64, &seconds}, {"--precision", ARG_TEXT, &precision}, {0}};
    ErrCode rc = ERR_OK;
    TRY(parse(argc, argv, args, NULL, err));
    if (strcmp(precision, "f32") != 0 && strcmp(precision, "bf16") != 0) {
        rc = err_set(err, ERR_USAGE, "--precision takes f32 or bf16, not \"%s\"", precision);
        goto done;
    }
    TRY(probe_json(strcmp(precision, "f32") == 0 ? PRECISION_F32 : PRECISION_BF16, seconds, &answer,
                   err));
    TRY(print_json(answer, err));
done:
    return rc;
}

/* The question is on standard input. */
static ErrCode verb_estimate(int argc, char *const argv[], Err *err)
{
    const Arg none[] = {{0}};
    json_error_t why;
    json_t *question = NULL, *answer = NULL;
    ErrCode rc = ERR_OK;
    TRY(parse(argc, argv, none, NULL, err));
    question = json_loadf(stdin, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(question)) {
        rc = err_set(err, ERR_FORMAT, "standard input holds no JSON object: %s", why.text);
        goto done;
    }
    TRY(estimate_json(question, &answer, err));
    TRY(print_json(answer, err));
done:
    json_decref(question);
    return rc;
}

typedef struct Verb {
    const char *name, *args;
    ErrCode (*run)(int argc, char *const argv[], Err *err);
    int (*status)(const Err *err);
} Verb;

static int plain_status(const Err *err)
{
    return err_exit_status(err->code);
}

static const Verb verb_table[] = {
    {"run", "RUN_DIR --corpus DIR [--threads N] [--most N] [--max-steps N]", verb_run,
     loop_exit_status},
    {"generate",
     "CHECKPOINT [--prompt TEXT] [--tokens N] [--temperature T] [--top-k K] [--seed S] [--json]",
     verb_generate, plain_status},
    {"evaluate", "CHECKPOINT --corpus DIR [--json]", verb_evaluate, plain_status},
    {"describe", "", verb_describe, plain_status},
    {"probe", "[--seconds S] [--precision f32|bf16]", verb_probe, plain_status},
    {"estimate", "< QUESTION.json", verb_estimate, plain_status},
};
enum { N_VERBS = sizeof verb_table / sizeof verb_table[0] };

static int usage(FILE *f, int status)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        (void)fprintf(f, "%s slaw-worker %s %s\n", i == 0 ? "usage:" : "      ", verb_table[i].name,
                      verb_table[i].args);
    }
    return status;
}

static int run_verb(const Verb *v, int argc, char *const argv[])
{
    Err err = ERR_INIT;
    ErrCode rc = v->run(argc, argv, &err);
    if (rc == ERR_OK && fflush(stdout) != 0) {
        rc = err_sys(&err, "standard output");
    }
    if (rc == ERR_OK) {
        return EXIT_ALL_DONE;
    }
    (void)fprintf(stderr, "slaw-worker: %s%s%s%s\n", err.msg, err.hint[0] ? " (hint: " : "",
                  err.hint, err.hint[0] ? ")" : "");
    return v->status(&err);
}

int main(int argc, char *argv[])
{
    if (argc < 2) {
        return usage(stderr, EXIT_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return usage(stdout, EXIT_ALL_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("slaw-worker %s\n", SLAW_VERSION);
        return EXIT_ALL_DONE;
    }
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(argv[1], verb_table[i].name) == 0) {
            return run_verb(&verb_table[i], argc, argv);
        }
    }
    (void)fprintf(stderr, "slaw-worker: there is no verb \"%s\"\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}
