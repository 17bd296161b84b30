#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/failures.h"
#include "common/quantity.h"
#include "common/words.h"

typedef struct LsOpts {
    OptTexts states, architectures;
} LsOpts;

static const Opt ls_opts[] = {
    {"state", "STATE", "only runs in this state; may be repeated", OPT_TEXTS,
     offsetof(LsOpts, states)},
    {"architecture", "NAME", "only runs of this architecture; may be repeated", OPT_TEXTS,
     offsetof(LsOpts, architectures)},
    {0},
};

static ErrCode check_states(const OptTexts *states, Err *err)
{
    const char *known[CATALOG_N_RUN_STATES];
    for (size_t i = 0; i < CATALOG_N_RUN_STATES; i++) {
        known[i] = catalog_run_state_name((CatalogRunState)i);
    }
    for (size_t i = 0; i < states->n; i++) {
        size_t ignored;
        ErrCode rc =
            words_enum("state", states->item[i], known, CATALOG_N_RUN_STATES, &ignored, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static const Column ls_column[] = {
    {"run", "run"},
    {"hash", "hash", .rank = 5},
    {"dir"},
    {"architecture"},
    {"size"},
    {"seed"},
    {"state", "state"},
    {"reason"},
    {"N", "N", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    {"D", "D", .format = NUMBER_QUANTITY, .rank = 1, .is_symbol = true},
    {"step"},
    {"steps", "steps", .rank = 4},
    {"checkpoints.planned"},
    {"checkpoints.complete"},
    {.heading = "checkpoints", .rank = 3, .is_right = true},
    {"train_loss"},
    {"validation_loss", "validation", .format = NUMBER_FIXED},
    {"bits_per_byte"},
    {"attempts", "attempts", .rank = 4},
    {"why", "why", .rank = 2, .is_prose = true},
};

typedef struct Listing {
    const CatalogRunStatus *runs;
    char why[CATALOG_WHY_BYTES], marks[48], hash[16];
} Listing;

static void make_row(void *ctx, size_t i, Value *v)
{
    Listing *l = ctx;
    const CatalogRunStatus *x = &l->runs[i];
    (void)catalog_run_why(x, l->why);
    (void)snprintf(l->marks, sizeof l->marks, "%" PRId64 "/%" PRId64, x->complete, x->planned);
    (void)snprintf(l->hash, sizeof l->hash, "%.12s", x->hash);
    const Value row[] = {
        value_text(x->name),
        value_shown(value_text(x->hash), l->hash),
        value_text(x->dir),
        value_text(x->architecture),
        value_text(x->size),
        value_count(x->seed),
        run_state_value(x->state),
        value_text(x->reason),
        value_count(x->params),
        value_count(x->tokens),
        value_count(x->step),
        value_count(x->steps),
        value_count(x->planned),
        value_count(x->complete),
        value_text(l->marks),
        value_real(x->train_loss),
        value_real(x->validation_loss),
        value_real(x->bits_per_byte),
        value_count(x->attempts),
        value_text(l->why[0] ? l->why : NULL),
    };
    memcpy(v, row, sizeof row);
}

static void tell(const char *study, Listing *l, size_t n, AnswerNode *top)
{
    answer_set(top, "study", value_text(study));
    AnswerNode *table = answer_table(top, "runs", NULL, COLUMNS(ls_column));
    answer_table_empty(table, "No run of study %s is so.", study);
    answer_table_rows(table, n, make_row, l);
}

static CatalogRunFilter filter_of(const LsOpts *o)
{
    CatalogRunFilter f = {.architectures = o->architectures.item,
                          .n_architectures = o->architectures.n};
    for (size_t i = 0; i < o->states.n; i++) {
        CatalogRunState state = CATALOG_RUN_WAITING;
        (void)catalog_run_state_parse(o->states.item[i], &state); /* check_states() has passed */
        f.states |= 1u << state;
    }
    return f;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const LsOpts *o = opts;
    CatalogArg a = {0};
    CatalogRunFilter f;
    CatalogRunStatus *list = NULL;
    Listing l = {0};
    const char *study = NULL;
    size_t n = 0;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(check_states(&o->states, err));
    f = filter_of(o);
    TRY(catalog_arg_open(s, argv[0], s->fit.dir, &a, err));
    TRY(catalog_arg_name(&a, &study, err));
    TRY(catalog_run_status_select(a.c, &f, &a.arena, &list, &n, err));
    l.runs = list;
    tell(study, &l, n, answer_top(&s->answer));
    TRY(session_show(s, err)); /* its rows are the catalog's */

done:
    catalog_arg_close(&a);
    return rc;
}

const Command command_ls = {
    .name = "ls",
    .args = "STUDY",
    .summary = "list the runs of a study",
    .description = "One line a run: name, hash, state, N [parameters], D [tokens], steps, complete "
                   "of the planned checkpoints, newest validation loss [nats/token], attempts, and "
                   "why it is not at work.",
    COMMAND_OPTS(ls_opts, LsOpts),
    .groups = {&group_study},
    .examples = {"slaw ls runs/quickstart", "slaw ls runs/quickstart --state done --format csv"},
    .run = run,
};
