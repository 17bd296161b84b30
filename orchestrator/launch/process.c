#include "orchestrator/launch/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a small file of /proc in one go; the number of bytes, or -1. */
static ssize_t read_small(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ssize_t n = read(fd, out, size - 1);
    (void)close(fd);
    if (n >= 0) {
        out[n] = '\0';
    }
    return n;
}

int64_t process_start_ticks(pid_t pid)
{
    char path[64], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (read_small(path, text, sizeof text) <= 0) {
        return -1;
    }
    /* Field 2 is the name in parentheses and may hold any character; count from the last ')'. */
    const char *at = strrchr(text, ')');
    if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X') {
        return -1;
    }
    for (int field = 2; field < 22 && at; field++) {
        at = strchr(at + 1, ' ');
    }
    char *end = NULL;
    int64_t ticks = at ? strtoll(at, &end, 10) : -1;
    return end && end != at && ticks > 0 ? ticks : -1;
}

const char *process_boot_id(char out[PROCESS_BOOT_BYTES])
{
    if (read_small("/proc/sys/kernel/random/boot_id", out, PROCESS_BOOT_BYTES) <= 0) {
        (void)snprintf(out, PROCESS_BOOT_BYTES, "unknown");
    }
    out[strcspn(out, " \n")] = '\0';
    return out;
}

const char *process_host(char out[PROCESS_HOST_BYTES])
{
    if (gethostname(out, PROCESS_HOST_BYTES) != 0 || !out[0]) {
        (void)snprintf(out, PROCESS_HOST_BYTES, "localhost");
    }
    out[PROCESS_HOST_BYTES - 1] = '\0';
    return out;
}
