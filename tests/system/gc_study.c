#include "tests/system/gc_study.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/rng.h"
#include "tests/support/run_slaw.h"

const char gc_study_text[] = "version: 1\n"
                             "study: base\n"
                             "corpus: {text: [\"text*.txt\"], validation: 1024, tokenizer: bytes}\n"
                             "matrix:\n"
                             "  architecture: [llama, tnl]\n"
                             "  size: [xs]\n"
                             "  seed: [1, 2]\n"
                             "sizes:\n"
                             "  xs: {layers: 2, width: 16, heads: 1}\n"
                             "training:\n"
                             "  tokens: 5120\n"
                             "  sequence: 32\n"
                             "  batch: 128\n"
                             "  optimizer: {adamw: {lr: 3e-3}}\n"
                             "  schedule: {constant: {warmup: 5}}\n"
                             "  precision: f32\n"
                             "checkpoints: {count: 5, spacing: log, first: 256}\n"
                             "evaluation: [validation]\n"
                             "execution: {workers: 2}\n";

TmpDir gc_tmp;
static int n_copies;

int slaw(const char *args, Buf *out)
{
    return run_slaw(gc_tmp.path, args, NULL, "2>stderr.txt", out);
}

int slaw_status(const char *args)
{
    Buf out = BUF_INIT;
    int status = slaw(args, &out);
    buf_release(&out);
    return status;
}

void shell(Buf *out, const char *fmt, ...)
{
    char command[3000], piece[4096];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    FILE *f = popen(command, "re"); /* NOLINT(cert-env33-c): a test's own text */
    ck_assert_ptr_nonnull(f);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) {
        if (out) {
            buf_add(out, piece, n);
        }
    }
    ck_assert_msg(pclose(f) == 0, "%s", command);
}

void stderr_text(Buf *out)
{
    Err err = ERR_INIT;
    char path[FSX_PATH_BYTES];
    buf_clear(out);
    ck_assert_int_eq(fsx_join(path, gc_tmp.path, "stderr.txt", &err), ERR_OK);
    ck_assert_int_eq(fsx_read(path, 1 << 20, out, &err), ERR_OK);
}

const char *copy_study(void)
{
    static char path[4][512];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/copy-%d-%d", gc_tmp.path, (int)getpid(),
                   n_copies++);
    shell(NULL, "cp -a '%s/runs/base' '%s'", gc_tmp.path, path[next]);
    return path[next];
}

void remove_study(const char *dir)
{
    Err err = ERR_INIT;
    ck_assert_int_eq(fsx_remove_tree(dir, &err), ERR_OK);
}

Buf listing(const char *dir)
{
    Buf out = BUF_INIT;
    shell(&out,
          "cd '%s' && find . -type f ! -name 'catalog.db*' ! -name lock -print0 | sort -z |"
          " xargs -0 sha256sum && find . -type d | sort",
          dir);
    return out;
}

int count(const char *dir, const char *what)
{
    Buf out = BUF_INIT;
    shell(&out, "find '%s/runs' %s | wc -l", dir, what);
    int n = atoi(buf_str(&out));
    buf_release(&out);
    return n;
}

json_t *gc_json(const char *dir, const char *options, int status)
{
    Buf out = BUF_INIT;
    char args[1200];
    json_error_t why;
    (void)snprintf(args, sizeof args, "gc '%s' --json %s", dir, options);
    int got = slaw(args, &out);
    json_t *v = json_loads(buf_str(&out), 0, &why);
    Buf text = BUF_INIT;
    stderr_text(&text);
    ck_assert_msg(got == status, "%s: exit status %d: %s", args, got, buf_str(&text));
    ck_assert_msg(v != NULL, "%s: %s", why.text, buf_str(&out));
    ck_assert_int_eq(json_integer_value(json_object_get(v, "schema")), 1);
    buf_release(&out);
    buf_release(&text);
    return v;
}

int64_t number(const json_t *v, const char *key)
{
    ck_assert_ptr_nonnull(json_object_get(v, key));
    return json_integer_value(json_object_get(v, key));
}

int status_of(const char *verb, const char *dir)
{
    char args[1200];
    (void)snprintf(args, sizeof args, "%s '%s'", verb, dir);
    return slaw_status(args);
}

Catalog *open_catalog(const char *dir)
{
    Err err = ERR_INIT;
    Catalog *c = NULL;
    char path[FSX_PATH_BYTES];
    ck_assert_int_eq(fsx_join(path, dir, CATALOG_FILE, &err), ERR_OK);
    ck_assert_msg(catalog_open(path, &c, &err) == ERR_OK, "%s", err.msg);
    return c;
}

void gc_open(void)
{
    static const char *const word[] = {"scale", "law", "of ", "a", "the", "model", "and", "loss"};
    Buf text = BUF_INIT;
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    (void)unsetenv("SLAW_WORKER");
    gc_tmp = tmpdir_open();
    for (uint64_t i = 0; i < 12000; i++) {
        buf_printf(&text, "%s%s", word[rng_u64(5, 0, i) % 8], i % 11 == 10 ? ".\n" : " ");
    }
    for (int i = 0; i < 4; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "text%d.txt", i);
        (void)tmpdir_write(&gc_tmp, name, buf_str(&text) + 37 * i);
    }
    (void)tmpdir_write(&gc_tmp, "base.yaml", gc_study_text);
    int status = slaw_status("run base.yaml --quiet");
    buf_clear(&text);
    stderr_text(&text);
    ck_assert_msg(status == 0, "%s", buf_str(&text));
    buf_release(&text);
}

void gc_close(void)
{
    tmpdir_close(&gc_tmp);
}

void check_rows(const char *got, const char *want, const char *from, const char *to)
{
    got = strstr(got, from);
    want = strstr(want, from);
    ck_assert(got && want);
    size_t n = to ? (size_t)(strstr(got, to) - got) : strlen(got), same = 0;
    while (same < n && got[same] == want[same]) {
        same++;
    }
    ck_assert_msg(same == n && (to || want[n] == '\0'), "%.200s\nis not\n%.200s", got + same,
                  want + same);
}
