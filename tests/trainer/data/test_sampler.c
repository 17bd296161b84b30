#include "trainer/data/sampler.h"

#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "tests/support/suite.h"
#include "tests/support/tmpdir.h"

enum { N_VALIDATION = 2000, SEQUENCE = 50, SEQUENCES = 7 };

static TmpDir tmp;
static Corpus *corpus;

/* Numbered words, so that every window is unlike every other. */
static void set_up(void)
{
    Buf text = BUF_INIT;
    Err err = ERR_INIT;
    char dir[FSX_PATH_BYTES];
    tmp = tmpdir_open();
    for (int i = 0; i < 4000; i++) {
        buf_printf(&text, i % 20 == 19 ? "n%d\n\n" : "n%d ", i);
    }
    (void)tmpdir_write(&tmp, "a.txt", buf_str(&text));
    buf_release(&text);
    CorpusSpec spec = {.text = (const char *const[]){"a.txt"},
                       .n_text = 1,
                       .base_dir = tmp.path,
                       .vocabulary = 256,
                       .validation_tokens = N_VALIDATION};
    CorpusInfo info;
    ck_assert_int_eq(fsx_join(dir, tmp.path, "corpus", &err), ERR_OK);
    ck_assert_msg(corpus_prepare(&spec, dir, NULL, NULL, &info, &err) == ERR_OK, "%s", err.msg);
    ck_assert_msg(corpus_open(dir, &corpus, &err) == ERR_OK, "%s", err.msg);
}

static void tear_down(void)
{
    corpus_close(corpus);
    tmpdir_close(&tmp);
}

static Sampler sampler_of(uint64_t seed)
{
    Sampler s;
    Err err = ERR_INIT;
    ck_assert_int_eq(sampler_init(corpus, seed, SEQUENCE, SEQUENCES, &s, &err), ERR_OK);
    return s;
}

/* Which training window these tokens are; fails when they are none. */
static int64_t window_of(const Sampler *s, const uint16_t *tokens)
{
    uint16_t window[SEQUENCE + 1];
    for (int64_t w = 0; w < s->n_windows; w++) {
        corpus_train_read(corpus, w * SEQUENCE, SEQUENCE + 1, window);
        if (memcmp(window, tokens, sizeof window) == 0) {
            return w;
        }
    }
    ck_abort_msg("not a window of the training text");
    return -1;
}

START_TEST(every_window_comes_once_an_epoch)
{
    Sampler s = sampler_of(1);
    ck_assert_int_eq(s.n_windows, (corpus_info(corpus)->train_tokens - 1) / SEQUENCE);
    int count[1000] = {0};
    ck_assert_int_lt(s.n_windows, 1000);
    uint16_t out[SEQUENCES][SEQUENCE + 1];
    /* positions 0 .. 3 epochs - 1: a step may hold the end of one and the start of the next */
    for (int64_t position = 0; position < 3 * s.n_windows; position++) {
        if (position % SEQUENCES == 0) {
            sampler_batch(&s, position / SEQUENCES, &out[0][0]);
        }
        count[window_of(&s, out[position % SEQUENCES])]++;
        if ((position + 1) % s.n_windows == 0) {
            for (int64_t w = 0; w < s.n_windows; w++) {
                ck_assert_int_eq(count[w], (position + 1) / s.n_windows);
            }
        }
    }
}
END_TEST

START_TEST(the_order_is_a_function_of_seed_and_step)
{
    Sampler s = sampler_of(1), again = sampler_of(1), other = sampler_of(2);
    uint16_t a[SEQUENCES][SEQUENCE + 1], b[SEQUENCES][SEQUENCE + 1];
    for (int64_t step = 9; step >= 0; step--) { /* backwards: nothing is carried along */
        sampler_batch(&s, step, &a[0][0]);
        sampler_batch(&again, step, &b[0][0]);
        ck_assert_mem_eq(a, b, sizeof a);
        sampler_batch(&other, step, &b[0][0]);
        ck_assert_mem_ne(a, b, sizeof a);
    }
    sampler_batch(&s, 0, &a[0][0]);
    ck_assert_int_ne(window_of(&s, a[0]),
                     0);               /* 1 in n_windows for a fair shuffle; fixed by seed 1 */
    int64_t epoch_later = s.n_windows; /* steps: SEQUENCES whole epochs */
    sampler_batch(&s, epoch_later, &b[0][0]);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

START_TEST(validation_windows_are_in_order)
{
    Sampler s = sampler_of(1);
    int64_t n = sampler_validation_windows(&s);
    ck_assert_int_eq(n, (N_VALIDATION - 1) / SEQUENCE);
    uint16_t all[N_VALIDATION], out[3][SEQUENCE + 1];
    corpus_validation_read(corpus, 0, N_VALIDATION, all);
    for (int64_t first = 0; first + 3 <= n; first++) {
        sampler_validation(&s, first, 3, &out[0][0]);
        for (int64_t i = 0; i < 3; i++) {
            ck_assert_mem_eq(out[i], all + (first + i) * SEQUENCE, sizeof out[i]);
        }
    }
}
END_TEST

START_TEST(a_sequence_longer_than_the_text_is_refused)
{
    Sampler s;
    Err err = ERR_INIT;
    int64_t n = corpus_info(corpus)->train_tokens;
    ck_assert_int_eq(sampler_init(corpus, 1, n, 1, &s, &err), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(err.msg, "too few"));
    ck_assert_int_eq(sampler_init(corpus, 1, n - 1, 1, &s, &err), ERR_OK);
    ck_assert_int_eq(s.n_windows, 1);
    ck_assert_int_eq(sampler_init(corpus, 1, 0, 1, &s, &err), ERR_INVALID);
    ck_assert_int_eq(sampler_init(corpus, 1, 1, 0, &s, &err), ERR_INVALID);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "sampler", .set_up = set_up, .tear_down = tear_down});
}
