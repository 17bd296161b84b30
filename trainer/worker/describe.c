#include "trainer/worker/describe.h"

#include <math.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/rng.h"
#include "trainer/models/model.h"
#include "trainer/optim/optim.h"
#include "trainer/worker/tensors.h"

static json_t *option_json(const ArchOption *o)
{
    if (o->kind == ARCH_OPTION_BOOL) {
        return json_pack("{s:s, s:s, s:b, s:s}", "name", o->name, "kind", "bool", "default",
                         o->default_value != 0.0, "help", o->help);
    }
    return json_pack("{s:s, s:s, s:f, s:f, s:f, s:s}", "name", o->name, "kind", "number", "default",
                     o->default_value, "lo", o->lo, "hi", o->hi, "help", o->help);
}

static json_t *arch_json(const Arch *a)
{
    json_t *options = json_array();
    for (size_t i = 0; i < ARCH_MAX_OPTIONS && a->options[i].name; i++) {
        (void)json_array_append_new(options, option_json(&a->options[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:o}", "name", a->name, "title", a->title, "source",
                     a->source, "options", options);
}

json_t *describe_json(void)
{
    json_t *archs = json_array(), *isas = json_array();
    for (size_t i = 0; i < arch_count(); i++) {
        (void)json_array_append_new(archs, arch_json(arch_at(i)));
    }
    for (size_t i = 0; kern_isa_name(i); i++) {
        if (kern_for_isa(kern_isa_name(i))) {
            (void)json_array_append_new(isas, json_string(kern_isa_name(i)));
        }
    }
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o}", "schema", 1, "program", "slaw-worker",
                     "version", SLAW_VERSION, "isa", kern_get()->isa, "isas", isas, "architectures",
                     archs);
}

enum { PROBE_LAYERS = 3, PROBE_WIDTH = 96, PROBE_HEADS = 3, PROBE_VOCABULARY = 256 };
enum { PROBE_BATCH = 8, PROBE_SEQUENCE = 256, PROBE_TOKENS = PROBE_BATCH * PROBE_SEQUENCE };
static const size_t probe_window_tokens = PROBE_TOKENS + PROBE_BATCH; /* [B, n+1] */

/* Steps until `seconds` have passed, the first (cold) one not counted. */
static double time_steps(Model *m, Optim *o, const uint16_t *tokens, double seconds,
                         int64_t *ret_steps)
{
    int64_t steps = -1;
    MonoNs start = 0;
    double passed = 0.0;
    do {
        if (steps == 0) {
            start = clock_mono_ns();
        }
        (void)model_loss_grad(m, tokens, PROBE_BATCH, PROBE_SEQUENCE);
        double norm = optim_grad_norm(o, model_grads(m));
        optim_step(o, steps + 2, 1e-3, norm, model_grads(m), model_params(m));
        model_params_changed(m);
        steps++;
        passed = steps > 0 ? (double)(clock_mono_ns() - start) / (double)NS_PER_S : 0.0;
    } while (steps < 1 || passed < seconds);
    *ret_steps = steps;
    return passed;
}

ErrCode probe_json(double seconds, json_t **ret, Err *err)
{
    ErrCode rc = ERR_OK;
    const int64_t mlp = arch_default_mlp_width(PROBE_WIDTH);
    const ModelShape shape =
        arch_shape(arch_at(0), PROBE_LAYERS, PROBE_WIDTH, PROBE_HEADS, mlp, PROBE_VOCABULARY);
    const RunConfig config = {.beta1 = 0.9, .beta2 = 0.95, .adam_eps = 1e-8, .clip = 1.0};
    Arena arena = ARENA_INIT;
    Model *m = NULL;
    Optim o;
    int64_t steps = 0;
    double passed = 0.0, rate = 0.0;
    uint16_t *tokens = arena_array(&arena, probe_window_tokens, sizeof *tokens);
    OptimRange *range = NULL;

    TRY(model_open(&shape,
                   &(ModelHow){.use = MODEL_TRAIN,
                               .batch = PROBE_BATCH,
                               .seq = PROBE_SEQUENCE,
                               .kern = kern_get()},
                   &m, err));
    range = arena_array(&arena, model_tensor_count(m), sizeof *range);
    if (!tokens || !range) {
        rc = err_nomem(err, "the probe");
        goto done;
    }
    for (size_t i = 0; i < probe_window_tokens; i++) {
        tokens[i] = (uint16_t)(rng_u64(1, rng_stream(RNG_SAMPLER, 0), i) % PROBE_VOCABULARY);
    }
    TRY(optim_init(&config, kern_get(), range, tensors_ranges(m, range), model_param_count(m),
                   &arena, &o, err));
    model_init(m, 1);
    passed = time_steps(m, &o, tokens, seconds, &steps);
    rate = (double)(steps * PROBE_TOKENS) / passed;
    *ret = json_pack(
        "{s:i, s:s, s:f, s:f, s:I}", "schema", 1, "isa", kern_get()->isa, "flops_per_second",
        round(rate * (arch_flops_exact(&shape, PROBE_SEQUENCE) + arch_flops_head(&shape))),
        "tokens_per_second", round(rate), "steps", (json_int_t)steps);
    rc = *ret ? ERR_OK : err_nomem(err, "the probe");
done:
    model_close(m);
    arena_release(&arena);
    return rc;
}
