/* launch.h -- starting, watching and stopping one attempt, on whatever runs it.
 *
 * A launcher is a constant of functions; launch.def lists them and
 * launcher_find() looks one up by the word in the study file.  The scheduler
 * holds a LaunchHandle an attempt, which only its launcher can read.
 *
 *   start   the process exists, or an error says why not.  Before the program
 *           runs its first instruction, the attempt's folder holds `command`
 *           (what to type to repeat it, and the handle) and `environment`: no
 *           process can outlive a killed scheduler without being on record.
 *   poll    how it stands; never blocks.
 *   stop    asks (SIGTERM) or forces (SIGKILL); returns at once.
 *   fds     what to wait on; hear, tell: the worker's side of the conversation.
 *   print/parse  the handle as one line of text, by which a later scheduler finds
 *           the same process again -- or learns that it is gone, also when its
 *           number was given to another process since.
 */
#ifndef ORCHESTRATOR_LAUNCH_LAUNCH_H
#define ORCHESTRATOR_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/* What to start.  Borrowed for the call. */
typedef struct LaunchSpec {
    const char *const *argv; /* NULL-terminated; argv[0] is the program, never looked up in PATH */
    const char *dir;         /* the attempt's folder; exists */
    int64_t attempt;         /* goes into the environment as SLAW_ATTEMPT */
} LaunchSpec;

typedef enum LaunchPhase {
    LAUNCH_RUNNING,
    LAUNCH_EXITED,   /* status.code */
    LAUNCH_SIGNALED, /* status.signal */
    LAUNCH_GONE,     /* ended, and nobody can say how: it was another scheduler's child */
} LaunchPhase;

typedef struct LaunchStatus {
    LaunchPhase phase;
    int code, signal;
    int64_t peak_rss_bytes; /* most memory it had resident, the moment of its start included; 0
                             * when nobody can say */
} LaunchStatus;

typedef enum LaunchStop {
    LAUNCH_STOP_ASK,   /* save your state and leave */
    LAUNCH_STOP_FORCE, /* end now */
} LaunchStop;

/* One started attempt, by start() or parse(); each launcher has its own.  NULL: none.  Release with
 * ops->release. */
typedef struct LaunchHandle LaunchHandle;

/* Descriptors to wait on; -1: none. */
typedef struct LaunchFds {
    int death; /* readable once the attempt has ended; without it ops->poll tells, asked at times */
    int news;  /* readable when the worker has said something: see hear() */
} LaunchFds;

enum { LAUNCH_NAME_BYTES = 64 };

typedef struct LaunchOps {
    const char *name; /* the word in study files */
    const char *summary;

    /* Is it usable here?  ERR_UNAVAILABLE says what is missing. */
    ErrCode (*probe)(Err *err);

    /* ERR_UNAVAILABLE: the program cannot be executed (and so no attempt can); ERR_IO: this
     * start did not work, another may.  *ret is written on success only. */
    ErrCode (*start)(const LaunchSpec *spec, LaunchHandle **ret, Err *err);

    /* Both -1 of no handle. */
    LaunchFds (*fds)(const LaunchHandle *h);

    /* Takes what the worker has said, of which nothing is kept: it is in its events file.  True: there
     * was something.  When the worker says nothing any more fds() has no news. */
    bool (*hear)(LaunchHandle *h);

    /* Tells the worker a line of n bytes, if it listens and there is room; nothing follows of it else.
     * No handle is fine. */
    void (*tell)(const LaunchHandle *h, const char *line, size_t n);

    /* Once it says that the attempt has ended it goes on saying so. */
    ErrCode (*poll)(LaunchHandle *h, LaunchStatus *ret, Err *err);

    /* An attempt that has ended already is no error. */
    ErrCode (*stop)(const LaunchHandle *h, LaunchStop how, Err *err);

    void (*print)(const LaunchHandle *h, Buf *out);

    /* "process 12", for people; into out, returns out. */
    const char *(*who)(const LaunchHandle *h, char out[LAUNCH_NAME_BYTES]);

    /* ERR_FORMAT for text that is not such a handle; ERR_NOTFOUND when the process it names
     * does not exist any more on this machine; ERR_CONFLICT when it was started on another
     * host, where nobody here can look. */
    ErrCode (*parse)(const char *text, LaunchHandle **ret, Err *err);

    /* Frees the handle.  A process that has not ended is left alone; what one that has ended started
     * and left behind is ended.  No handle is fine. */
    void (*release)(LaunchHandle *h);
} LaunchOps;

/* NULL if there is none of this name. */
const LaunchOps *launcher_find(const char *name);
size_t launcher_count(void);
const LaunchOps *launcher_at(size_t i);

/* The handle in an attempt folder's `command` file, as start() left it there.  The errors of
 * parse(), and ERR_NOTFOUND also when there is no such file: the program was never executed. */
ErrCode launch_recall(const LaunchOps *ops, const char *attempt_dir, LaunchHandle **ret, Err *err);

/* "exit status 3", "killed by SIGSEGV", "still running", "ended unseen"; into out, returns out. */
enum { LAUNCH_STATUS_BYTES = 64 };
const char *launch_status_text(LaunchStatus s, char out[LAUNCH_STATUS_BYTES]);

#define LAUNCHER(id) extern const LaunchOps launcher_##id;
#include "orchestrator/launch/launch.def"
#undef LAUNCHER

#endif
