#include <math.h>
#include <string.h>

#include "catalog/attempt.h"
#include "catalog/checkpoint.h"
#include "catalog/evaluation.h"
#include "cli/catalog_arg.h"
#include "cli/command.h"
#include "cli/failures.h"
#include "common/clock.h"
#include "common/json.h"

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

static Value whole(int64_t x)
{
    return x == CATALOG_NONE ? value_none() : value_count(x);
}

static void tell_head(CatalogArg *a, const CatalogRun *r, AnswerNode *top)
{
    static const Column flops[] = {
        {"flops_per_token.6nd", "FLOP a token, 6 N D"},
        {"flops_per_token.exact", "FLOP a token, exact"},
        {"flops_per_token.paper", "FLOP a token, paper"},
    };
    answer_show(top, &(Column){"run", "run"}, value_text(r->name));
    answer_show(top, &(Column){"state", "state"}, run_state_value(r->state));
    answer_show(top, &(Column){"reason", "reason"}, value_text(r->reason));
    answer_show(top, &(Column){"hash", "hash"}, value_text(r->hash));
    answer_set(top, "dir", value_text(r->dir));
    char *dir = arena_printf(&a->arena, "%s/%s", a->dir, r->dir);
    answer_show(top, &(Column){.heading = "directory"}, value_text(dir));
    answer_set(top, "architecture", value_text(r->architecture));
    answer_set(top, "size", value_text(r->size));
    answer_set(top, "seed", value_count(r->seed));
    answer_show(top, &(Column){"N", "N", "parameters"}, value_count(r->params));
    answer_show(top, &(Column){"N_total", "N with embeddings"}, value_count(r->params_total));
    answer_show(top, &(Column){"D", "D", "tokens"}, value_count(r->tokens));
    answer_show(top, &(Column){"steps", "steps"}, value_count(r->steps));
    answer_show(top, &(Column){"batch_tokens", "tokens a step"}, value_count(r->batch_tokens));
    answer_show(top, &flops[0], value_real(r->flops_6nd));
    answer_show(top, &flops[1], value_real(r->flops_exact));
    answer_show(top, &flops[2], value_real(r->flops_paper));
    answer_show(top, &(Column){"checkpoints_planned", "checkpoints planned"},
                value_count(r->checkpoints));
    answer_show(top, &(Column){"axes"}, value_json_text(r->axes));
}

static ErrCode tell_attempts(const CatalogArg *a, const RunView *v, AnswerNode *top, Err *err)
{
    static const Column column[] = {
        {"attempt", "attempt"},
        {"state", "state"},
        {"pid"},
        {"host", "host", .rank = 5},
        {"isa", "isa", .rank = 4},
        {"resumed_step", "from step", .rank = 1},
        {"started_ms"},
        {"ended_ms"},
        {.heading = "time", .format = NUMBER_DURATION, .rank = 1},
        {"exit_code", "exit", .rank = 1},
        {"exit_signal", "signal", .rank = 1},
        {"reason", "reason", .rank = 1, .is_prose = true},
        {"damaged_lines"},
        {"dir"},
        {"threads", "threads", .rank = 3},
        {"cores", .rank = 3},
        {"peak_rss_bytes", "memory", .format = NUMBER_BYTES, .rank = 2},
    };
    AnswerNode *table = answer_table(top, "attempts", "Attempts", COLUMNS(column));
    for (size_t i = 0; i < v->n_attempts; i++) {
        const CatalogAttempt *t = &v->attempts[i];
        char dir[FSX_PATH_BYTES];
        bool has_ended = t->ended_ms != CATALOG_NONE;
        double seconds = (double)(t->ended_ms - t->started_ms) / MS_PER_S;
        ErrCode rc = catalog_arg_attempt_file(a, v->run.dir, t->number, "", dir, err);
        if (rc != ERR_OK) {
            return rc;
        }
        answer_row(table, value_count(t->number), value_text(catalog_attempt_state_name(t->state)),
                   whole(t->pid), value_text(t->host), value_text(t->isa), whole(t->resumed_step),
                   value_count(t->started_ms), whole(t->ended_ms),
                   has_ended ? value_real(seconds) : value_none(), whole(t->exit_code),
                   whole(t->exit_signal), value_text(t->reason), value_count(t->damaged_lines),
                   value_text(dir), whole(t->threads), value_text(t->cores),
                   whole(t->peak_rss_bytes));
    }
    return ERR_OK;
}

static void tell_evaluations(const RunView *v, int64_t step, AnswerNode *row)
{
    AnswerNode *list = answer_list(row, "evaluations");
    for (size_t i = 0; i < v->n_evaluations; i++) {
        const CatalogEvaluation *e = &v->evaluations[i];
        if (e->step == step) {
            AnswerNode *o = answer_object(list, NULL);
            answer_set(o, "task", value_text(e->task));
            answer_set_json(o, "loss", json_real_or_name(e->loss));
            answer_set(o, "bits_per_byte", value_real(e->bits_per_byte));
            answer_set(o, "items", value_count(e->items));
        }
    }
}

static void tell_checkpoints(const RunView *v, AnswerNode *top)
{
    static const Column column[] = {
        {"step", "step"},
        {"tokens", "tokens", .rank = 1},
        {"state", "state"},
        {"path"},
        {"bytes", "size", .format = NUMBER_BYTES, .rank = 3},
        {"attempt"},
        {.heading = "loss", .format = NUMBER_FIXED},
        {.heading = "validation", .format = NUMBER_FIXED},
        {.heading = "bits/byte", .format = NUMBER_FIXED, .rank = 2},
    };
    AnswerNode *table = answer_table(top, "checkpoints", "Checkpoints", COLUMNS(column));
    for (size_t i = 0; i < v->n_checkpoints; i++) {
        const CatalogCheckpoint *k = &v->checkpoints[i];
        const CatalogEvaluation *e = validation_at(v, k->step);
        bool is_good = k->state == CATALOG_CHECKPOINT_COMPLETE;
        AnswerNode *row =
            answer_row(table, value_count(k->step), value_count(k->tokens),
                       value_toned(value_text(catalog_checkpoint_state_name(k->state)),
                                   is_good ? TONE_GOOD : TONE_WARN),
                       value_text(k->path), value_count(k->bytes), value_count(k->attempt),
                       value_real(k->train_loss), value_real(e ? e->loss : (double)NAN),
                       value_real(e ? e->bits_per_byte : (double)NAN));
        answer_set_json(row, "train_loss", json_real_or_name(k->train_loss));
        tell_evaluations(v, k->step, row);
    }
}

/* Its members one by one, under the names that overrides give them. */
static void tell_settings(const json_t *v, const char *before, AnswerNode *table)
{
    const char *key;
    json_t *child, *object = json_for_iteration(v);
    json_object_foreach(object, key, child)
    {
        Buf name = BUF_INIT, text = BUF_INIT;
        buf_printf(&name, "%s%s%s", before, *before ? "." : "", key);
        if (json_is_object(child)) {
            tell_settings(child, buf_str(&name), table);
        } else if (*before || strcmp(key, "run") != 0) { /* the hash is told above */
            json_line(child, &text);
            answer_row(
                table, value_text(buf_str(&name)),
                value_text(json_is_string(child) ? json_string_value(child) : buf_str(&text)));
        }
        buf_release(&name);
        buf_release(&text);
    }
}

static ErrCode tell_config(const CatalogRun *r, AnswerNode *top, Err *err)
{
    static const Column column[] = {{.heading = "setting"}, {.heading = "value", .is_prose = true}};
    json_t *config = json_loads(r->config, 0, NULL);
    if (!config) {
        return err_set(err, ERR_FORMAT, "run %s: the catalog's configuration is not JSON", r->name);
    }
    AnswerNode *table = answer_table(top, NULL, "Configuration (config.json)", column, 2);
    answer_table_use(table, TABLE_FOR_PEOPLE);
    tell_settings(config, "", table);
    answer_set_json(top, "config", config);
    return ERR_OK;
}

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    CatalogArg a;
    RunView v = {0};
    (void)opts;
    (void)argc;
    ErrCode rc = catalog_arg_open(s, argv[0], s->fit.dir, &a, err);
    if (rc == ERR_OK) {
        rc = read_view(&a, argv[1], &v, err);
    }
    if (rc == ERR_OK) {
        AnswerNode *top = answer_top(&s->answer);
        tell_head(&a, &v.run, top);
        tell_checkpoints(&v, top);
        rc = tell_attempts(&a, &v, top, err);
        rc = rc == ERR_OK ? tell_config(&v.run, top, err) : rc;
    }
    catalog_arg_close(&a);
    return rc;
}

const Command command_show = {
    .name = "show",
    .args = "STUDY RUN",
    .summary = "everything about one run: attempts, checkpoints, losses, configuration",
    .description = "RUN is a name (slaw ls), a folder's name, or the first digits of the hash.",
    .groups = {&group_study},
    .examples = {"slaw show runs/quickstart llama-27k",
                 "slaw show runs/quickstart llama-27k --format csv --table attempts"},
    .run = run,
};
