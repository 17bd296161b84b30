#include "common/machine.h"

#include <ctype.h>
#include <dirent.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"

_Static_assert(MACHINE_MAX_CORES <= CPU_SETSIZE, "a core's number fits a cpu_set_t");

/* ---- small files -------------------------------------------------------------------------- */

/* The text of a small file of the kernel; false when it cannot be read. */
static bool read_text(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        return false;
    }
    size_t n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    return fclose(f) == 0 && n > 0;
}

/* "Key:  123 kB" of such a text, in bytes; 0 without it. */
static int64_t kilobytes_of(const char *text, const char *key)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, n) == 0 && line[n] == ':') {
            return strtoll(line + n + 1, NULL, 10) * 1024;
        }
    }
    return 0;
}

/* ---- control groups ------------------------------------------------------------------------ */

enum { GROUP_BYTES = 512, SMALL_BYTES = 8192 };
static const char group_proc[] = "/proc/self/cgroup", group_root[] = "/sys/fs/cgroup";

/* The path of our version 2 group below the root ("" is the root itself). */
static void own_group(const char *proc, char out[GROUP_BYTES])
{
    char text[SMALL_BYTES];
    out[0] = '\0';
    if (!read_text(proc, text, sizeof text)) {
        return;
    }
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (line) {
        line = strstr(line, "0::") + 3;
        size_t n = strcspn(line, "\n");
        n = n < GROUP_BYTES ? n : GROUP_BYTES - 1;
        memcpy(out, line, n);
        out[n] = '\0';
    }
}

/* The smallest value of a version 2 file, over our group and all above it. */
static double group_least(const char *proc, const char *root, const char *name,
                          double (*value)(const char *text))
{
    char group[GROUP_BYTES], path[FSX_PATH_BYTES], text[256];
    double least = (double)INFINITY;
    Err ignored = ERR_INIT;
    own_group(proc, group);
    for (;;) {
        if (fsx_path(path, &ignored, "%s%s/%s", root, group, name) == ERR_OK &&
            read_text(path, text, sizeof text)) {
            least = fmin(least, value(text));
        }
        char *slash = strrchr(group, '/');
        if (!slash) {
            return least;
        }
        *slash = '\0';
    }
}

/* cpu.max: "max 100000" or "150000 100000" [us of CPU time, of wall time] */
static double quota_value(const char *text)
{
    char *end = NULL;
    double quota = strtod(text, &end);
    double period = end != text ? strtod(end, NULL) : 0.0;
    return quota > 0.0 && period > 0.0 ? quota / period : (double)INFINITY;
}

/* memory.max: "max" or bytes */
static double bytes_value(const char *text)
{
    char *end = NULL;
    double bytes = strtod(text, &end);
    return end != text && bytes > 0.0 ? bytes : (double)INFINITY;
}

/* A number in a version 1 file; infinite without one, or when it stands for none. */
static double number_in(const char *root, const char *name)
{
    char path[FSX_PATH_BYTES], text[256];
    Err ignored = ERR_INIT;
    return fsx_path(path, &ignored, "%s/%s", root, name) == ERR_OK &&
                   read_text(path, text, sizeof text)
               ? bytes_value(text)
               : (double)INFINITY;
}

double machine_core_quota(const char *proc, const char *root)
{
    root = root ? root : group_root;
    double newer = group_least(proc ? proc : group_proc, root, "cpu.max", quota_value);
    double quota = number_in(root, "cpu/cpu.cfs_quota_us");
    double period = number_in(root, "cpu/cpu.cfs_period_us");
    double older = isfinite(quota) && isfinite(period) ? quota / period : (double)INFINITY;
    return fmin(newer, older);
}

/* ---- cores ---------------------------------------------------------------------------------- */

CoreSet machine_cores(void)
{
    CoreSet s = {.n = 0};
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof mask, &mask) == 0) {
        for (int i = 0; i < MACHINE_MAX_CORES; i++) {
            if (CPU_ISSET((size_t)i, &mask)) {
                s.core[s.n++] = i;
            }
        }
    }
    s.n = s.n > 0 ? s.n : 1; /* core 0, when the kernel does not say */
    return s;
}

size_t machine_concurrency(void)
{
    size_t n = machine_cores().n;
    double quota = ceil(machine_core_quota(NULL, NULL));
    return quota < (double)n ? (size_t)fmax(quota, 1.0) : n;
}

/* A number at *at; moves past it.  -1 when there is none or it is too large. */
static long take_core(const char **at)
{
    char *end = NULL;
    if (!isdigit((unsigned char)**at)) {
        return -1;
    }
    long x = strtol(*at, &end, 10);
    *at = end;
    return x < MACHINE_MAX_CORES ? x : -1;
}

size_t core_set_parse(const char *text, CoreSet *ret)
{
    bool has[MACHINE_MAX_CORES] = {false};
    CoreSet s = {.n = 0};
    const char *at = text;
    do {
        long first = take_core(&at), last = first;
        if (*at == '-') {
            at++;
            last = take_core(&at);
        }
        if (first < 0 || last < first || (*at && *at != ',')) {
            return 0;
        }
        for (long i = first; i <= last; i++) {
            has[i] = true;
        }
    } while (*at++ == ',');
    for (int i = 0; i < MACHINE_MAX_CORES; i++) {
        if (has[i]) {
            s.core[s.n++] = i;
        }
    }
    *ret = s;
    return s.n;
}

const char *core_set_text(const CoreSet *s, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s->n && used < size;) {
        size_t end = i + 1;
        while (end < s->n && s->core[end] == s->core[end - 1] + 1) {
            end++;
        }
        int n = end - i == 1 ? snprintf(out + used, size - used, "%s%d", i ? "," : "", s->core[i])
                             : snprintf(out + used, size - used, "%s%d-%d", i ? "," : "",
                                        s->core[i], s->core[end - 1]);
        used += n > 0 ? (size_t)n : 0;
        i = end;
    }
    return out;
}

bool machine_pin(const CoreSet *s)
{
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (size_t i = 0; i < s->n; i++) {
        CPU_SET((size_t)s->core[i], &mask);
    }
    bool is_good = sched_setaffinity(0, sizeof mask, &mask) == 0;
    DIR *d = opendir("/proc/self/task");
    const struct dirent *entry;                 /* readdir is safe on a stream of our own */
    while (d && (entry = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0) {
            is_good = sched_setaffinity(thread, sizeof mask, &mask) == 0 && is_good;
        }
    }
    if (d) {
        (void)closedir(d);
    }
    return is_good;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int64_t or_less(int64_t bytes, double limit)
{
    return isfinite(limit) && limit < (double)bytes ? (int64_t)limit : bytes;
}

MachineMemory machine_memory(const char *proc, const char *root)
{
    char text[SMALL_BYTES];
    MachineMemory m = {0};
    root = root ? root : group_root;
    if (!read_text("/proc/meminfo", text, sizeof text)) {
        return m;
    }
    double limit = fmin(group_least(proc ? proc : group_proc, root, "memory.max", bytes_value),
                        number_in(root, "memory/memory.limit_in_bytes"));
    m.total_bytes = or_less(kilobytes_of(text, "MemTotal"), limit);
    m.available_bytes = or_less(kilobytes_of(text, "MemAvailable"), limit);
    return m;
}

static int64_t status_kilobytes(const char *key)
{
    char text[SMALL_BYTES];
    return read_text("/proc/self/status", text, sizeof text) ? kilobytes_of(text, key) : 0;
}

int64_t machine_peak_rss(void)
{
    return status_kilobytes("VmHWM");
}

int64_t machine_rss(void)
{
    return status_kilobytes("VmRSS");
}

void machine_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}
