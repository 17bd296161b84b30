/* fake_worker.c -- a slaw-worker that trains nothing, for tests of launching and scheduling.
 *
 *   fake-worker run RUN_DIR --corpus CORPUS_DIR [--threads N --most N]
 *
 * Reads RUN_DIR/config.json, writes event lines, checkpoints with a manifest and a state,
 * resumes, and answers SIGTERM as the real one does; its losses depend on seed and step
 * alone.  $SLAW_FAKE makes it misbehave: items "NAME=WHAT[@STEP][*ATTEMPTS]" separated by
 * commas; NAME is the run's name or "all", STEP counts from 1, and only attempts with a
 * number below ATTEMPTS do it (default: all).
 *
 *   exit       exit status 3 after STEP           kill     SIGKILL to itself after STEP
 *   requeue    save, exit 75 after STEP           hang     no news after STEP
 *   deaf       hang and ignore SIGTERM            garbage  damaged lines at STEP, goes on
 *   mute       exit status 3 before hello         config   exit status 78 before hello
 *   diverge    bye diverged, exit 79 after STEP   liar     exit 0 after STEP, no bye
 *   slow       STEP milliseconds a step       full     exit status 73 after STEP
 *   idle       trains at once and writes events only
 *
 * What the scheduler commands it repeats as `share` events.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/exit_code.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/wire.h"

typedef struct Fake {
    const char *dir, *name, *run;
    char run12[13];
    json_t *config;
    int64_t attempt, seq, steps, batch, checkpoints, seed;
    int events_fd, socket_fd;
    char what[32];
    int64_t at_step, n_attempts, step_us;
} Fake;

static volatile sig_atomic_t is_asked_to_stop;

static void on_term(int sig)
{
    (void)sig;
    is_asked_to_stop = 1;
}

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "fake-worker: %s\n", what);
    exit(EXIT_BAD_CONFIG); /* NOLINT(concurrency-mt-unsafe) */
}

static void must(ErrCode rc, const Err *err)
{
    if (rc != ERR_OK) {
        die(err->msg);
    }
}

static const char *variable(const char *name)
{
    const char *v = getenv(name); /* NOLINT(concurrency-mt-unsafe) */
    return v ? v : "";
}

static void pause_us(int64_t us)
{
    if (us == 0) {
        return;
    }
    struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&t, NULL); /* a signal ends it early, as it should */
}

static int64_t config_i64(const Fake *f, const char *object, const char *key)
{
    const json_t *o = object ? json_object_get(f->config, object) : f->config;
    Err err = ERR_INIT;
    int64_t v = 0;
    must(json_get_i64(o, key, &v, &err), &err);
    return v;
}

static bool is_idle(const Fake *f)
{
    return strcmp(f->what, "idle") == 0;
}

/* Finds this run's item of $SLAW_FAKE; the last one that matches wins. */
static void read_behaviour(Fake *f)
{
    for (const char *at = variable("SLAW_FAKE"); *at; at += strspn(at, ",")) {
        size_t n = strcspn(at, ",");
        size_t name = strcspn(at, "=");
        bool is_mine = name < n && ((name == 3 && memcmp(at, "all", 3) == 0) ||
                                    (name == strlen(f->name) && memcmp(at, f->name, name) == 0));
        if (is_mine) {
            f->at_step = 1;
            f->n_attempts = INT64_MAX;
            const char *w = at + name + 1;
            size_t word = strcspn(w, "@*,");
            (void)snprintf(f->what, sizeof f->what, "%.*s", (int)word, w);
            w += word;
            if (*w == '@') {
                f->at_step = strtoll(w + 1, (char **)(uintptr_t)&w, 10);
            }
            if (*w == '*') {
                f->n_attempts = strtoll(w + 1, NULL, 10);
            }
            if (strcmp(f->what, "slow") == 0 || is_idle(f)) {
                f->step_us = is_idle(f) ? 0 : f->at_step * 1000;
            }
        }
        at += n;
    }
}

static bool is_now(const Fake *f, const char *what, int64_t step)
{
    return f->attempt < f->n_attempts && step == f->at_step && strcmp(f->what, what) == 0;
}

static void send_bytes(const Fake *f, const void *bytes, size_t n)
{
    Err err = ERR_INIT;
    must(fsx_write_all(f->events_fd, bytes, n, "events.jsonl", &err), &err);
    if (f->socket_fd >= 0) {
        (void)send(f->socket_fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

static void emit(Fake *f, json_t *body)
{
    Err err = ERR_INIT;
    Buf line = BUF_INIT;
    WireHead head = {.seq = f->seq++, .run = f->run12, .attempt = f->attempt, .t = clock_unix_ms()};
    must(wire_format(head, body, &line, &err), &err);
    send_bytes(f, line.data, line.len);
    buf_release(&line);
}

static double loss_at(const Fake *f, int64_t step)
{
    return 2.0 + 3.0 / sqrt((double)step) + 0.001 * (double)f->seed;
}

static int64_t checkpoint_step(const Fake *f, int64_t i)
{
    return (i + 1) * f->steps / f->checkpoints;
}

static bool is_checkpoint(const Fake *f, int64_t step)
{
    for (int64_t i = 0; i < f->checkpoints; i++) {
        if (checkpoint_step(f, i) == step) {
            return true;
        }
    }
    return false;
}

static void save_state(const Fake *f, int64_t step)
{
    if (is_idle(f)) {
        return;
    }
    char path[FSX_PATH_BYTES], text[64];
    Err err = ERR_INIT;
    must(fsx_path(path, &err, "%s/state", f->dir), &err);
    must(fsx_mkdirs(path, &err), &err);
    must(fsx_path(path, &err, "%s/state/fake.json", f->dir), &err);
    (void)snprintf(text, sizeof text, "{\"step\":%" PRId64 "}\n", step);
    must(fsx_replace(path, text, strlen(text), &err), &err);
}

static int64_t load_state(const Fake *f)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    json_t *state = NULL;
    int64_t step = 0;
    must(fsx_path(path, &err, "%s/state/fake.json", f->dir), &err);
    if (json_read_file(path, &state, &err) == ERR_OK) {
        must(json_get_i64(state, "step", &step, &err), &err);
        json_decref(state);
    }
    return step;
}

/* The checkpoint's folder, its manifest last; then its two events. */
static void checkpoint(Fake *f, int64_t step)
{
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES], rel[64];
    char weights[64], weights_digest[XXH128_HEX_BYTES], digest[XXH128_HEX_BYTES];
    (void)snprintf(rel, sizeof rel, "checkpoints/step-%08" PRId64, step);
    (void)snprintf(weights, sizeof weights, "weights of step %" PRId64, step);
    hash_xxh128(weights, strlen(weights), weights_digest);
    if (!is_idle(f)) {
        must(fsx_join(dir, f->dir, rel, &err), &err);
        must(fsx_join(path, dir, "damaged.json", &err), &err);
        if (fsx_exists(path)) { /* as slaw-worker: what is made again loses its mark */
            must(fsx_remove_tree(dir, &err), &err);
        }
        must(fsx_mkdirs(dir, &err), &err);
        must(fsx_join(path, dir, "model.safetensors", &err), &err);
        must(fsx_replace(path, weights, strlen(weights), &err), &err);
    }
    int64_t tokens = step * f->batch;
    json_t *manifest = json_pack(
        "{s:i,s:s,s:I,s:I,s:f,s:[{s:s,s:f,s:f,s:i}],s:s,s:{s:{s:i,s:s}}}", "schema", 1, "run",
        f->run, "step", (json_int_t)step, "tokens", (json_int_t)tokens, "train_loss",
        loss_at(f, step), "evaluations", "task", "validation", "loss", loss_at(f, step) + 0.01,
        "bits_per_byte", loss_at(f, step) * 1.4427, "items", 1000, "corpus", "none", "files",
        "model.safetensors", "bytes", (int)strlen(weights), "xxh128", weights_digest);
    Buf text = BUF_INIT;
    json_pretty(manifest, &text);
    json_decref(manifest);
    hash_xxh128(text.data, text.len, digest);
    if (!is_idle(f)) {
        must(fsx_join(path, dir, "manifest.json", &err), &err);
        must(fsx_replace(path, text.data, text.len, &err), &err);
    }
    int bytes = (int)(text.len + strlen(weights));
    buf_release(&text);

    emit(f, json_pack("{s:s,s:I,s:I,s:s,s:f,s:f,s:i}", "event", "evaluation", "step",
                      (json_int_t)step, "tokens", (json_int_t)tokens, "task", "validation", "loss",
                      loss_at(f, step) + 0.01, "bits_per_byte", loss_at(f, step) * 1.4427, "items",
                      1000));
    emit(f, json_pack("{s:s,s:I,s:I,s:s,s:i,s:s,s:f}", "event", "checkpoint", "step",
                      (json_int_t)step, "tokens", (json_int_t)tokens, "path", rel, "bytes", bytes,
                      "digest", digest, "train_loss", loss_at(f, step)));
}

static int bye(Fake *f, const char *status, int64_t step, const char *reason, int code)
{
    emit(f, json_pack("{s:s,s:s,s:I,s:s}", "event", "bye", "status", status, "step",
                      (json_int_t)step, "reason", reason));
    return code;
}

/* What $SLAW_FAKE asks for after this step; -1: go on. */
static int misbehave(Fake *f, int64_t step)
{
    if (is_now(f, "exit", step)) {
        (void)fprintf(stderr, "fake-worker: gives up at step %" PRId64 "\n", step);
        return 3;
    }
    if (is_now(f, "full", step)) {
        (void)fprintf(stderr, "fake-worker: write x: No space left on device\n");
        return EXIT_NO_SPACE;
    }
    if (is_now(f, "kill", step)) {
        (void)raise(SIGKILL);
    }
    if (is_now(f, "requeue", step)) {
        save_state(f, step);
        return bye(f, "interrupted", step, "asked to requeue", EXIT_RESUMABLE);
    }
    if (is_now(f, "deaf", step)) {
        (void)signal(SIGTERM, SIG_IGN);
        for (;;) {
            pause_us(1000000);
        }
    }
    if (is_now(f, "hang", step)) {
        while (!is_asked_to_stop) {
            pause_us(1000000);
        }
    }
    if (is_now(f, "garbage", step)) {
        static const char junk[] = "not json\n{\"v\":1,\"seq\":0}\n\0\0\0\n{\"v\":1,\n";
        send_bytes(f, junk, sizeof junk - 1);
    }
    if (is_now(f, "diverge", step)) {
        return bye(f, "diverged", step, "loss is nan", EXIT_DIVERGED);
    }
    return is_now(f, "liar", step) ? 0 : -1;
}

/* Says of every command about threads what it wants. */
static void obey(Fake *f)
{
    char text[4096];
    ssize_t n = f->socket_fd >= 0 ? recv(f->socket_fd, text, sizeof text - 1, MSG_DONTWAIT) : -1;
    text[n > 0 ? n : 0] = '\0';
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        json_t *v = json_loadb(line, (size_t)(end - line), 0, NULL);
        emit(f, json_pack("{s:s,s:I,s:s?}", "event", "share", "threads",
                          json_integer_value(json_object_get(v, "n")), "cores",
                          json_string_value(json_object_get(v, "cores"))));
        json_decref(v);
    }
}

static int train(Fake *f)
{
    int64_t step = load_state(f);
    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    emit(f, json_pack("{s:s,s:s,s:i,s:s,s:s,s:i,s:I}", "event", "hello", "version", SLAW_VERSION,
                      "pid", (int)getpid(), "host", host, "isa", "scalar", "parameters", 1,
                      "resumed_step", (json_int_t)step));
    if (step > 0 && is_checkpoint(f, step)) {
        checkpoint(f, step);
    }
    while (step < f->steps) {
        pause_us(f->step_us);
        obey(f);
        step++;
        emit(f, json_pack("{s:s,s:I,s:I,s:f,s:f,s:f,s:f}", "event", "step", "step",
                          (json_int_t)step, "tokens", (json_int_t)(step * f->batch), "loss",
                          loss_at(f, step), "grad_norm", 1.0, "lr", 0.001, "tokens_per_s", 1e5));
        if (is_checkpoint(f, step)) {
            save_state(f, step);
            checkpoint(f, step);
        }
        int code = misbehave(f, step);
        if (code >= 0) {
            return code;
        }
        if (is_asked_to_stop && step < f->steps) {
            save_state(f, step);
            return bye(f, "interrupted", step, "SIGTERM", EXIT_RESUMABLE);
        }
    }
    return bye(f, "done", step, "", 0);
}

static void open_fake(Fake *f)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    must(fsx_join(path, f->dir, "config.json", &err), &err);
    must(json_read_file(path, &f->config, &err), &err);
    must(json_get_str(f->config, "name", &f->name, &err), &err);
    must(json_get_str(f->config, "run", &f->run, &err), &err);
    (void)snprintf(f->run12, sizeof f->run12, "%s", f->run);
    f->batch = config_i64(f, "training", "batch");
    f->steps = (config_i64(f, "training", "tokens") + f->batch - 1) / f->batch;
    f->checkpoints = config_i64(f, "checkpoints", "count");
    f->seed = config_i64(f, NULL, "seed");
    f->attempt = strtoll(variable(WIRE_ENV_ATTEMPT), NULL, 10);
    const char *socket_text = variable(WIRE_ENV_SOCKET);
    f->socket_fd = socket_text[0] ? (int)strtol(socket_text, NULL, 10) : -1;
    must(fsx_path(path, &err, "%s/attempt-%03" PRId64 "/events.jsonl", f->dir, f->attempt), &err);
    f->events_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (f->events_fd < 0) {
        die("cannot open events.jsonl");
    }
    read_behaviour(f);
}

int main(int argc, char *argv[])
{
    Fake f = {.step_us = 200};
    if (argc == 2 && strcmp(argv[1], "estimate") == 0) {
        return EXIT_UNAVAILABLE; /* it knows nothing of speed and memory */
    }
    bool has_threads = argc == 9 && strcmp(argv[5], "--threads") == 0 &&
                       strcmp(argv[6], "1") == 0 && strcmp(argv[7], "--most") == 0;
    if ((argc != 5 && !has_threads) || strcmp(argv[1], "run") != 0 ||
        strcmp(argv[3], "--corpus") != 0) {
        die("usage: fake-worker run RUN_DIR --corpus CORPUS_DIR [--threads 1 --most N]");
    }
    f.dir = argv[2];
    struct sigaction term = {.sa_handler = on_term};
    (void)sigaction(SIGTERM, &term, NULL);
    open_fake(&f);
    int code = 0;
    if (strcmp(f.what, "mute") == 0 && f.attempt < f.n_attempts) {
        code = 3;
    } else if (strcmp(f.what, "config") == 0 && f.attempt < f.n_attempts) {
        (void)fprintf(stderr, "fake-worker: this configuration can never run\n");
        code = EXIT_BAD_CONFIG;
    } else {
        code = train(&f);
    }
    (void)close(f.events_fd);
    json_decref(f.config);
    return code;
}
