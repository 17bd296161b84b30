#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/output.h"
#include "common/quantity.h"
#include "common/words.h"

typedef struct LsOpts {
    const char *dir;
    OptTexts states, architectures;
} LsOpts;

static const Opt ls_opts[] = {
    {"state", "STATE", "only runs in this state; may be repeated", OPT_TEXTS,
     offsetof(LsOpts, states)},
    {"architecture", "NAME", "only runs of this architecture; may be repeated", OPT_TEXTS,
     offsetof(LsOpts, architectures)},
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT, offsetof(LsOpts, dir)},
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

static json_t *row_json(const CatalogRunStatus *x)
{
    char why[CATALOG_WHY_BYTES];
    (void)catalog_run_why(x, why);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:o, s:o,"
        " s:o, s:I}",
        "run", x->name, "hash", x->hash, "dir", x->dir, "architecture", x->architecture, "size",
        x->size, "seed", (json_int_t)x->seed, "state", catalog_run_state_name(x->state), "reason",
        output_string(x->reason), "why", output_string(why[0] ? why : NULL), "N",
        (json_int_t)x->params, "D", (json_int_t)x->tokens, "step", (json_int_t)x->step, "steps",
        (json_int_t)x->steps, "checkpoints", "planned", (json_int_t)x->planned, "complete",
        (json_int_t)x->complete, "train_loss", output_real(x->train_loss), "validation_loss",
        output_real(x->validation_loss), "bits_per_byte", output_real(x->bits_per_byte), "attempts",
        (json_int_t)x->attempts);
}

static ErrCode print_json(const char *study, const CatalogRunStatus *list, size_t n, Err *err)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++) {
        if (json_array_append_new(rows, row_json(&list[i])) != 0) {
            json_decref(rows);
            return err_nomem(err, "the answer");
        }
    }
    return output_json(json_pack("{s:i, s:s, s:o}", "schema", 1, "study", study, "runs", rows),
                       err);
}

static void put_row(const CatalogRunStatus *x, int chars, Buf *out)
{
    char n[QUANTITY_TEXT_BYTES], d[QUANTITY_TEXT_BYTES], marks[48], loss[32] = "-";
    char why[CATALOG_WHY_BYTES];
    (void)snprintf(marks, sizeof marks, "%" PRId64 "/%" PRId64, x->complete, x->planned);
    if (isfinite(x->validation_loss)) {
        (void)snprintf(loss, sizeof loss, "%.4f", x->validation_loss);
    }
    (void)catalog_run_why(x, why);
    buf_printf(out, "%-*s  %.12s  %-8s  %8s  %8s  %9" PRId64 "  %11s  %10s  %8" PRId64 "%s%s\n",
               chars, x->name, x->hash, catalog_run_state_name(x->state),
               quantity_count_text((double)x->params, n), quantity_count_text((double)x->tokens, d),
               x->steps, marks, loss, x->attempts, why[0] ? "  " : "", why);
}

static ErrCode print_text(const CatalogRunStatus *list, size_t n, Err *err)
{
    Buf text = BUF_INIT;
    size_t chars = strlen("run");
    for (size_t i = 0; i < n; i++) {
        chars = strlen(list[i].name) > chars ? strlen(list[i].name) : chars;
    }
    buf_printf(&text, "%-*s  %-12s  %-8s  %8s  %8s  %9s  %11s  %10s  %8s  %s\n", (int)chars, "run",
               "hash", "state", "N", "D", "steps", "checkpoints", "validation", "attempts", "why");
    for (size_t i = 0; i < n; i++) {
        put_row(&list[i], (int)chars, &text);
    }
    return output_text(&text, err);
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
    const char *study = NULL;
    size_t n = 0;
    ErrCode rc = ERR_OK;
    (void)argc;
    TRY(check_states(&o->states, err));
    f = filter_of(o);
    TRY(catalog_arg_open(s, argv[0], o->dir, &a, err));
    TRY(catalog_arg_name(&a, &study, err));
    TRY(catalog_run_status_select(a.c, &f, &a.arena, &list, &n, err));
    if (s->is_json) {
        TRY(print_json(study, list, n, err));
    } else {
        TRY(print_text(list, n, err));
    }

done:
    catalog_arg_close(&a);
    return rc;
}

const Command command_ls = {
    .name = "ls",
    .args = "STUDY",
    .summary = "list the runs of a study",
    .description = "One line a run: name, hash, state, N [parameters], D [tokens], steps, complete "
                   "and planned\ncheckpoints, newest validation loss [nats/token], attempts, and "
                   "why it is not at work.",
    .opts = ls_opts,
    .opts_size = sizeof(LsOpts),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
