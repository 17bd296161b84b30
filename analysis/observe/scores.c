#include "analysis/observe/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/observe/scores_reader.h"

/* Leaves out models without a score, or with a missing one where complete ones are wanted. */
static void drop_models(Reader *r)
{
    Scores *s = r->s;
    size_t kept = 0, was = s->n;
    for (size_t i = 0; i < was; i++) {
        size_t missing = 0;
        for (size_t j = 0; j < s->t; j++) {
            missing += isnan(s->score[i * s->t + j]) ? 1 : 0;
        }
        bool is_empty = missing == s->t, is_out = is_empty || (missing && r->o->is_complete);
        s->n_empty += is_empty ? 1 : 0;
        s->n_incomplete += is_out && !is_empty ? 1 : 0;
        if (is_out) {
            continue;
        }
        s->n_missing += missing;
        s->model[kept] = s->model[i];
        s->family[kept] = s->family[i];
        s->flops[kept] = s->flops[i];
        memmove(s->score + kept * s->t, s->score + i * s->t, s->t * sizeof *s->score);
        for (size_t k = 0; k < s->n_targets; k++) {
            s->metric[k * was + kept] = s->metric[k * was + i];
        }
        kept++;
    }
    for (size_t k = 1; k < s->n_targets; k++) {
        memmove(s->metric + k * kept, s->metric + k * was, kept * sizeof *s->metric);
    }
    s->n = kept;
}

static ErrCode finish(Reader *r, Err *err)
{
    Scores *s = r->s;
    drop_models(r);
    s->n_families = r->families.n;
    s->family_name = arena_array(&s->arena, r->families.n + 1, sizeof *s->family_name);
    if (r->is_short || !s->family_name) {
        return err_nomem(err, "scores");
    }
    for (size_t i = 0; i < r->families.n; i++) {
        s->family_name[i] = map_text(&r->families, i);
    }
    if (s->n < 2) {
        return err_set(err, ERR_INVALID, "%s: %zu model%s with scores; two or more are needed",
                       r->f->source, s->n, s->n == 1 ? "" : "s");
    }
    return ERR_OK;
}

ErrCode scores_read(const Frame *f, const ScoresOptions *o, Scores *ret, Err *err)
{
    Scores s = {.arena = ARENA_INIT, .n_read = f->n_rows};
    Reader r = {.f = f, .o = o, .s = &s};
    ErrCode rc = ERR_OK;
    r.models.keep = r.families.keep = r.benchmarks.keep = &s.arena;
    TRY(reader_find_columns(&r, err));
    TRY(reader_number_models(&r, err));
    TRY(reader_list_benchmarks(&r, err));
    if (r.is_short) {
        rc = err_nomem(err, "scores");
        goto done;
    }
    s.is_negated = r.sign < 0.0;
    TRY(reader_fill(&r, err));
    TRY(reader_join(&r, err));
    TRY(finish(&r, err));
    *ret = s;
    s = (Scores){.arena = ARENA_INIT};
done:
    map_release(&r.models);
    map_release(&r.families);
    map_release(&r.benchmarks);
    free(r.row_model);
    scores_release(&s);
    return rc;
}

void scores_release(Scores *s)
{
    arena_release(&s->arena);
    *s = (Scores){.arena = ARENA_INIT};
}
