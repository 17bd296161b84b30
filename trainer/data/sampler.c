#include "trainer/data/sampler.h"

#include "common/rng.h"

ErrCode sampler_init(const Corpus *c, uint64_t seed, int64_t sequence, int64_t sequences,
                     Sampler *ret, Err *err)
{
    const CorpusInfo *info = corpus_info(c);
    if (sequence <= 0 || sequences <= 0) {
        return err_set(err, ERR_INVALID, "a batch needs at least one sequence of one token");
    }
    if (info->train_tokens <= sequence) {
        return err_set(err, ERR_INVALID,
                       "the corpus has %lld training tokens, too few for one sequence of %lld",
                       (long long)info->train_tokens, (long long)sequence);
    }
    *ret = (Sampler){.corpus = c,
                     .seed = seed,
                     .sequence = sequence,
                     .sequences = sequences,
                     .n_windows = (info->train_tokens - 1) / sequence};
    return ERR_OK;
}

void sampler_batch(const Sampler *s, int64_t step, uint16_t *out)
{
    size_t n = (size_t)s->sequence + 1; /* a window and the target of its last token */
    for (int64_t b = 0; b < s->sequences; b++) {
        int64_t position = step * s->sequences + b;
        uint32_t epoch = (uint32_t)(position / s->n_windows);
        int64_t window =
            (int64_t)rng_permute(s->seed, rng_stream(RNG_SAMPLER, epoch),
                                 (uint64_t)(position % s->n_windows), (uint64_t)s->n_windows);
        corpus_train_read(s->corpus, window * s->sequence, n, out + (size_t)b * n);
    }
}

int64_t sampler_validation_windows(const Sampler *s)
{
    return (corpus_info(s->corpus)->validation_tokens - 1) / s->sequence;
}

void sampler_validation(const Sampler *s, int64_t first, int64_t count, uint16_t *out)
{
    size_t n = (size_t)s->sequence + 1;
    for (int64_t i = 0; i < count; i++) {
        corpus_validation_read(s->corpus, (first + i) * s->sequence, n, out + (size_t)i * n);
    }
}
