#include "cli/worker_ask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/subprocess.h"
#include "orchestrator/launch/worker_path.h"

enum { MAX_WORDS = 8, ANSWER_MAX_BYTES = 64 << 20, PATIENCE_MS = 60000 };

static ErrCode read_answer(const char *verb, const Buf *answer, int status, json_t **ret, Err *err)
{
    if (status != 0) {
        return err_set(err, ERR_CHILD, "slaw-worker %s ended with status %d", verb, status);
    }
    json_t *v = json_loadb(buf_str(answer), answer->len, 0, NULL);
    if (!json_is_object(v)) {
        json_decref(v);
        return err_set(err, ERR_CHILD, "slaw-worker %s printed no JSON object", verb);
    }
    *ret = v;
    return ERR_OK;
}

ErrCode worker_ask(const char *const words[], const json_t *question, int64_t patience_ms,
                   json_t **ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    const char *argv[MAX_WORDS + 2] = {path};
    Buf input = BUF_INIT, answer = BUF_INIT;
    int status = 0;
    ErrCode rc = ERR_OK;
    TRY(worker_path(path, err));
    for (size_t i = 0; i < MAX_WORDS && words[i]; i++) {
        argv[i + 1] = words[i];
    }
    if (question) {
        json_canonical(question, &input);
        TRY(buf_ok(&input, err));
    }
    TRY(subprocess_ask(argv,
                       &(SubprocessAsk){.input = buf_str(&input),
                                        .input_bytes = input.len,
                                        .patience_ms = patience_ms,
                                        .max_bytes = ANSWER_MAX_BYTES},
                       &answer, &status, err));
    TRY(read_answer(words[0], &answer, status, ret, err));
done:
    buf_release(&input);
    buf_release(&answer);
    return rc;
}

/* ---- estimates ------------------------------------------------------------------------------ */

/* One run of each kind. */
static ErrCode collect_cells(const Study *study, const PlanKinds *kinds, json_t *cells, Err *err)
{
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < kinds->n; i++) {
        json_t *json = NULL;
        rc = study_run_json(study, kinds->first[i], &json, err);
        if (rc == ERR_OK && json_array_append_new(cells, json) != 0) {
            rc = err_nomem(err, "the question");
        }
    }
    return rc;
}

static double real_of(const json_t *v, const char *key)
{
    double x = json_number_value(json_object_get(v, key));
    return x > 0.0 && isfinite(x) ? x : (double)NAN;
}

static ErrCode read_costs(const json_t *answer, size_t n, PlanCost *cost, Err *err)
{
    const json_t *list = json_object_get(answer, "cells");
    if (json_array_size(list) != n) {
        return err_set(err, ERR_CHILD, "slaw-worker estimate answered for %zu cells, not %zu",
                       json_array_size(list), n);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        double memory = real_of(v, "memory_bytes");
        cost[i] = (PlanCost){.tokens_per_s = real_of(v, "tokens_per_second"),
                             .scored_per_s = real_of(v, "scored_tokens_per_second"),
                             .update_s = real_of(v, "update_seconds"),
                             .memory_bytes = isnan(memory) ? 0 : (int64_t)memory,
                             .is_measured = json_is_true(json_object_get(v, "measured"))};
    }
    return ERR_OK;
}

ErrCode worker_estimate(const Study *study, const PlanKinds *kinds, double seconds, PlanCost *cost,
                        Err *err)
{
    static const char *const words[] = {"estimate", NULL};
    ErrCode rc = ERR_OK;
    json_t *cells = json_array(), *question = NULL, *answer = NULL;
    if (!cells) {
        return err_nomem(err, "the question");
    }
    TRY(collect_cells(study, kinds, cells, err));
    question = json_pack("{s:i, s:f, s:I, s:I, s:O}", "schema", 1, "seconds", seconds, "threads",
                         (json_int_t)study_threads(study), "most_threads",
                         (json_int_t)study_most_threads(study), "cells", cells);
    if (!question) {
        rc = err_nomem(err, "the question");
        goto done;
    }
    TRY(worker_ask(words, question, PATIENCE_MS + (int64_t)(seconds * 4000.0), &answer, err));
    TRY(read_costs(answer, kinds->n, cost, err));
done:
    json_decref(cells);
    json_decref(question);
    json_decref(answer);
    return rc;
}
