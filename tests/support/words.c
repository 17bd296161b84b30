#include "tests/support/words.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/rng.h"

void words_random(Buf *out, uint64_t seed, uint32_t file, uint64_t n)
{
    static const char *const word[] = {"the",    "law",  "of",   "scale", "a",      "model",
                                       "learns", "from", "text", "and",   "larger", "ones",
                                       "learn",  "more", "but",  "slowly"};
    for (uint64_t i = 0; i < n; i++) {
        uint64_t r = rng_u64(seed, file, i);
        buf_printf(out, "%s%s", word[r % 16], r / 16 % 12 == 0 ? ".\n" : " ");
    }
}

void words_write(const TmpDir *tmp, const char *name)
{
    Buf text = BUF_INIT;
    for (int i = 0; i < 9000; i++) {
        buf_puts(&text, i % 7 == 3 ? "law.\n" : i % 5 == 1 ? "of " : "scale ");
    }
    (void)tmpdir_write(tmp, name, buf_str(&text));
    buf_release(&text);
}

void words_use_fake_worker(void)
{
    char path[FSX_PATH_BYTES];
    ck_assert_ptr_nonnull(getcwd(path, sizeof path - 16));
    (void)strcat(path, "/fake-worker"); /* NOLINT: 16 bytes were kept */
    (void)setenv("SLAW_WORKER", path, 1);
}
