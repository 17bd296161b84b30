#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/exit_code.h"

ErrCode err_set_at(Err *err, ErrCode code, const char *file, int line, const char *fmt, ...)
{
    *err = (Err){.code = code, .file = file, .line = line};
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return code;
}

ErrCode err_sys_at(Err *err, const char *file, int line, const char *fmt, ...)
{
    int saved = errno;
    *err = (Err){.code = ERR_IO, .sys_errno = saved, .file = file, .line = line};
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    char room[128];
    const char *why = strerror_r(saved, room, sizeof room); /* the GNU form returns the text */
    if (n >= 0 && (size_t)n < sizeof err->msg) {
        (void)snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", why);
    }
    return ERR_IO;
}

void err_note_nomem(Err *err, const char *what)
{
    (void)err_set(err, ERR_NOMEM, "out of memory for %s", what);
}

ErrCode err_wrap_text(Err *err, const char *fmt, ...)
{
    char inner[sizeof err->msg];
    memcpy(inner, err->msg, sizeof inner);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg) {
        int room = (int)(sizeof err->msg - (size_t)n);
        (void)snprintf(err->msg + n, (size_t)room, ": %.*s", room, inner);
    }
    return err->code;
}

ErrCode err_hint_text(Err *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
    return err->code;
}

ErrCode err_place_at(Err *err, const char *file, TextPos at)
{
    if (strlen(file) < sizeof err->in_file) {
        (void)snprintf(err->in_file, sizeof err->in_file, "%s", file);
        err->at = at;
    }
    return err->code;
}

bool err_is_no_space(const Err *err)
{
    return err->code != ERR_OK && (err->sys_errno == ENOSPC || err->sys_errno == EDQUOT);
}

static const struct {
    const char *name;
    ExitCode status;
} code_table[] = {
    [ERR_OK] = {"ok", EXIT_ALL_DONE},
    [ERR_NOMEM] = {"out_of_memory", EXIT_IO},
    [ERR_USAGE] = {"usage", EXIT_USAGE},
    [ERR_INVALID] = {"invalid", EXIT_BAD_INPUT},
    [ERR_NOTFOUND] = {"not_found", EXIT_BAD_INPUT},
    [ERR_CONFLICT] = {"conflict", EXIT_UNAVAILABLE},
    [ERR_UNAVAILABLE] = {"unavailable", EXIT_UNAVAILABLE},
    [ERR_IO] = {"io", EXIT_IO},
    [ERR_FORMAT] = {"format", EXIT_BAD_INPUT},
    [ERR_DB] = {"db", EXIT_IO},
    [ERR_NUMERIC] = {"numeric", EXIT_SOME_FAILED},
    [ERR_CHILD] = {"child", EXIT_SOME_FAILED},
    [ERR_INTERRUPTED] = {"interrupted", EXIT_RESUMABLE},
};

const char *err_code_name(ErrCode code)
{
    return code_table[code].name;
}

int err_exit_status(ErrCode code)
{
    return (int)code_table[code].status;
}
