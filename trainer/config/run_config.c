#include "trainer/config/run_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/names.h"
#include "common/quantity.h"

static const double pi = 3.14159265358979323846;

/* ---- model -------------------------------------------------------------------------- */

static ErrCode read_option(const char *key, const json_t *v, ModelShape *s, Err *err)
{
    int i = arch_option_index(s->arch, key);
    if (i < 0) {
        return err_set(err, ERR_FORMAT, "\"%s\" is not an option of %s", key, s->arch->name);
    }
    if (s->arch->options[i].kind == ARCH_OPTION_BOOL) {
        if (!json_is_boolean(v)) {
            return err_set(err, ERR_FORMAT, "\"%s\" must be true or false", key);
        }
        s->option[i] = json_is_true(v) ? 1.0 : 0.0;
        return ERR_OK;
    }
    if (!json_is_number(v)) {
        return err_set(err, ERR_FORMAT, "\"%s\" must be a number", key);
    }
    s->option[i] = json_number_value(v);
    return ERR_OK;
}

/* Every member of `model` that is not one of the common shape is an option. */
static ErrCode read_options(json_t *model, ModelShape *s, Err *err)
{
    static const char *const common[] = {"architecture", "layers",    "width",      "heads",
                                         "head_width",   "mlp_width", "vocabulary", "norm_eps"};
    const char *key;
    json_t *v;
    json_object_foreach(model, key, v)
    {
        bool is_common = false;
        for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
            is_common = is_common || strcmp(key, common[i]) == 0;
        }
        if (!is_common && read_option(key, v, s, err) != ERR_OK) {
            return err->code;
        }
    }
    return ERR_OK;
}

static ErrCode find_arch(const json_t *model, const Arch **ret, Err *err)
{
    const char *name = NULL;
    ErrCode rc = json_get_str(model, "architecture", &name, err);
    if (rc != ERR_OK) {
        return rc;
    }
    const Arch *arch = arch_find(name);
    if (!arch) {
        return err_set(err, ERR_INVALID, "there is no architecture \"%s\"", name);
    }
    *ret = arch;
    return ERR_OK;
}

static ErrCode check_model(const ModelShape *s, int64_t head_width, Err *err)
{
    ErrCode rc = arch_check(s, err);
    if (rc == ERR_OK && head_width != s->width / s->heads) {
        rc = err_set(err, ERR_INVALID, "\"head_width\" must be width / heads (%lld / %lld)",
                     (long long)s->width, (long long)s->heads);
    }
    return rc;
}

static ErrCode read_model(const json_t *config, ModelShape *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *model = NULL;
    const Arch *arch = NULL;
    int64_t l = 0, d = 0, h = 0, p = 0, g = 0, v = 0;
    ModelShape s = {0};
    TRY(json_get_obj(config, "model", &model, err));
    TRY(find_arch(model, &arch, err));
    TRY(json_get_i64(model, "layers", &l, err));
    TRY(json_get_i64(model, "width", &d, err));
    TRY(json_get_i64(model, "heads", &h, err));
    TRY(json_get_i64(model, "head_width", &p, err));
    TRY(json_get_i64(model, "mlp_width", &g, err));
    TRY(json_get_i64(model, "vocabulary", &v, err));
    s = arch_shape(arch, l, d, h, g, v);
    TRY(json_get_f64(model, "norm_eps", &s.norm_eps, err));
    TRY(read_options(model, &s, err));
    TRY(check_model(&s, p, err));
    *ret = s;
done:
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "model");
}

/* ---- training ----------------------------------------------------------------------- */

typedef struct ScheduleName {
    const char *name;
    ScheduleKind kind;
    bool has_floor, has_decay;
} ScheduleName;

static const ScheduleName schedule_name[] = {{"constant", SCHEDULE_CONSTANT, false, false},
                                             {"cosine", SCHEDULE_COSINE, true, false},
                                             {"wsd", SCHEDULE_WSD, true, true}};

static ErrCode read_schedule_of(const json_t *s, const ScheduleName *n, Schedule *ret, Err *err)
{
    Schedule out = {.kind = n->kind, .floor = 1.0};
    ErrCode rc = json_get_i64(s, "warmup", &out.warmup_steps, err);
    if (rc == ERR_OK && n->has_floor) {
        rc = json_get_f64(s, "floor", &out.floor, err);
    }
    if (rc == ERR_OK && n->has_decay) {
        rc = json_get_f64(s, "decay", &out.decay_fraction, err);
    }
    bool is_good = out.warmup_steps >= 0 && out.floor >= 0.0 && out.floor <= 1.0 &&
                   out.decay_fraction >= 0.0 && out.decay_fraction <= 1.0;
    if (rc == ERR_OK && !is_good) {
        rc = err_set(err, ERR_INVALID,
                     "schedule: warmup must not be negative, floor and decay lie in [0, 1]");
    }
    if (rc == ERR_OK) {
        *ret = out;
    }
    return rc;
}

static ErrCode read_schedule(const json_t *training, Schedule *ret, Err *err)
{
    json_t *outer = NULL;
    ErrCode rc = json_get_obj(training, "schedule", &outer, err);
    if (rc != ERR_OK) {
        return rc;
    }
    for (size_t i = 0; i < sizeof schedule_name / sizeof schedule_name[0]; i++) {
        const json_t *s = json_object_get(outer, schedule_name[i].name);
        if (s) {
            return read_schedule_of(s, &schedule_name[i], ret, err);
        }
    }
    return err_set(err, ERR_FORMAT, "\"schedule\" must hold constant, cosine or wsd");
}

/* One of two names, into a variable of the enumeration that they name. */
static ErrCode read_one_of(const json_t *obj, const char *key, const char *const names[2],
                           void *ret, Err *err)
{
    const char *name = NULL;
    ErrCode rc = json_get_str(obj, key, &name, err);
    if (rc != ERR_OK || name_parse(name, names, 2, ret)) {
        return rc;
    }
    return err_set(err, ERR_INVALID, "\"%s\" must be %s or %s, not \"%s\"", key, names[0], names[1],
                   name);
}

static const char *const precision_name[2] = {[PRECISION_F32] = "f32", [PRECISION_BF16] = "bf16"};
static const char *const spacing_name[2] = {[SPACING_LOG] = "log", [SPACING_LINEAR] = "linear"};

static ErrCode read_betas(const json_t *adamw, RunConfig *c, Err *err)
{
    const json_t *betas = json_object_get(adamw, "betas");
    if (json_array_size(betas) != 2 || !json_is_number(json_array_get(betas, 0)) ||
        !json_is_number(json_array_get(betas, 1))) {
        return err_set(err, ERR_FORMAT, "\"betas\" must be two numbers");
    }
    c->beta1 = json_number_value(json_array_get(betas, 0));
    c->beta2 = json_number_value(json_array_get(betas, 1));
    bool is_good = c->lr >= 0.0 && c->adam_eps > 0.0 && c->weight_decay >= 0.0 && c->beta1 >= 0.0 &&
                   c->beta1 < 1.0 && c->beta2 >= 0.0 && c->beta2 < 1.0;
    return is_good ? ERR_OK
                   : err_set(err, ERR_INVALID,
                             "adamw: lr and weight_decay must not be negative, eps must be "
                             "positive, betas lie in [0, 1)");
}

static ErrCode read_adamw(const json_t *training, RunConfig *c, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *optimizer = NULL, *adamw = NULL;
    TRY(json_get_obj(training, "optimizer", &optimizer, err));
    TRY(json_get_obj(optimizer, "adamw", &adamw, err));
    TRY(json_get_f64(adamw, "lr", &c->lr, err));
    TRY(json_get_f64(adamw, "eps", &c->adam_eps, err));
    TRY(json_get_f64(adamw, "weight_decay", &c->weight_decay, err));
    TRY(read_betas(adamw, c, err));
done:
    return rc;
}

static ErrCode check_training(const RunConfig *c, Err *err)
{
    if (c->tokens < 1 || c->sequence < 1 || c->batch_tokens < 1 || c->clip < 0.0 ||
        !(c->diverged_above > 0.0)) {
        return err_set(err, ERR_INVALID,
                       "tokens, sequence, batch and diverged_above must be positive, clip must "
                       "not be negative");
    }
    if (c->batch_tokens % c->sequence != 0) {
        return err_set(err, ERR_INVALID, "batch must be a multiple of sequence (%lld / %lld)",
                       (long long)c->batch_tokens, (long long)c->sequence);
    }
    return ERR_OK;
}

static ErrCode read_training(const json_t *config, RunConfig *c, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *t = NULL;
    TRY(json_get_obj(config, "training", &t, err));
    TRY(json_get_i64(t, "tokens", &c->tokens, err));
    TRY(json_get_i64(t, "sequence", &c->sequence, err));
    TRY(json_get_i64(t, "batch", &c->batch_tokens, err));
    TRY(json_get_f64(t, "clip", &c->clip, err));
    TRY(json_get_f64(t, "diverged_above", &c->diverged_above, err));
    TRY(read_one_of(t, "precision", precision_name, &c->precision, err));
    TRY(read_adamw(t, c, err));
    TRY(read_schedule(t, &c->schedule, err));
    TRY(check_training(c, err));
    c->steps = (c->tokens - 1) / c->batch_tokens + 1;
done:
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "training");
}

/* ---- the rest ----------------------------------------------------------------------- */

static ErrCode read_checkpoints(const json_t *config, RunConfig *c, Err *err)
{
    ErrCode rc = ERR_OK;
    json_t *k = NULL;
    TRY(json_get_obj(config, "checkpoints", &k, err));
    TRY(json_get_i64(k, "count", &c->checkpoint_count, err));
    TRY(json_get_i64(k, "first", &c->checkpoint_first_tokens, err));
    TRY(read_one_of(k, "spacing", spacing_name, &c->checkpoint_spacing, err));
    if (c->checkpoint_count < 1 || c->checkpoint_first_tokens < 1) {
        rc = err_set(err, ERR_INVALID, "count and first must be positive");
    }
done:
    return rc == ERR_OK ? ERR_OK : err_wrap(err, "checkpoints");
}

static bool lists(const json_t *array, const char *word)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *s = json_string_value(json_array_get(array, i));
        if (s && strcmp(s, word) == 0) {
            return true;
        }
    }
    return false;
}

static ErrCode read_name(const json_t *config, char out[RUN_NAME_BYTES], Err *err)
{
    const char *name = NULL;
    ErrCode rc = json_get_str(config, "name", &name, err);
    if (rc == ERR_OK && (size_t)snprintf(out, RUN_NAME_BYTES, "%s", name) >= RUN_NAME_BYTES) {
        rc = err_set(err, ERR_FORMAT, "\"name\" is longer than %d bytes", RUN_NAME_BYTES - 1);
    }
    return rc;
}

/* A number from 1, or "auto". */
static ErrCode read_threads(const json_t *config, int64_t *ret, Err *err)
{
    const char *word = json_string_value(json_object_get(config, "threads"));
    if (word && strcmp(word, "auto") == 0) {
        *ret = THREADS_AUTO;
        return ERR_OK;
    }
    ErrCode rc = json_get_i64(config, "threads", ret, err);
    return rc == ERR_OK && *ret < 1
               ? err_set(err, ERR_INVALID, "threads must be positive, or \"auto\"")
               : rc;
}

static ErrCode read_head(const json_t *config, RunConfig *c, Err *err)
{
    ErrCode rc = ERR_OK;
    int64_t schema = 0;
    json_t *corpus = NULL;
    TRY(json_get_i64(config, "schema", &schema, err));
    TRY(read_name(config, c->name, err));
    TRY(json_get_i64(config, "seed", &c->seed, err));
    TRY(read_threads(config, &c->threads, err));
    TRY(json_get_obj(config, "corpus", &corpus, err));
    TRY(json_get_bool(corpus, "repeat", &c->repeat, err));
    c->evaluates_validation = lists(json_object_get(config, "evaluation"), "validation");
    if (schema != 1) {
        rc =
            err_set(err, ERR_FORMAT, "\"schema\" is %lld; this program reads 1", (long long)schema);
    } else if (c->seed < 0) {
        rc = err_set(err, ERR_INVALID, "seed must not be negative");
    }
done:
    return rc;
}

/* "run", where it is stated, is the digest of the rest. */
static ErrCode check_run(const json_t *config, const char *hash, Err *err)
{
    const char *stated = json_string_value(json_object_get(config, "run"));
    if (!stated || strcmp(stated, hash) == 0) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_INVALID, "\"run\" is not the digest of this configuration");
    return err_hint(err, "the file was edited; change the study file instead");
}

ErrCode run_config_from_json(const json_t *config, RunConfig *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    RunConfig c = {0};
    TRY(read_head(config, &c, err));
    TRY(read_model(config, &c.shape, err));
    TRY(read_training(config, &c, err));
    TRY(read_checkpoints(config, &c, err));
    TRY(run_config_identity(config, c.hash, err));
    TRY(check_run(config, c.hash, err));
    *ret = c;
done:
    return rc;
}

/* ---- identity ----------------------------------------------------------------------- */

/* The members that change the numbers, as new references in a new object; NULL when
 * memory is short or one is missing (then *ret_missing names it). */
static json_t *identity_object(const json_t *config, const char **ret_missing)
{
    static const char *const part[] = {"model", "corpus", "training", "checkpoints", "seed"};
    json_t *out = json_object();
    for (size_t i = 0; out && i < sizeof part / sizeof part[0]; i++) {
        json_t *v = json_object_get(config, part[i]);
        if (!v) {
            *ret_missing = part[i];
            json_decref(out);
            return NULL;
        }
        json_t *copy = json_deep_copy(v);
        if (json_object_set_new(out, part[i], copy) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    (void)json_object_del(json_object_get(out, "checkpoints"), "keep"); /* absent is fine */
    return out;
}

ErrCode run_config_identity_text(const json_t *config, Buf *out, Err *err)
{
    const char *missing = NULL;
    json_t *id = identity_object(config, &missing);
    if (!id) {
        return missing ? err_set(err, ERR_FORMAT, "\"%s\" is missing", missing)
                       : err_nomem(err, "the identity of a run");
    }
    json_canonical(id, out);
    json_decref(id);
    return buf_ok(out, err);
}

ErrCode run_config_identity(const json_t *config, char out[SHA256_HEX_BYTES], Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = run_config_identity_text(config, &text, err);
    if (rc == ERR_OK) {
        rc = hash_sha256(buf_str(&text), text.len, out, err);
    }
    buf_release(&text);
    return rc;
}

/* ---- checkpoint steps ---------------------------------------------------------------- */

/* The i-th of n steps between first and last, before neighbours are kept apart. */
static int64_t ideal_step(Spacing spacing, int64_t first, int64_t last, int64_t i, int64_t n)
{
    double share = (double)i / (double)(n - 1);
    double span = (double)(last - first);
    return spacing == SPACING_LINEAR
               ? first + llround(share * span)
               : llround((double)first * pow((double)last / (double)first, share));
}

ErrCode run_config_checkpoint_steps(const RunConfig *c, int64_t *steps, Err *err)
{
    int64_t n = c->checkpoint_count, last = c->steps;
    if (n == 1) {
        steps[0] = last;
        return ERR_OK;
    }
    int64_t first = (c->checkpoint_first_tokens - 1) / c->batch_tokens + 1;
    if (first > last || last - first + 1 < n) {
        (void)err_set(err, ERR_INVALID,
                      "%lld checkpoints do not fit: the first is at step %lld and the run has %lld "
                      "steps of %lld tokens",
                      (long long)n, (long long)first, (long long)last, (long long)c->batch_tokens);
        return err_hint(err, "fewer checkpoints, an earlier first one, a smaller batch or more "
                             "tokens");
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t s = ideal_step(c->checkpoint_spacing, first, last, i, n);
        if (i > 0 && s <= steps[i - 1]) {
            s = steps[i - 1] + 1; /* early log steps are less than one apart */
        }
        int64_t highest = last - (n - 1 - i); /* leaves room for those that follow */
        steps[i] = s < highest ? s : highest;
    }
    steps[0] = first;
    steps[n - 1] = last;
    return ERR_OK;
}

/* ---- learning rate ------------------------------------------------------------------- */

static double wsd_factor(const Schedule *s, int64_t steps, int64_t step)
{
    int64_t n_decay = llround(s->decay_fraction * (double)steps);
    int64_t start = steps - n_decay;
    if (step <= start) {
        return 1.0;
    }
    return 1.0 - (1.0 - s->floor) * (double)(step - start) / (double)n_decay;
}

static double cosine_factor(const Schedule *s, int64_t steps, int64_t step)
{
    double share = (double)(step - s->warmup_steps) / (double)(steps - s->warmup_steps);
    return s->floor + (1.0 - s->floor) * 0.5 * (1.0 + cos(pi * share));
}

double run_config_lr(const RunConfig *c, int64_t step)
{
    const Schedule *s = &c->schedule;
    if (step < s->warmup_steps) {
        return c->lr * (double)step / (double)s->warmup_steps;
    }
    switch (s->kind) {
    case SCHEDULE_COSINE:
        return c->lr * (step >= c->steps ? s->floor : cosine_factor(s, c->steps, step));
    case SCHEDULE_WSD:
        return c->lr * wsd_factor(s, c->steps, step);
    case SCHEDULE_CONSTANT:
        break;
    }
    return c->lr;
}
