#include "trainer/worker/evaluate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "trainer/worker/validate.h"

static ErrCode score(const Found *f, const Sampler *s, CkptEvaluation *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Model *m = NULL;
    const size_t batch = (size_t)s->sequences, seq = (size_t)s->sequence;
    uint16_t *tokens = calloc(batch * (seq + 1), sizeof *tokens);
    if (!tokens) {
        rc = err_nomem(err, "a batch");
        goto done;
    }
    TRY(load_model(f, batch, seq, &m, err));
    (void)validate(m, s, tokens, NULL, ret); /* nothing can stop it */
done:
    model_close(m);
    free(tokens);
    return rc;
}

ErrCode evaluate(const char *path, const char *corpus_dir, Evaluation *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    Corpus *corpus = NULL;
    Sampler s;
    const RunConfig *c = &ret->found.config;
    TRY(load_find(path, &ret->found, err));
    TRY(corpus_open(corpus_dir, &corpus, err));
    if (corpus_info(corpus)->vocabulary > c->shape.vocabulary) {
        rc = err_set(err, ERR_INVALID, "%s has a larger vocabulary than the model", corpus_dir);
        goto done;
    }
    TRY(sampler_init(corpus, (uint64_t)c->seed, c->sequence, c->batch_tokens / c->sequence, &s,
                     err));
    TRY(validate_check(&s, err));
    TRY(score(&ret->found, &s, &ret->score, err));
    (void)snprintf(ret->corpus, sizeof ret->corpus, "%s", corpus_info(corpus)->digest);
done:
    corpus_close(corpus);
    return rc;
}

json_t *evaluation_json(const Evaluation *e)
{
    const Ckpt *c = &e->found.ckpt;
    json_t *recorded = json_null();
    for (size_t i = 0; i < c->n_evaluations; i++) {
        if (strcmp(c->evaluation[i].task, e->score.task) == 0) {
            recorded = json_real_or_name(c->evaluation[i].loss);
        }
    }
    return json_pack(
        "{s:i, s:s, s:I, s:I, s:s, s:o, s:o, s:I, s:s, s:b, s:o}", "schema", 1, "checkpoint",
        e->found.dir, "step", (json_int_t)c->step, "tokens", (json_int_t)c->tokens, "task",
        e->score.task, "loss", json_real_or_name(e->score.loss), "bits_per_byte",
        json_real_or_name(e->score.bits_per_byte), "items", (json_int_t)e->score.items, "corpus",
        e->corpus, "is_own_corpus", strcmp(e->corpus, c->corpus) == 0, "recorded_loss", recorded);
}
