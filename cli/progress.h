/* progress.h -- what `slaw run` shows while it runs, on standard error.
 *
 * On a terminal: a block of lines that is redrawn in place, at most ten times a
 * second and in one write(2), so that it neither flickers nor tears: one line a
 * running worker, a line of totals below.  Messages and finished runs are printed
 * above the block and stay.
 *
 *   tnl-85k    ━━━━━━━━━━━━━━──────  842/1220     loss 2.014   31.2k tok/s  1 min 39 s
 *   llama-20k  ━━━━━───────────────  301/1220     loss 2.688     88k tok/s  1 min 26 s
 *   done 3 of 12, 2 running, 7 waiting | 41% of 3.1e+13 FLOP | 1 min 02 s, 1 min 39 s to go
 *
 * Elsewhere (a file, a pipe, TERM=dumb): messages alone; in the log of a detached scheduler also
 * one line of totals a minute and one line a finished run.  NO_COLOR is honoured; lines fit the
 * width at the moment, and a window that became narrower, in which drawn lines were broken into
 * several, is cleared of all of them.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/clock.h"
#include "orchestrator/sched/sched.h"

typedef struct ProgressStyle {
    int width, height; /* of the terminal [characters] */
    bool has_color;
    bool has_unicode;
    double bytes_per_token; /* of the validation text, for bits per byte; 0: leave them out */
} ProgressStyle;

/* Lines of the block without their newlines' escapes, each ended by '\n' and at most
 * width - 1 characters wide; at most height - 1 of them.  Returns how many. */
int progress_block(const SchedView *v, const ProgressStyle *st, Buf *out);

typedef struct Progress {
    int fd;
    bool is_quiet; /* nothing but messages */
    bool is_terminal;
    bool is_log; /* no terminal, and its reader comes later */
    ProgressStyle style;
    int n_drawn;       /* lines of the block on the screen, as it was drawn */
    MonoNs last_drawn; /* or, off a terminal, last totals line */
    Buf block;         /* the block as last drawn */
} Progress;

/* fd is standard error.  Reads TERM, NO_COLOR and the locale's variables. */
void progress_init(Progress *p, int fd, bool is_quiet, bool is_log);

/* Does anybody want to read how far it is? */
bool progress_is_wanted(const Progress *p);

/* Takes the block off the screen; p is empty. */
void progress_release(Progress *p);

/* The scheduler's observer that shows everything here; ctx is p. */
SchedObserver progress_observer(Progress *p);

#endif
