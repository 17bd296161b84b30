#include "tests/support/run_slaw.h"

#include <check.h>
#include <stdio.h>
#include <sys/wait.h>

int run_slaw(const char *dir, const char *args, const char *at, const char *redirection, Buf *out)
{
    Buf command = BUF_INIT;
    buf_printf(&command, "cd '%s' && NO_COLOR=1 '%s/slaw' ", dir, SLAW_BIN_DIR);
    for (const char *p = args; *p; p++) {
        at &&*p == '@' ? buf_puts(&command, at) : buf_putc(&command, *p);
    }
    buf_printf(&command, " %s", redirection);
    buf_clear(out);
    FILE *f = popen(buf_str(&command), "re"); /* NOLINT(cert-env33-c): a test's own text */
    ck_assert_ptr_nonnull(f);
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;) {
        buf_add(out, piece, n);
    }
    int status = pclose(f);
    buf_release(&command);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}
