/* Any bytes as a study file: refused with problems, or a study whose resolved copy expands to
 * runs of the same identities.  Never a crash. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/yaml.h"
#include "orchestrator/spec/study.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Opens the bytes as a file that lives in memory. */
static ErrCode open_bytes(const void *bytes, size_t n, Study **ret)
{
    Err err = ERR_INIT;
    char path[64];
    int fd = memfd_create("study.yaml", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    Problems problems = PROBLEMS_INIT;
    ErrCode rc = study_open_list(path, ret, &problems, &err);
    if ((rc == ERR_INVALID) != (problems.n > 0)) {
        abort(); /* refused without a word, or accepted with one */
    }
    problems_release(&problems);
    (void)close(fd);
    return rc;
}

static void expect_same(const Study *a, const Study *b)
{
    if (a->n_runs != b->n_runs) {
        abort();
    }
    for (size_t i = 0; i < a->n_runs; i++) {
        if (memcmp(a->runs[i].sha256, b->runs[i].sha256, SHA256_BYTES) != 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Study *s = NULL, *copy = NULL;
    if (open_bytes(data, size, &s) == ERR_OK) {
        Buf text = BUF_INIT;
        yaml_write(s->resolved, &text);
        if (open_bytes(buf_str(&text), text.len, &copy) != ERR_OK) {
            abort();
        }
        expect_same(s, copy);
        buf_release(&text);
    }
    study_close(s);
    study_close(copy);
    return 0;
}
