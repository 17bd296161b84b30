/* exit_code.h -- exit statuses of `slaw` and `slaw-worker` (sysexits where one fits). */
#ifndef COMMON_EXIT_CODE_H
#define COMMON_EXIT_CODE_H

typedef enum ExitCode {
    EXIT_ALL_DONE = 0,
    EXIT_SOME_FAILED = 1,  /* some runs failed, all of them listed; or a fit was refused */
    EXIT_USAGE = 2,        /* the command line is wrong */
    EXIT_BAD_INPUT = 65,   /* a study file, table or checkpoint breaks a rule */
    EXIT_UNAVAILABLE = 69, /* a launcher, a server or a lock is not to be had */
    EXIT_NO_SPACE = 73,    /* worker: the disk is full; the study pauses, nothing is charged */
    EXIT_IO = 74,          /* a system call failed */
    EXIT_RESUMABLE = 75,   /* interrupted; the same command goes on. Worker: requeue me */
    EXIT_BAD_CONFIG = 78,  /* worker: this configuration can never run; do not retry */
    EXIT_DIVERGED = 79,    /* worker: the loss left its declared bound; do not retry */
} ExitCode;

#endif
