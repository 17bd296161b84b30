#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "catalog/attempt.h"
#include "catalog/checkpoint.h"
#include "catalog/evaluation.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/thousands.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/quantity.h"

typedef struct ShowOpts {
    const char *dir;
} ShowOpts;

static const Opt show_opts[] = {
    {"dir", "DIR", "the study's directory (default runs/<study>)", OPT_TEXT,
     offsetof(ShowOpts, dir)},
    {0},
};

/* All that the catalog knows of one run. */
typedef struct RunView {
    CatalogRun run;
    CatalogAttempt *attempts;
    CatalogCheckpoint *checkpoints;
    CatalogEvaluation *evaluations;
    size_t n_attempts, n_checkpoints, n_evaluations;
} RunView;

static ErrCode read_view(CatalogArg *a, const char *which, RunView *v, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(catalog_run_find(a->c, which, &a->arena, &v->run, err));
    TRY(catalog_attempt_list(a->c, v->run.id, &a->arena, &v->attempts, &v->n_attempts, err));
    TRY(catalog_checkpoint_list(a->c, v->run.id, &a->arena, &v->checkpoints, &v->n_checkpoints,
                                err));
    TRY(catalog_evaluation_list(a->c, v->run.id, &a->arena, &v->evaluations, &v->n_evaluations,
                                err));

done:
    return rc;
}

/* NULL when the step was not evaluated on validation. */
static const CatalogEvaluation *validation_at(const RunView *v, int64_t step)
{
    for (size_t i = 0; i < v->n_evaluations; i++) {
        const CatalogEvaluation *e = &v->evaluations[i];
        if (e->step == step && strcmp(e->task, "validation") == 0) {
            return e;
        }
    }
    return NULL;
}

static json_t *whole_or_null(int64_t x)
{
    return x == CATALOG_NONE ? json_null() : json_integer(x);
}

static json_t *attempts_json(const CatalogArg *a, const RunView *v, Err *err)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->n_attempts; i++) {
        const CatalogAttempt *t = &v->attempts[i];
        char dir[FSX_PATH_BYTES];
        if (catalog_arg_attempt_file(a, v->run.dir, t->number, "", dir, err) != ERR_OK) {
            json_decref(list);
            return NULL;
        }
        (void)json_array_append_new(
            list,
            json_pack(
                "{s:I, s:s, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:I, s:s, s:o, "
                "s:o, s:o}",
                "attempt", (json_int_t)t->number, "state", catalog_attempt_state_name(t->state),
                "pid", whole_or_null(t->pid), "host", output_string(t->host), "isa",
                output_string(t->isa), "resumed_step", whole_or_null(t->resumed_step), "started_ms",
                (json_int_t)t->started_ms, "ended_ms", whole_or_null(t->ended_ms), "exit_code",
                whole_or_null(t->exit_code), "exit_signal", whole_or_null(t->exit_signal), "reason",
                output_string(t->reason), "damaged_lines", (json_int_t)t->damaged_lines, "dir", dir,
                "threads", whole_or_null(t->threads), "cores", output_string(t->cores),
                "peak_rss_bytes", whole_or_null(t->peak_rss_bytes)));
    }
    return list;
}

static json_t *evaluations_json(const RunView *v, int64_t step)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->n_evaluations; i++) {
        const CatalogEvaluation *e = &v->evaluations[i];
        if (e->step == step) {
            (void)json_array_append_new(
                list, json_pack("{s:s, s:o, s:o, s:I}", "task", e->task, "loss",
                                json_real_or_name(e->loss), "bits_per_byte",
                                output_real(e->bits_per_byte), "items", (json_int_t)e->items));
        }
    }
    return list;
}

static json_t *checkpoints_json(const RunView *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->n_checkpoints; i++) {
        const CatalogCheckpoint *k = &v->checkpoints[i];
        (void)json_array_append_new(
            list, json_pack("{s:I, s:I, s:s, s:s, s:I, s:I, s:o, s:o}", "step", (json_int_t)k->step,
                            "tokens", (json_int_t)k->tokens, "state",
                            catalog_checkpoint_state_name(k->state), "path", k->path, "bytes",
                            (json_int_t)k->bytes, "attempt", (json_int_t)k->attempt, "train_loss",
                            json_real_or_name(k->train_loss), "evaluations",
                            evaluations_json(v, k->step)));
    }
    return list;
}

static ErrCode print_json(const CatalogArg *a, const RunView *v, Err *err)
{
    const CatalogRun *r = &v->run;
    json_t *attempts = attempts_json(a, v, err);
    if (!attempts) {
        return err->code != ERR_OK ? err->code : err_nomem(err, "the answer");
    }
    return output_json(
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:I, s:I, s:I, s:I, s:I,"
                  " s:{s:f, s:f, s:f}, s:I, s:o, s:o, s:o, s:o}",
                  "schema", 1, "run", r->name, "hash", r->hash, "dir", r->dir, "architecture",
                  r->architecture, "size", r->size, "seed", (json_int_t)r->seed, "state",
                  catalog_run_state_name(r->state), "reason", output_string(r->reason), "N",
                  (json_int_t)r->params, "N_total", (json_int_t)r->params_total, "D",
                  (json_int_t)r->tokens, "steps", (json_int_t)r->steps, "batch_tokens",
                  (json_int_t)r->batch_tokens, "flops_per_token", "6nd", r->flops_6nd, "exact",
                  r->flops_exact, "paper", r->flops_paper, "checkpoints_planned",
                  (json_int_t)r->checkpoints, "axes", json_loads(r->axes, 0, NULL), "config",
                  json_loads(r->config, 0, NULL), "attempts", attempts, "checkpoints",
                  checkpoints_json(v)),
        err);
}

static void put_head(const CatalogArg *a, const CatalogRun *r, Buf *out)
{
    char n[THOUSANDS_BYTES], total[THOUSANDS_BYTES], d[THOUSANDS_BYTES], steps[THOUSANDS_BYTES];
    buf_printf(out, "%s: %s%s%s\n", r->name, catalog_run_state_name(r->state),
               r->reason ? ": " : "", r->reason ? r->reason : "");
    buf_printf(out, "  hash          %s\n  directory     %s/%s\n", r->hash, a->dir, r->dir);
    buf_printf(out, "  parameters    N = %s, with embeddings %s\n", thousands(r->params, n),
               thousands(r->params_total, total));
    buf_printf(out, "  tokens        D = %s in %s steps\n", thousands(r->tokens, d),
               thousands(r->steps, steps));
    buf_printf(out, "  FLOP/token    6nd %.4g, exact %.4g, paper %.4g\n", r->flops_6nd,
               r->flops_exact, r->flops_paper);
    buf_printf(out, "  axes          %s\n", r->axes);
}

static void put_attempts(const RunView *v, Buf *out)
{
    buf_puts(out, "\nattempt  state        from step  host          isa         threads    memory  "
                  "time        exit\n");
    for (size_t i = 0; i < v->n_attempts; i++) {
        const CatalogAttempt *t = &v->attempts[i];
        char from[32] = "-", time[CLOCK_TEXT_BYTES] = "-", how[32] = "-", threads[32] = "-";
        char memory[QUANTITY_TEXT_BYTES] = "-";
        if (t->resumed_step != CATALOG_NONE) {
            (void)snprintf(from, sizeof from, "%" PRId64, t->resumed_step);
        }
        if (t->ended_ms != CATALOG_NONE) {
            (void)clock_duration((double)(t->ended_ms - t->started_ms) / MS_PER_S, time);
        }
        if (t->threads != CATALOG_NONE) {
            (void)snprintf(threads, sizeof threads, "%" PRId64, t->threads);
        }
        if (t->peak_rss_bytes != CATALOG_NONE) {
            (void)quantity_bytes_text((double)t->peak_rss_bytes, memory);
        }
        if (t->exit_signal != CATALOG_NONE) {
            (void)snprintf(how, sizeof how, "signal %" PRId64, t->exit_signal);
        } else if (t->exit_code != CATALOG_NONE) {
            (void)snprintf(how, sizeof how, "%" PRId64, t->exit_code);
        }
        buf_printf(out, "%7" PRId64 "  %-11s  %9s  %-12s  %-10s  %7s  %8s  %-10s  %s%s%s\n",
                   t->number, catalog_attempt_state_name(t->state), from, t->host ? t->host : "-",
                   t->isa ? t->isa : "-", threads, memory, time, how, t->reason ? "; " : "",
                   t->reason ? t->reason : "");
    }
}

static void put_loss(double x, Buf *out)
{
    if (isfinite(x)) {
        buf_printf(out, "  %10.4f", x);
    } else {
        buf_printf(out, "  %10s", isnan(x) ? "nan" : x > 0.0 ? "inf" : "-inf");
    }
}

static void put_checkpoints(const RunView *v, Buf *out)
{
    buf_printf(out, "\n%8s  %14s  %-8s  %10s  %10s  %9s  %10s\n", "step", "tokens", "state",
               "train loss", "validation", "bits/byte", "bytes");
    for (size_t i = 0; i < v->n_checkpoints; i++) {
        const CatalogCheckpoint *k = &v->checkpoints[i];
        const CatalogEvaluation *e = validation_at(v, k->step);
        char tokens[THOUSANDS_BYTES], bytes[QUANTITY_TEXT_BYTES];
        buf_printf(out, "%8" PRId64 "  %14s  %-8s", k->step, thousands(k->tokens, tokens),
                   catalog_checkpoint_state_name(k->state));
        put_loss(k->train_loss, out);
        if (e) {
            put_loss(e->loss, out);
            buf_printf(out, "  %9.4f", e->bits_per_byte);
        } else {
            buf_printf(out, "  %10s  %9s", "-", "-");
        }
        buf_printf(out, "  %10s\n", quantity_bytes_text((double)k->bytes, bytes));
    }
}

/* The configuration, as it is in config.json. */
static ErrCode put_config(const CatalogRun *r, Buf *out, Err *err)
{
    json_t *config = json_loads(r->config, 0, NULL);
    if (!config) {
        return err_set(err, ERR_FORMAT, "run %s: the catalog's configuration is not JSON", r->name);
    }
    buf_puts(out, "\nconfig.json: ");
    json_pretty(config, out);
    json_decref(config);
    return ERR_OK;
}

static ErrCode print_text(const CatalogArg *a, const RunView *v, Err *err)
{
    Buf text = BUF_INIT;
    put_head(a, &v->run, &text);
    if (v->n_attempts > 0) {
        put_attempts(v, &text);
    }
    if (v->n_checkpoints > 0) {
        put_checkpoints(v, &text);
    }
    ErrCode rc = put_config(&v->run, &text, err);
    if (rc != ERR_OK) {
        buf_release(&text);
        return rc;
    }
    return output_text(&text, err);
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const ShowOpts *o = opts;
    CatalogArg a;
    RunView v = {0};
    (void)argc;
    ErrCode rc = catalog_arg_open(s, argv[0], o->dir, &a, err);
    if (rc == ERR_OK) {
        rc = read_view(&a, argv[1], &v, err);
    }
    if (rc == ERR_OK) {
        rc = s->is_json ? print_json(&a, &v, err) : print_text(&a, &v, err);
    }
    catalog_arg_close(&a);
    return rc;
}

const Command command_show = {
    .name = "show",
    .args = "STUDY RUN",
    .summary = "everything about one run: attempts, checkpoints, losses, configuration",
    .description = "RUN is a name (slaw ls), a folder's name, or the first digits of the hash.",
    .opts = show_opts,
    .opts_size = sizeof(ShowOpts),
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
