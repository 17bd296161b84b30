/* machine.h -- what this process may use of its machine: cores, memory; and what it used.
 *
 * All is read from the kernel when asked.  A control group's limits count: its CPU quota,
 * its memory (version 2, this group and those above it; version 1, at its root's mount).
 */
#ifndef COMMON_MACHINE_H
#define COMMON_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MACHINE_MAX_CORES = 1024 };

/* Numbers of cores, ascending. */
typedef struct CoreSet {
    int core[MACHINE_MAX_CORES];
    size_t n;
} CoreSet;

/* The cores that this process may run on; at least one. */
CoreSet machine_cores(void);

/* CPU time that the control groups allow [cores]; infinite without a limit.  `proc` and `root`
 * are where to look, NULL for /proc/self/cgroup and /sys/fs/cgroup. */
double machine_core_quota(const char *proc, const char *root);

/* How many threads can be at work: the cores, or fewer where the quota is below them (rounded
 * up); at least 1. */
size_t machine_concurrency(void);

/* "0,2-5"; how many numbers it names, 0 when it is not such a list or names a core beyond
 * MACHINE_MAX_CORES. */
size_t core_set_parse(const char *text, CoreSet *ret);

/* The same text of a set, cut at `size` bytes; returns out. */
const char *core_set_text(const CoreSet *s, char *out, size_t size);

/* Makes every thread of this process run on these cores and no others; threads started later
 * inherit it.  False when the kernel refuses. */
bool machine_pin(const CoreSet *s);

typedef struct MachineMemory {
    int64_t total_bytes;     /* of the machine, or the control group's limit if that is less */
    int64_t available_bytes; /* that could be had now without swapping */
} MachineMemory;

/* Zeros for what the kernel does not say.  proc and root as above. */
MachineMemory machine_memory(const char *proc, const char *root);

/* Most memory that this process ever had resident [bytes]; 0 when the kernel does not say. */
int64_t machine_peak_rss(void);
/* That it has now. */
int64_t machine_rss(void);

/* Gives memory that was freed back to the kernel, where the C library can. */
void machine_trim(void);

#endif
