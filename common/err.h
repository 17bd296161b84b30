/* err.h -- the one way a function in this tree reports failure.
 *
 * A fallible function returns ErrCode (0 is success) and fills the caller's
 * Err with a sentence a user can act on.  The struct lives on the caller's
 * stack, so reporting an out-of-memory error allocates nothing.  Libraries
 * never print; the two main()s do, once, at the top.  Context is added on the
 * way up with err_wrap(), so a message reads outermost cause first.  A second
 * line "hint: ..." may follow when the cure is known (err_hint()):
 *
 *   experiments/quickstart.yaml:12:7: heads must divide width (96 / 5)
 *   hint: use 1, 2, 3, 4, 6 or 8 heads
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdbool.h>

typedef enum ErrCode {
    ERR_OK = 0,
    ERR_NOMEM,       /* an allocation failed */
    ERR_USAGE,       /* the command line breaks a rule */
    ERR_INVALID,     /* the caller's or user's input breaks a stated rule */
    ERR_NOTFOUND,    /* a named thing does not exist */
    ERR_CONFLICT,    /* the thing exists already, or somebody else holds it */
    ERR_UNAVAILABLE, /* a launcher, tool or server this needs is not there */
    ERR_IO,          /* a system call failed; sys_errno says which way */
    ERR_FORMAT,      /* a file or message is malformed, damaged or of another version */
    ERR_DB,          /* SQLite refused; the message carries its text */
    ERR_NUMERIC,     /* NaN/inf, or an iteration that did not converge */
    ERR_CHILD,       /* a worker process died or broke the protocol */
    ERR_INTERRUPTED, /* a signal asked to stop; running again goes on */
} ErrCode;

/* A place in a text, both counted from 1 (columns in characters); line 0: the file as a whole. */
typedef struct TextPos {
    int line, column;
} TextPos;

enum { ERR_FILE_BYTES = 512 };

typedef struct Err {
    ErrCode code;
    int sys_errno;    /* errno at the point of failure, 0 if none */
    const char *file; /* with line: where in our own source it was recorded */
    int line;
    char in_file[ERR_FILE_BYTES]; /* the user's file that is at fault; empty: none, or too long */
    TextPos at;                   /* where in it */
    char msg[1024];               /* UTF-8, NUL-terminated, truncated to fit */
    char hint[512];               /* the cure when we know it, else empty */
} Err;

#define ERR_INIT ((Err){.code = ERR_OK})

/* A code that is no success.  Only clang's analyser is told: it sees one file at a time, and would
 * follow paths on which an error was recorded and ERR_OK returned. */
static inline ErrCode err_certain(ErrCode code)
{
#ifdef __clang_analyzer__
    if (code == ERR_OK) {
        __builtin_unreachable();
    }
#endif
    return code;
}

/* Record a failure and return its code, so `return err_set(err, ...)` reads as
 * one step.  `err` is never NULL. */
#define err_set(err, code, ...) \
    err_certain(err_set_at((err), (code), __FILE__, __LINE__, __VA_ARGS__))

ErrCode err_set_at(Err *err, ErrCode code, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Record ERR_IO for the system call that just failed: "what: <strerror>". */
#define err_sys(err, ...) err_certain(err_sys_at((err), __FILE__, __LINE__, __VA_ARGS__))

ErrCode err_sys_at(Err *err, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Record ERR_NOMEM for an allocation of `what`.  Here, so that an analyser of any file sees that it
 * is no success. */
void err_note_nomem(Err *err, const char *what);

static inline ErrCode err_nomem(Err *err, const char *what)
{
    err_note_nomem(err, what);
    return ERR_NOMEM;
}

/* Put "context: " before the message of a failure already recorded. */
#define err_wrap(err, ...) err_certain(err_wrap_text((err), __VA_ARGS__))

ErrCode err_wrap_text(Err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Set the hint of a failure already recorded; returns its code. */
#define err_hint(err, ...) err_certain(err_hint_text((err), __VA_ARGS__))

ErrCode err_hint_text(Err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Say in which of the user's files, and where in it, the failure already recorded lies; for
 * programs that read the error, so the message says it too.  Returns its code. */
#define err_place(err, ...) err_certain(err_place_at((err), __VA_ARGS__))

ErrCode err_place_at(Err *err, const char *file, TextPos at);

/* The failure is a full disk or a used-up quota: the work can go on once there is space. */
bool err_is_no_space(const Err *err);

const char *err_code_name(ErrCode code);

/* Exit status of the program for a failure (common/exit_code.h). */
int err_exit_status(ErrCode code);

/* The end of a function that made a thing for its caller: on success *ret is the thing, else it is
 * released and *ret stays as it was.  Gives rc. */
#define ERR_GIVE(rc, thing, ret, release) \
    ((rc) == ERR_OK ? (void)(*(ret) = (thing)) : (release)(&(thing)), (rc))

/* Jump to `done` when `call` fails.  The only macro here that hides a jump: a
 * function that uses it declares `ErrCode rc = ERR_OK` and every resource it
 * will release before the first TRY, and has one label, `done`. */
#define TRY(call)           \
    do {                    \
        rc = (call);        \
        if (rc != ERR_OK) { \
            goto done;      \
        }                   \
    } while (0)

#endif
