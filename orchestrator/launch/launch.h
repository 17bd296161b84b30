/* launch.h -- starting, watching and stopping one attempt, on whatever runs it.
 *
 * A launcher is a constant of functions; launch.def lists them and
 * launcher_find() looks one up by the word in the study file.  The scheduler
 * holds a LaunchHandle an attempt and knows nothing else about it.
 *
 *   start   the process exists, or an error says why not.  Before the program
 *           runs its first instruction, the attempt's folder holds `command`
 *           (what to type to repeat it, and the handle) and `environment`: no
 *           process can outlive a killed scheduler without being on record.
 *   poll    how it stands; never blocks.
 *   stop    asks (SIGTERM) or forces (SIGKILL); returns at once.
 *   print/parse  the handle as one line of text, by which a later scheduler finds
 *           the same process again -- or learns that it is gone, also when its
 *           number was given to another process since.
 */
#ifndef ORCHESTRATOR_LAUNCH_LAUNCH_H
#define ORCHESTRATOR_LAUNCH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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

/* One started attempt.  Begin with LAUNCH_HANDLE_INIT; release with ops->release. */
typedef struct LaunchHandle {
    pid_t pid;
    int64_t start_ticks; /* field 22 of /proc/<pid>/stat: with pid it names a process */
    int death_fd;        /* readable once the attempt has ended; -1: poll from time to time */
    int news_fd;         /* socket with the worker's event lines; -1: none */
    bool is_child;       /* ours to reap */
} LaunchHandle;

#define LAUNCH_HANDLE_INIT ((LaunchHandle){.pid = -1, .death_fd = -1, .news_fd = -1})

typedef struct LaunchOps {
    const char *name; /* the word in study files */
    const char *summary;

    /* Is it usable here?  ERR_UNAVAILABLE says what is missing. */
    ErrCode (*probe)(Err *err);

    /* ERR_UNAVAILABLE: the program cannot be executed (and so no attempt can); ERR_IO: this
     * start did not work, another may.  *ret is written on success only. */
    ErrCode (*start)(const LaunchSpec *spec, LaunchHandle *ret, Err *err);

    /* Once it says that the attempt has ended it goes on saying so. */
    ErrCode (*poll)(LaunchHandle *h, LaunchStatus *ret, Err *err);

    /* An attempt that has ended already is no error. */
    ErrCode (*stop)(const LaunchHandle *h, LaunchStop how, Err *err);

    void (*print)(const LaunchHandle *h, Buf *out);

    /* ERR_FORMAT for text that is not such a handle; ERR_NOTFOUND when the process it names
     * does not exist any more on this machine; ERR_CONFLICT when it was started on another
     * host, where nobody here can look. */
    ErrCode (*parse)(const char *text, LaunchHandle *ret, Err *err);

    /* Closes the descriptors.  A process that has not ended is left alone; what one that has ended
     * started and left behind is ended.  An empty handle is fine. */
    void (*release)(LaunchHandle *h);
} LaunchOps;

/* NULL if there is none of this name. */
const LaunchOps *launcher_find(const char *name);
size_t launcher_count(void);
const LaunchOps *launcher_at(size_t i);

/* The handle in an attempt folder's `command` file, as start() left it there.  The errors of
 * parse(), and ERR_NOTFOUND also when there is no such file: the program was never executed. */
ErrCode launch_recall(const LaunchOps *ops, const char *attempt_dir, LaunchHandle *ret, Err *err);

/* "exit status 3", "killed by SIGSEGV", "still running", "ended unseen"; into out, returns out. */
enum { LAUNCH_STATUS_BYTES = 64 };
const char *launch_status_text(LaunchStatus s, char out[LAUNCH_STATUS_BYTES]);

#define LAUNCHER(id) extern const LaunchOps launcher_##id;
#include "orchestrator/launch/launch.def"
#undef LAUNCHER

#endif
