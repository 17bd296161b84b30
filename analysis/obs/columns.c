#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "analysis/obs/selection.h"
#include "common/words.h"

const char *const selection_column_name[OBS_N_COLUMNS] = {
    [OBS_COL_N] = "N",         [OBS_COL_D] = "D",         [OBS_COL_C] = "C",
    [OBS_COL_LOSS] = "loss",   [OBS_COL_U] = "U",         [OBS_COL_EXPERTS] = "experts",
    [OBS_COL_RATE] = "lr",     [OBS_COL_ERROR] = "error", [OBS_COL_ACCURACY] = "accuracy",
    [OBS_COL_BATCH] = "batch", [OBS_COL_SIGMA] = "sigma",
};

/* The column that probably holds N, D, C or the loss under a name of others, or NULL. */
static const char *likely_column(const Frame *f, const char *name)
{
    static const struct {
        const char *name, *other;
    } usual[] = {
        {"N", "n"},
        {"N", "params"},
        {"N", "parameters"},
        {"N", "n_params"},
        {"N", "num_params"},
        {"N", "non_embedding_params"},
        {"N", "model_size"},
        {"N", "size"},
        {"D", "d"},
        {"D", "tokens"},
        {"D", "n_tokens"},
        {"D", "num_tokens"},
        {"D", "train_tokens"},
        {"D", "training_tokens"},
        {"D", "dataset_size"},
        {"C", "flops"},
        {"C", "flop"},
        {"C", "compute"},
        {"C", "total_flops"},
        {"C", "training_flops"},
        {"C", "c"},
        {"loss", "val_loss"},
        {"loss", "validation_loss"},
        {"loss", "eval_loss"},
        {"loss", "test_loss"},
        {"loss", "final_loss"},
        {"loss", "cross_entropy"},
        {"loss", "ce_loss"},
        {"loss", "l"},
        {"loss", "train_loss"},
        {"loss", "loss"},
    };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        for (size_t c = 0; c < f->n_columns && strcmp(usual[i].name, name) == 0; c++) {
            if (strcasecmp(frame_name(f, c), usual[i].other) == 0) {
                return frame_name(f, c);
            }
        }
    }
    return NULL;
}

/* The column that holds `name`: by --map, or of that name. */
static ErrCode mapped_source(const Selection *s, const char *name, bool is_required, Source *ret,
                             Err *err)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < s->o->n_map; i++) {
        const char *m = s->o->map[i];
        if (strncmp(m, name, n) == 0 && m[n] == '=') {
            return frame_scaled(s->f, m + n + 1, &ret->at, &ret->factor, err);
        }
    }
    *ret = (Source){frame_find(s->f, name), 1.0};
    if (ret->at != FRAME_NONE || !is_required) {
        return ERR_OK;
    }
    if (s->f->n_axes) { /* as lr, which a study may have as an axis */
        return frame_column(s->f, name, &ret->at, err);
    }
    const char *likely = likely_column(s->f, name);
    (void)err_set(err, ERR_INVALID, "%s: there is no column \"%s\"", s->f->source, name);
    return err_hint(err, "name the column that holds it: --map %s=%s", name,
                    likely ? likely : "COLUMN");
}

static ErrCode mapped_column(const Selection *s, const char *name, size_t *ret, Err *err)
{
    Source source;
    ErrCode rc = mapped_source(s, name, false, &source, err);
    *ret = source.at;
    return rc;
}

static bool is_mapped(const ObsOptions *o, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < o->n_map; i++) {
        if (strncmp(o->map[i], name, n) == 0 && o->map[i][n] == '=') {
            return true;
        }
    }
    return false;
}

static ErrCode check_map(const ObsOptions *o, Err *err)
{
    const char *known[OBS_N_COLUMNS + 2] = {[OBS_N_COLUMNS] = "run", "task"};
    char name[WORD_BYTES];
    const char *column;
    memcpy(known, selection_column_name, sizeof selection_column_name);
    for (size_t i = 0; i < o->n_map; i++) {
        size_t ignored;
        ErrCode rc = words_setting("map", "NAME=COLUMN", o->map[i], name, &column, err);
        if (rc == ERR_OK) {
            rc = words_enum("map", name, known, OBS_N_COLUMNS + 2, &ignored, err);
        }
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode find_compute(Selection *s, Err *err)
{
    static const char *const column[] = {
        [OBS_DEFAULT] = NULL, [OBS_PAPER] = "C_paper", [OBS_EXACT] = "C_exact",
        [OBS_6ND] = "C_6nd",  [OBS_GIVEN] = "C",
    };
    Columns *c = &s->col;
    c->convention = s->o->convention;
    if (c->convention == OBS_DEFAULT) {
        size_t given;
        ErrCode rc = mapped_column(s, "C", &given, err);
        if (rc != ERR_OK) {
            return rc;
        }
        c->convention = frame_find(s->f, "C_paper") != FRAME_NONE ? OBS_PAPER
                        : given != FRAME_NONE                     ? OBS_GIVEN
                                                                  : OBS_6ND;
    }
    return mapped_source(s, column[c->convention], c->convention != OBS_6ND, &c->number[OBS_COL_C],
                         err);
}

/* "N,D" of best_per: our names through --map, others as they are. */
static ErrCode find_keys(Selection *s, Err *err)
{
    const char *rest = s->o->best_per;
    char name[WORD_BYTES];
    while (words_next(&rest, ',', name)) {
        if (s->n_keys == OBS_MAX_KEYS || !name[0]) {
            return err_set(err, ERR_USAGE, "--best-per takes up to %d columns, not \"%.80s\"",
                           OBS_MAX_KEYS, s->o->best_per);
        }
        size_t *key = &s->key[s->n_keys++];
        ErrCode rc = is_mapped(s->o, name) ? mapped_column(s, name, key, err)
                                           : frame_column(s->f, name, key, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* "architecture,lr" */
static ErrCode find_by(Selection *s, Err *err)
{
    const char *rest = s->o->by;
    char name[WORD_BYTES];
    while (words_next(&rest, ',', name)) {
        if (s->n_by == OBS_MAX_KEYS) {
            return err_set(err, ERR_USAGE, "--by takes up to %d columns, not \"%.80s\"",
                           OBS_MAX_KEYS, s->o->by);
        }
        ErrCode rc = frame_column(s->f, name, &s->by[s->n_by++], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

ErrCode selection_find_columns(Selection *s, Err *err)
{
    Columns *c = &s->col;
    ErrCode rc = ERR_OK;
    c->needs = s->o->needs ? s->o->needs : 1u << OBS_COL_N | 1u << OBS_COL_D | 1u << OBS_COL_LOSS;
    c->needs |= s->o->best_per ? 1u << OBS_COL_LOSS : 0u;
    TRY(check_map(s->o, err));
    for (size_t k = 0; k < OBS_N_COLUMNS; k++) {
        if (k == OBS_COL_SIGMA && !is_mapped(s->o, selection_column_name[k])) {
            c->number[k] = (Source){FRAME_NONE, 1.0};
        } else if (k != OBS_COL_C) {
            TRY(mapped_source(s, selection_column_name[k], c->needs >> k & 1u, &c->number[k], err));
        }
    }
    if (c->number[OBS_COL_SIGMA].at != FRAME_NONE) {
        c->needs |= 1u << OBS_COL_SIGMA;
    }
    TRY(mapped_column(s, "run", &c->run, err));
    TRY(mapped_column(s, "task", &c->task, err));
    TRY(find_compute(s, err));
    TRY(find_keys(s, err));
    c->name = frame_find(s->f, "name");
    c->state = frame_find(s->f, "state");
    c->bits_per_byte = frame_find(s->f, "bits_per_byte");
    TRY(find_by(s, err));
    for (size_t i = 0; i < s->o->n_where; i++) {
        TRY(where_parse(s->o->where[i], s->f, &s->where[i], err));
    }
done:
    return rc;
}
