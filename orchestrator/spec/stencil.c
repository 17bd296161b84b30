#include "orchestrator/spec/stencil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "orchestrator/spec/run_spec.h"

/* ---- marks and gaps ------------------------------------------------------------------------ */

/* No string of a study can be one: a control character, and corpus paths, the only free text,
 * are put in behind. */
enum { MARK_CHAR = 1, MARK_DIGITS = 2 };
static const char mark_text[] = "\"\\u0001"; /* as canonical JSON writes it, before the digits */
enum { MARK_BYTES = sizeof mark_text - 1 + MARK_DIGITS + 1 };

json_t *stencil_mark(int gap)
{
    const char text[] = {MARK_CHAR, (char)('0' + gap / 10), (char)('0' + gap % 10), '\0'};
    return json_string(text);
}

static int gap_at(const char *digits)
{
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

/* The gap whose mark v is; -1 when it is none. */
static int gap_of(const json_t *v)
{
    const char *s = json_string_value(v);
    return s && s[0] == MARK_CHAR ? gap_at(s + 1) : -1;
}

ErrCode piece_text_split(PieceText *t, Err *err)
{
    size_t n = 1;
    const char *text = buf_str(&t->literal);
    for (const char *p = text; (p = strstr(p, mark_text)) != NULL; p += MARK_BYTES) {
        n++;
    }
    t->piece = calloc(n, sizeof *t->piece);
    if (!t->piece || t->literal.is_short) {
        return err_nomem(err, "the runs");
    }
    const char *from = text;
    for (const char *p = text; (p = strstr(p, mark_text)) != NULL; p = from) {
        t->piece[t->n++] = (Piece){from, (size_t)(p - from), gap_at(p + sizeof mark_text - 1)};
        from = p + MARK_BYTES;
    }
    t->piece[t->n++] = (Piece){from, strlen(from), -1};
    return ERR_OK;
}

void piece_text_release(PieceText *t)
{
    buf_release(&t->literal);
    free(t->piece);
    *t = (PieceText){0};
}

void piece_text_fill(const PieceText *t, const Filling fill[N_GAPS], Buf *out)
{
    for (size_t i = 0; i < t->n; i++) {
        const Piece *p = &t->piece[i];
        buf_add(out, p->text, p->n);
        if (p->gap >= 0) {
            buf_add(out, fill[p->gap].text, fill[p->gap].n);
        }
    }
}

/* ---- counts ---------------------------------------------------------------------------------- */

Count count_at(const char *path)
{
    static const char *const name[N_COUNTS] = {[COUNT_TOKENS] = "training.tokens",
                                               [COUNT_BATCH] = "training.batch",
                                               [COUNT_SEQUENCE] = "training.sequence",
                                               [COUNT_FIRST] = "checkpoints.first",
                                               [COUNT_CHECKPOINTS] = "checkpoints.count",
                                               [COUNT_WARMUP] = "",
                                               [COUNT_DECAY] = "",
                                               [COUNT_KEEP] = "checkpoints.keep"};
    static const char schedule[] = "training.schedule.";
    for (Count c = 0; c < N_COUNTS; c++) {
        if (name[c][0] && strcmp(path, name[c]) == 0) {
            return c;
        }
    }
    if (strncmp(path, schedule, sizeof schedule - 1) == 0) {
        const char *leaf = strrchr(path, '.') + 1;
        return strcmp(leaf, "warmup") == 0  ? COUNT_WARMUP
               : strcmp(leaf, "decay") == 0 ? COUNT_DECAY
                                            : N_COUNTS;
    }
    return N_COUNTS;
}

CountSource count_of(Count c, const json_t *v)
{
    CountSource s = {.axis = gap_of(v)};
    if (s.axis < 0) {
        s.whole = c == COUNT_KEEP ? run_weights_kept(v, INT64_MAX) : json_integer_value(v);
        s.share = json_number_value(v);
    }
    return s;
}

static void fill_counts(const json_t *doc, Stencil *s)
{
    const json_t *training = json_object_get(doc, "training");
    const json_t *checkpoints = json_object_get(doc, "checkpoints");
    json_t *schedules = json_object_get(training, "schedule");
    void *only = json_object_iter(schedules);
    const json_t *schedule = json_object_iter_value(only);
    const json_t *value[N_COUNTS] = {[COUNT_TOKENS] = json_object_get(training, "tokens"),
                                     [COUNT_BATCH] = json_object_get(training, "batch"),
                                     [COUNT_SEQUENCE] = json_object_get(training, "sequence"),
                                     [COUNT_FIRST] = json_object_get(checkpoints, "first"),
                                     [COUNT_CHECKPOINTS] = json_object_get(checkpoints, "count"),
                                     [COUNT_WARMUP] = json_object_get(schedule, "warmup"),
                                     [COUNT_DECAY] = json_object_get(schedule, "decay"),
                                     [COUNT_KEEP] = json_object_get(checkpoints, "keep")};
    for (Count c = 0; c < N_COUNTS; c++) {
        s->count[c] = count_of(c, value[c]);
    }
    s->is_odd = json_object_size(schedules) != 1;
    s->is_cosine = !s->is_odd && strcmp(json_object_iter_key(only), "cosine") == 0;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static ErrCode fill_texts(json_t *config, Stencil *s, Err *err)
{
    ErrCode rc = ERR_OK;
    if (!config || json_object_set_new(config, "run", stencil_mark(GAP_HASH)) != 0 ||
        json_object_set_new(config, "name", stencil_mark(GAP_NAME)) != 0) {
        return err_nomem(err, "the runs");
    }
    TRY(run_config_identity_text(config, &s->identity.literal, err));
    TRY(piece_text_split(&s->identity, err));
    json_canonical(config, &s->config.literal);
    TRY(piece_text_split(&s->config, err));
done:
    return rc;
}

ErrCode stencil_fill(const Source *src, const Matrix *m, const Cell *cell, json_t *const *marks,
                     Stencil *s, Err *err)
{
    json_t *doc = NULL, *config = NULL;
    ErrCode rc = cell_document(src, m, cell, marks, &doc, err);
    if (rc == ERR_OK) {
        fill_counts(doc, s);
        (void)snprintf(s->name, sizeof s->name, "%s-%s",
                       json_string_value(cell->value[AXIS_ARCHITECTURE]),
                       json_string_value(cell->value[AXIS_SIZE]));
        config = cell_config_json(src, cell, doc, "", stencil_mark(GAP_MODEL),
                                  stencil_mark(GAP_CORPUS), stencil_mark(AXIS_SEED));
        rc = fill_texts(config, s, err);
    } else if (rc == ERR_INVALID) {
        s->is_bad = true;
        rc = ERR_OK;
    }
    json_decref(config);
    json_decref(doc);
    return rc;
}

void stencil_release(Stencil *s)
{
    piece_text_release(&s->identity);
    piece_text_release(&s->config);
    free(s->overrides);
    *s = (Stencil){0};
}
