#include "analysis/obs/obs.h"

#include <stdlib.h>

#include "analysis/obs/selection.h"
#include "common/words.h"

static const char *const convention_name[] = {
    [OBS_DEFAULT] = "default", [OBS_PAPER] = "paper", [OBS_EXACT] = "exact",
    [OBS_6ND] = "6nd",         [OBS_GIVEN] = "given",
};

ErrCode obs_convention_parse(const char *text, ObsConvention *ret, Err *err)
{
    size_t i = 0;
    ErrCode rc = words_enum("convention", text, convention_name + OBS_PAPER,
                            OBS_GIVEN - OBS_PAPER + 1, &i, err);
    *ret = rc == ERR_OK ? (ObsConvention)(i + OBS_PAPER) : *ret;
    return rc;
}

const char *obs_convention_name(ObsConvention c)
{
    return convention_name[c];
}

unsigned obs_needs(const Form *f)
{
    static const ObsColumn of_input[FORM_N_INPUTS] = {
        [FORM_N] = OBS_COL_N, [FORM_D] = OBS_COL_D,         [FORM_C] = OBS_COL_C,
        [FORM_U] = OBS_COL_U, [FORM_X_LOSS] = OBS_COL_LOSS, [FORM_EXPERTS] = OBS_COL_EXPERTS,
    };
    static const ObsColumn of_response[FORM_N_RESPONSES] = {
        [FORM_LOSS] = OBS_COL_LOSS,   [FORM_ACCURACY] = OBS_COL_ACCURACY,
        [FORM_ERROR] = OBS_COL_ERROR, [FORM_RATE] = OBS_COL_RATE,
        [FORM_BATCH] = OBS_COL_BATCH,
    };
    unsigned needs = 1u << of_response[f->response];
    for (size_t k = 0; k < form_columns(f); k++) {
        needs |= 1u << of_input[f->input[k]];
    }
    return needs | (f->has_envelope ? 1u << OBS_COL_N | 1u << OBS_COL_D : 0u);
}

void selection_release(Selection *s)
{
    free(s->row);
    free(s->local);
    map_release(&s->groups);
    map_release(&s->runs);
    buf_release(&s->key_text);
    arena_release(&s->names);
}

ErrCode obs_select(const Frame *f, const ObsOptions *options, Obs *ret, Err *err)
{
    Selection s = {.f = f, .o = options, .names = ARENA_INIT};
    Obs o = {.arena = ARENA_INIT, .n_read = f->n_rows};
    ErrCode rc = ERR_OK;
    TRY(selection_find_columns(&s, err));
    s.groups.keep = &s.names;
    TRY(selection_read_rows(&s, &o, err));
    TRY(selection_fill_groups(&s, &o, err));
    o.convention = s.col.convention;
    o.n_used = s.n;
    o.by = options->by ? arena_strdup(&o.arena, options->by) : NULL;
    *ret = o;
    o = (Obs){.arena = ARENA_INIT};
done:
    obs_release(&o);
    selection_release(&s);
    return rc;
}

void obs_release(Obs *o)
{
    arena_release(&o->arena);
    *o = (Obs){.arena = ARENA_INIT};
}
