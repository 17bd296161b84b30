#include "tests/trainer/worker/tiny.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/json.h"
#include "common/rng.h"
#include "common/wire.h"
#include "trainer/data/corpus.h"

enum { PATIENCE_MS = 20000, LOOK_EVERY_MS = 2 };

static const char *const words[] = {"the",  "scale", "of",   "a",    "model", "and",
                                    "its",  "loss",  "fall", "with", "text",  "data",
                                    "more", "than",  "one",  "law",  "holds", "here"};
enum { N_WORDS = sizeof words / sizeof words[0], N_FILES = 8, N_SENTENCES = 120 };

/* Sentences whose words follow a seed: compressible, and different for every file. */
static void write_text(const TmpDir *dir, const char *stem, int file, uint64_t seed)
{
    Buf b = BUF_INIT;
    char name[64];
    uint64_t at = 0;
    for (int i = 0; i < N_SENTENCES; i++) {
        int n = 4 + (int)(rng_u64(seed, (uint64_t)file, at++) % 8);
        for (int k = 0; k < n; k++) {
            uint64_t u = rng_u64(seed, (uint64_t)file, at++);
            buf_puts(&b, words[(u % N_WORDS) * ((u >> 32) % N_WORDS) / N_WORDS]);
            buf_puts(&b, k + 1 < n ? " " : ".");
        }
        buf_puts(&b, i % 6 == 5 ? "\n\n" : " ");
    }
    (void)snprintf(name, sizeof name, "%s%d.txt", stem, file);
    (void)tmpdir_write(dir, name, buf_str(&b));
    buf_release(&b);
}

static void prepare(const TmpDir *dir, const char *stem, uint64_t seed, char out[FSX_PATH_BYTES])
{
    Err err = ERR_INIT;
    char glob[64];
    for (int i = 0; i < N_FILES; i++) {
        write_text(dir, stem, i, seed);
    }
    (void)snprintf(glob, sizeof glob, "%s*.txt", stem);
    const char *const text[] = {glob};
    const CorpusSpec spec = {.text = text,
                             .n_text = 1,
                             .base_dir = dir->path,
                             .vocabulary = 256,
                             .validation_tokens = 700};
    CorpusInfo info;
    ck_assert_int_eq(fsx_path(out, &err, "%s/%s-corpus", dir->path, stem), ERR_OK);
    ck_assert_msg(corpus_prepare(&spec, out, NULL, NULL, &info, &err) == ERR_OK, "%s", err.msg);
}

Tiny tiny_open(void)
{
    Tiny t = {.dir = tmpdir_open()};
    prepare(&t.dir, "text", 1, t.corpus);
    return t;
}

void tiny_close(Tiny *t)
{
    tmpdir_close(&t->dir);
}

void tiny_other_corpus(const Tiny *t, char out[FSX_PATH_BYTES])
{
    prepare(&t->dir, "other", 2, out);
}

/* ' stands for ", @ for the architecture.  24 steps of 128 tokens. */
static const char config_text[] =
    "{'schema':1,'name':'@-tiny','study':'tiny','size':'tiny',"
    "'model':{'architecture':'@','layers':2,'width':16,'heads':2,'head_width':8,"
    "'mlp_width':32,'vocabulary':256,'norm_eps':1e-6},"
    "'corpus':{'text':['text*.txt'],'tokenizer':'bytes','validation':700,'repeat':false},"
    "'training':{'tokens':3072,'sequence':32,'batch':128,'optimizer':{'adamw':{'lr':0.01,"
    "'betas':[0.9,0.95],'eps':1e-8,'weight_decay':0.1}},'schedule':{'constant':{'warmup':5}},"
    "'clip':1.0,'precision':'f32','diverged_above':20},"
    "'checkpoints':{'count':4,'spacing':'log','first':256,'keep':'weights'},"
    "'evaluation':['validation'],'seed':1,'threads':1}";

static void put_config(const char *text, const char *architecture, Buf *out)
{
    for (const char *p = text; *p; p++) {
        if (*p == '@') {
            buf_puts(out, architecture);
        } else {
            buf_putc(out, *p == '\'' ? '"' : *p);
        }
    }
}

/* Appends text with the first `from` replaced. */
static void replace(const char *text, const char *from, const char *to, Buf *out)
{
    const char *at = strstr(text, from);
    ck_assert_ptr_nonnull(at);
    buf_add(out, text, (size_t)(at - text));
    buf_puts(out, to);
    buf_puts(out, at + strlen(from));
}

static const char *write_run(const Tiny *t, const char *name, const char *architecture,
                             const char *text, char out[FSX_PATH_BYTES])
{
    Err err = ERR_INIT;
    Buf config = BUF_INIT;
    char path[FSX_PATH_BYTES];
    put_config(text, architecture, &config);
    ck_assert_int_eq(fsx_path(out, &err, "%s/runs/%s", t->dir.path, name), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(out, &err), ERR_OK);
    ck_assert_int_eq(fsx_join(path, out, "config.json", &err), ERR_OK);
    ck_assert_int_eq(fsx_replace(path, config.data, config.len, &err), ERR_OK);
    buf_release(&config);
    return out;
}

const char *tiny_run(const Tiny *t, const char *name, const char *architecture, const char *from,
                     const char *to, char out[FSX_PATH_BYTES])
{
    Buf text = BUF_INIT;
    replace(config_text, from ? from : "", to ? to : "", &text);
    (void)write_run(t, name, architecture, buf_str(&text), out);
    buf_release(&text);
    return out;
}

const char *tiny_long_run(const Tiny *t, const char *name, const char *architecture,
                          char out[FSX_PATH_BYTES])
{
    Buf a = BUF_INIT, b = BUF_INIT, c = BUF_INIT;
    replace(config_text, "'tokens':3072", "'tokens':102400", &a);
    replace(buf_str(&a), "'repeat':false", "'repeat':true", &b);
    replace(buf_str(&b), "'count':4", "'count':12", &c);
    (void)write_run(t, name, architecture, buf_str(&c), out);
    buf_release(&a);
    buf_release(&b);
    buf_release(&c);
    return out;
}

static void events_path(const char *run_dir, int attempt, char out[FSX_PATH_BYTES])
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(out, &err, "%s/attempt-%03d/events.jsonl", run_dir, attempt), ERR_OK);
}

int tiny_attempts(const char *run_dir)
{
    char path[FSX_PATH_BYTES];
    int n = -1;
    do {
        events_path(run_dir, ++n, path);
    } while (fsx_exists(path));
    return n;
}

json_t *tiny_events(const char *run_dir, int attempt)
{
    Err err = ERR_INIT;
    Buf text = BUF_INIT;
    char path[FSX_PATH_BYTES];
    json_t *list = json_array();
    events_path(run_dir, attempt, path);
    ck_assert_msg(fsx_read(path, 1 << 26, &text, &err) == ERR_OK, "%s", err.msg);
    for (const char *p = buf_str(&text), *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        json_t *v = NULL;
        int64_t seq = -1;
        ck_assert_msg(wire_parse(p, (size_t)(end - p), &v, &err) == ERR_OK, "%s", err.msg);
        ck_assert_int_eq(json_get_i64(v, "seq", &seq, &err), ERR_OK);
        ck_assert_int_eq(seq, (int64_t)json_array_size(list));
        ck_assert_int_eq(json_array_append_new(list, v), 0);
    }
    buf_release(&text);
    return list;
}

const json_t *tiny_event(const json_t *events, const char *name, int i)
{
    int n = (int)json_array_size(events), step = i < 0 ? -1 : 1, left = i < 0 ? -i - 1 : i;
    for (int k = i < 0 ? n - 1 : 0; k >= 0 && k < n; k += step) {
        const json_t *v = json_array_get(events, (size_t)k);
        const char *is = json_string_value(json_object_get(v, "event"));
        if (is && strcmp(is, name) == 0 && left-- == 0) {
            return v;
        }
    }
    return NULL;
}

static Buf read_file(const char *path)
{
    Err err = ERR_INIT;
    Buf b = BUF_INIT;
    ck_assert_msg(fsx_read(path, 1 << 28, &b, &err) == ERR_OK, "%s", err.msg);
    return b;
}

static void check_same_file(const char *dir_a, const char *dir_b, int step, const char *name)
{
    Err err = ERR_INIT;
    char a[FSX_PATH_BYTES], b[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_path(a, &err, "%s/checkpoints/step-%08d/%s", dir_a, step, name), ERR_OK);
    ck_assert_int_eq(fsx_path(b, &err, "%s/checkpoints/step-%08d/%s", dir_b, step, name), ERR_OK);
    Buf x = read_file(a), y = read_file(b);
    ck_assert_msg(x.len == y.len && memcmp(x.data, y.data, x.len) == 0, "%s and %s differ", a, b);
    buf_release(&x);
    buf_release(&y);
}

int tiny_same_checkpoints(const char *run_a, const char *run_b)
{
    enum { MAX_STEP = TINY_LONG_STEPS };
    static const char *const file[] = {"model.safetensors", "config.json", "manifest.json"};
    Err err = ERR_INIT;
    int n = 0;
    char a[FSX_PATH_BYTES], b[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(a, run_a, "checkpoints", &err), ERR_OK);
    ck_assert_int_eq(fsx_join(b, run_b, "checkpoints", &err), ERR_OK);
    ck_assert_int_eq(tree_bytes(a), tree_bytes(b)); /* no file more, no rubbish */
    for (int step = 0; step <= MAX_STEP; step++) {
        ck_assert_int_eq(fsx_path(a, &err, "%s/checkpoints/step-%08d", run_a, step), ERR_OK);
        if (fsx_exists(a)) {
            for (size_t i = 0; i < 3; i++) {
                check_same_file(run_a, run_b, step, file[i]);
            }
            n++;
        }
    }
    return n;
}

/* -1: without the variable. */
static void put_number(const char *name, int64_t x)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, x);
    (void)(x >= 0 ? setenv(name, text, 1) : unsetenv(name));
}

static pid_t start(const char *run_dir, const char *corpus, int socket_fd, int64_t attempt)
{
    Err err = ERR_INIT;
    char log[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(log, run_dir, "stderr.log", &err), ERR_OK);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
        (void)dup2(fd, STDERR_FILENO);
        put_number(WIRE_ENV_ATTEMPT, attempt);
        put_number(WIRE_ENV_SOCKET, socket_fd);
        (void)execl(SLAW_BIN_DIR "/slaw-worker", "slaw-worker", "run", run_dir, "--corpus", corpus,
                    (char *)NULL);
        _exit(127);
    }
    return pid;
}

pid_t tiny_start(const char *run_dir, const char *corpus, int socket_fd)
{
    return start(run_dir, corpus, socket_fd, -1);
}

pid_t tiny_start_attempt(const char *run_dir, const char *corpus, int64_t attempt)
{
    return start(run_dir, corpus, -1, attempt);
}

int tiny_wait(pid_t pid)
{
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void tiny_wait_for_text(const char *run_dir, int attempt, const char *what)
{
    char path[FSX_PATH_BYTES];
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_path(path, &err, "%s/attempt-%03d/events.jsonl", run_dir, attempt),
                     ERR_OK);
    for (int waited = 0; waited < PATIENCE_MS; waited += LOOK_EVERY_MS) {
        Buf b = BUF_INIT;
        bool is_there =
            fsx_read(path, 1 << 26, &b, &err) == ERR_OK && strstr(buf_str(&b), what) != NULL;
        buf_release(&b);
        if (is_there) {
            return;
        }
        (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
    ck_abort_msg("%s does not come to hold %s", path, what);
}

int tiny_kill_after(const Tiny *t, const char *run_dir, int ms)
{
    pid_t pid = tiny_start(run_dir, t->corpus, -1);
    (void)poll(NULL, 0, ms);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    return tiny_wait(pid) == -SIGKILL ? 1 : 0;
}
