#include "orchestrator/launch/record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/fsx.h"

static const char handle_mark[] = "# attempt: ";

/* Single quotes keep everything but themselves: ' becomes '\'' . */
static void put_quoted(const char *word, Buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";
    if (word[0] && strspn(word, plain) == strlen(word)) {
        buf_puts(out, word);
        return;
    }
    buf_putc(out, '\'');
    for (; *word; word++) {
        if (*word == '\'') {
            buf_puts(out, "'\\''");
        } else {
            buf_putc(out, *word);
        }
    }
    buf_putc(out, '\'');
}

static ErrCode replace_text(const char *dir, const char *name, const Buf *text, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = buf_ok(text, err);
    if (rc == ERR_OK) {
        rc = fsx_join(path, dir, name, err);
    }
    return rc == ERR_OK ? fsx_note(path, buf_str(text), text->len, err) : rc;
}

ErrCode record_write_command(const char *dir, const char *const *argv, const char *handle, Err *err)
{
    Buf text = BUF_INIT;
    buf_printf(&text, "#!/bin/sh\n%s%s\n", handle_mark, handle);
    for (size_t i = 0; argv[i]; i++) {
        buf_puts(&text, i ? " " : "");
        put_quoted(argv[i], &text);
    }
    buf_putc(&text, '\n');
    ErrCode rc = replace_text(dir, "command", &text, err);
    buf_release(&text);
    return rc;
}

static bool is_recorded(const char *entry)
{
    static const char *const prefix[] = {
        "PATH=", "HOME=",  "LANG=", "LC_",   "TZ=",   "TMPDIR=", "LD_",    "OMP_",
        "CUDA_", "SLURM_", "SLAW_", "GOMP_", "ASAN_", "UBSAN",   "MALLOC", "HOSTNAME"};
    for (size_t i = 0; i < sizeof prefix / sizeof prefix[0]; i++) {
        if (strncmp(entry, prefix[i], strlen(prefix[i])) == 0) {
            return true;
        }
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

ErrCode record_write_environment(const char *dir, char *const *envp, Err *err)
{
    size_t n = 0, n_kept = 0;
    while (envp[n]) {
        n++;
    }
    const char **kept = calloc(n + 1, sizeof *kept);
    if (!kept) {
        return err_nomem(err, "an environment");
    }
    for (size_t i = 0; i < n; i++) {
        if (is_recorded(envp[i])) {
            kept[n_kept++] = envp[i];
        }
    }
    qsort(kept, n_kept, sizeof *kept, by_text);
    Buf text = BUF_INIT;
    for (size_t i = 0; i < n_kept; i++) {
        buf_printf(&text, "%s\n", kept[i]);
    }
    ErrCode rc = replace_text(dir, "environment", &text, err);
    buf_release(&text);
    free(kept);
    return rc;
}

ErrCode record_read_handle(const char *dir, Buf *out, Err *err)
{
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    const char *at = NULL;
    ErrCode rc = ERR_OK;

    TRY(fsx_join(path, dir, "command", err));
    TRY(fsx_read(path, 1 << 20, &text, err));
    at = strstr(buf_str(&text), handle_mark);
    if (!at) {
        rc = err_set(err, ERR_FORMAT, "%s: has no line \"%s...\"", path, handle_mark);
        goto done;
    }
    at += sizeof handle_mark - 1;
    buf_add(out, at, strcspn(at, "\n"));
    rc = buf_ok(out, err);

done:
    buf_release(&text);
    return rc;
}
