#include "trainer/worker/validate.h"

#include <inttypes.h>
#include <stdio.h>

static const double ln_2 = 0.693147180559945309417;

bool validate(Model *m, const Sampler *s, uint16_t *tokens, bool (*should_stop)(void),
              CkptEvaluation *ret)
{
    const int64_t n_windows = sampler_validation_windows(s);
    double sum = 0.0;
    for (int64_t first = 0; first < n_windows; first += s->sequences) {
        if (should_stop && should_stop()) {
            return false;
        }
        int64_t left = n_windows - first;
        int64_t count = left < s->sequences ? left : s->sequences;
        sampler_validation(s, first, count, tokens);
        sum += (double)count * model_loss(m, tokens, (size_t)count, (size_t)s->sequence);
    }
    double loss = sum / (double)n_windows;
    *ret = (CkptEvaluation){
        .loss = loss,
        .bits_per_byte = loss / ln_2 / corpus_info(s->corpus)->validation_bytes_per_token,
        .items = n_windows * s->sequence,
    };
    (void)snprintf(ret->task, sizeof ret->task, "validation");
    return true;
}

ErrCode validate_check(const Sampler *s, Err *err)
{
    if (sampler_validation_windows(s) > 0) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_INVALID,
                  "the validation part has %" PRId64 " tokens, too few for one window of %" PRId64
                  " + 1",
                  corpus_info(s->corpus)->validation_tokens, s->sequence);
    return err_hint(err, "hold out more (corpus.validation) or shorten training.sequence");
}
