#include "common/machine.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

START_TEST(cores_are_those_of_the_process)
{
    cpu_set_t mask;
    CPU_ZERO(&mask);
    ck_assert_int_eq(sched_getaffinity(0, sizeof mask, &mask), 0);
    CoreSet s = machine_cores();
    ck_assert_int_eq((int)s.n, CPU_COUNT(&mask));
    for (size_t i = 0; i < s.n; i++) {
        ck_assert(CPU_ISSET((size_t)s.core[i], &mask));
    }
    ck_assert_uint_ge(machine_concurrency(), 1);
    ck_assert_uint_le(machine_concurrency(), s.n);
}
END_TEST

static void *wait_for_end(void *fd)
{
    char c;
    (void)!read(*(int *)fd, &c, 1);
    return NULL;
}

/* Threads that exist already move, too. */
START_TEST(pinning_moves_every_thread)
{
    int fd[2];
    pthread_t thread;
    cpu_set_t mask;
    CoreSet all = machine_cores(), one = {.core = {all.core[all.n - 1]}, .n = 1};
    ck_assert_int_eq(pipe(fd), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_end, &fd[0]), 0);
    ck_assert(machine_pin(&one));
    ck_assert_uint_eq(machine_cores().n, 1);
    ck_assert_int_eq(pthread_getaffinity_np(thread, sizeof mask, &mask), 0);
    ck_assert_int_eq(CPU_COUNT(&mask), 1);
    ck_assert(CPU_ISSET((size_t)one.core[0], &mask));
    ck_assert(machine_pin(&all));
    ck_assert_uint_eq(machine_cores().n, all.n);
    ck_assert_int_eq(close(fd[1]), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(close(fd[0]), 0);
    CoreSet none = {.core = {MACHINE_MAX_CORES - 1}, .n = 1};
    ck_assert(!machine_pin(&none)); /* the test machine has fewer */
}
END_TEST

static const struct {
    const char *text, *canonical; /* NULL: not a list */
    size_t n;
} lists[] = {
    {"0", "0", 1},     {"0,2-5,7", "0,2-5,7", 6}, {"3,1,2", "1-3", 3},
    {"4-4", "4", 1},   {"1023", "1023", 1},       {"", NULL, 0},
    {"1024", NULL, 0}, {"0-1024", NULL, 0},       {"5-2", NULL, 0},
    {"1,", NULL, 0},   {"1;2", NULL, 0},          {"-1", NULL, 0},
    {"a", NULL, 0},    {"1-", NULL, 0},
};

START_TEST(lists_of_cores_are_read_and_written)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        CoreSet s = {.n = 0};
        char text[64];
        ck_assert_msg(core_set_parse(lists[i].text, &s) == lists[i].n, "%s", lists[i].text);
        if (lists[i].canonical) {
            ck_assert_str_eq(core_set_text(&s, text, sizeof text), lists[i].canonical);
        }
    }
    CoreSet s = {.core = {0, 2, 4, 6}, .n = 4};
    char small[4];
    ck_assert_str_eq(core_set_text(&s, small, sizeof small), "0,2"); /* cut, and ended */
}
END_TEST

/* The formats of docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/. */
START_TEST(limits_of_control_groups_count)
{
    TmpDir t = tmpdir_open();
    Err err = ERR_INIT;
    char proc[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    const char *root = t.path;
    (void)fsx_path(proc, &err, "%s", tmpdir_write(&t, "self", "1:cpu:/x\n0::/a/b\n"));
    ck_assert(isinf(machine_core_quota(proc, root)));
    int64_t total = machine_memory(proc, root).total_bytes;
    ck_assert_int_eq(total / 4096, (int64_t)sysconf(_SC_PHYS_PAGES)); /* of 4 KiB pages */
    ck_assert_int_gt(machine_memory(proc, root).available_bytes, 0);
    ck_assert_int_eq(fsx_path(path, &err, "%s/a/b", root), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    (void)tmpdir_write(&t, "a/b/cpu.max", "max 100000\n");
    ck_assert(isinf(machine_core_quota(proc, root)));
    (void)tmpdir_write(&t, "a/b/cpu.max", "250000 100000\n");
    ck_assert(machine_core_quota(proc, root) == 2.5);
    (void)tmpdir_write(&t, "a/cpu.max", "150000 100000\n"); /* the group above has less */
    ck_assert(machine_core_quota(proc, root) == 1.5);
    (void)tmpdir_write(&t, "a/memory.max", "max\n");
    ck_assert_int_eq(machine_memory(proc, root).total_bytes, total);
    (void)tmpdir_write(&t, "a/b/memory.max", "1048576\n");
    ck_assert_int_eq(machine_memory(proc, root).total_bytes, 1048576);
    ck_assert_int_eq(machine_memory(proc, root).available_bytes, 1048576);
    ck_assert_int_eq(fsx_path(path, &err, "%s/cpu", root), ERR_OK);
    ck_assert_int_eq(fsx_mkdirs(path, &err), ERR_OK);
    (void)tmpdir_write(&t, "cpu/cpu.cfs_quota_us", "-1\n"); /* version 1 */
    (void)tmpdir_write(&t, "cpu/cpu.cfs_period_us", "100000\n");
    ck_assert(machine_core_quota(proc, root) == 1.5);
    (void)tmpdir_write(&t, "cpu/cpu.cfs_quota_us", "50000\n");
    ck_assert(machine_core_quota(proc, root) == 0.5);
    tmpdir_close(&t);
}
END_TEST

START_TEST(the_peak_keeps_what_was_given_back)
{
    enum { BYTES = 64 << 20 };
    int64_t before = machine_rss();
    /* not malloc: a sanitizer keeps what was freed */
    char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(p != MAP_FAILED);
    memset(p, 1, BYTES);
    ck_assert_int_ge(machine_rss(), before + BYTES / 10 * 9);
    ck_assert_int_eq(p[BYTES / 2], 1);
    ck_assert_int_eq(munmap(p, BYTES), 0);
    ck_assert_int_lt(machine_rss(), before + BYTES / 2);
    ck_assert_int_ge(machine_peak_rss(), before + BYTES / 10 * 9);
}
END_TEST

/* Freed below a block that stays, so that only trimming gives it back; a sanitizer has a heap of its own. */
START_TEST(trimming_gives_freed_memory_back)
{
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !defined(__clang__)
    enum { BLOCKS = 1024, BYTES = 32 << 10 };
    static char *block[BLOCKS];
    int64_t before = machine_rss();
    for (int i = 0; i < BLOCKS; i++) {
        block[i] = malloc(BYTES);
        ck_assert_ptr_nonnull(block[i]);
        for (int at = 0; at < BYTES; at += 1024) { /* memset before free is no work to a compiler */
            ((volatile char *)block[i])[at] = 1;
        }
    }
    char *last = malloc(BYTES); /* a small one might lie in an old gap */
    ck_assert_ptr_nonnull(last);
    last[0] = 7;
    for (int i = 0; i < BLOCKS; i++) {
        free(block[i]);
    }
    ck_assert_int_ge(machine_rss(), before + (int64_t)BLOCKS * BYTES / 10 * 9);
    machine_trim();
    ck_assert_int_lt(machine_rss(), before + (int64_t)BLOCKS * BYTES / 4);
    ck_assert_int_eq(last[0], 7);
    free(last);
#else
    machine_trim();
#endif
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "machine"});
}
