/* process.h -- what names a process for longer than its pid: start time, boot, host. */
#ifndef ORCHESTRATOR_LAUNCH_PROCESS_H
#define ORCHESTRATOR_LAUNCH_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_BOOT_BYTES = 64, PROCESS_HOST_BYTES = 256 };

/* Start time of a live process in clock ticks since boot (/proc/<pid>/stat, field 22);
 * -1 when there is none of this number, or only its corpse. */
int64_t process_start_ticks(pid_t pid);

/* The kernel's random name of this boot, into out; "unknown" without /proc.  Returns out. */
const char *process_boot_id(char out[PROCESS_BOOT_BYTES]);

/* The host's name, into out; returns out. */
const char *process_host(char out[PROCESS_HOST_BYTES]);

#endif
