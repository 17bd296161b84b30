/* faults.h -- what the fault-injection library and the tests that use it share.
 *
 * libslaw_faults.so is loaded into our programs by LD_PRELOAD and stands between them and the
 * C library.  It counts the calls of some classes and makes one of them, or all from one on,
 * fail.  Counting is across all processes that map the same counter file.
 *
 *   SLAW_FAULTS_COUNTER=FILE   FAULTS_COUNTER_BYTES bytes, zeroes at the start; see FaultCounter.
 *                              Without it the library does nothing.
 *   SLAW_FAULTS_CALL=LIST      classes, separated by commas: write fsync rename open mkdir unlink
 *                              fork mmap malloc truncate close read; "files" is all that change
 *                              files: write fsync rename open mkdir unlink truncate
 *   SLAW_FAULTS_DO=WHAT        ENOSPC EIO EINTR EMFILE ENOMEM EDQUOT   the call fails with it
 *                              short        a write writes half of what it should
 *                              kill-before  SIGKILL to the process itself before the call
 *                              kill-after   ... when the call has been made
 *   SLAW_FAULTS_AT=N           the N-th call, from 1; 0: count only
 *   SLAW_FAULTS_STAY=1         and all calls after it
 *   SLAW_FAULTS_IN=LIST        names of programs, as in /proc/PID/comm (default: all)
 *   SLAW_FAULTS_BELOW=PREFIX   count only calls about files whose path begins so; calls that are
 *                              about no file (fork, malloc, anonymous mmap) always count
 *   SLAW_FAULTS_STATFS=nfs     statfs says that everything below the prefix is on NFS
 *   SLAW_FAULTS_CLOCK=S        from the N-th look at the wall clock on it is S seconds off;
 *                              N is SLAW_FAULTS_AT, and of the other calls none fails
 *
 * Calls that the C library makes inside itself (stdio's writes, opendir's open, a thread's stack)
 * are not seen; fopen, opendir and remove are, as open and unlink.  An fsync that fails has not
 * been made, a close that fails has. */
#ifndef TESTS_SUPPORT_FAULTS_FAULTS_H
#define TESTS_SUPPORT_FAULTS_FAULTS_H

#include <stdint.h>

enum { FAULTS_N_CLASSES = 12 };

/* The counter file, mapped shared by everybody. */
typedef struct FaultCounter {
    uint64_t calls; /* of the chosen classes, by the chosen programs, below the prefix */
    uint64_t fired; /* of them, how many were made to fail */
    uint64_t by_class[FAULTS_N_CLASSES]; /* all calls, in the order of the classes above */
} FaultCounter;

#define FAULTS_COUNTER_BYTES (sizeof(FaultCounter))

#endif
