#include "trainer/worker/describe.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/core/kern.h"
#include "trainer/worker/measure.h"

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
    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:o}", "name", a->name, "title", a->title, "color",
                     a->color, "code", a->code, "source", a->source, "options", options);
}

static json_t *isas_json(void)
{
    json_t *list = json_array();
    for (size_t i = 0; kern_isa_name(i); i++) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "isa", kern_isa_name(i), "status", kern_isa_status(i)));
    }
    return list;
}

/* SLAW_ISA as it stands, null without it; and whether it names an ISA of this build. */
static json_t *cap_json(bool *ret_is_known)
{
    /* Nothing here sets the environment. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *cap = getenv("SLAW_ISA");
    *ret_is_known = false;
    for (size_t i = 0; cap && kern_isa_name(i); i++) {
        *ret_is_known = *ret_is_known || strcmp(cap, kern_isa_name(i)) == 0;
    }
    return cap ? json_string(cap) : json_null();
}

json_t *describe_json(void)
{
    bool is_known = false;
    json_t *archs = json_array(), *isas = json_array(), *cap = cap_json(&is_known);
    for (size_t i = 0; i < arch_count(); i++) {
        (void)json_array_append_new(archs, arch_json(arch_at(i)));
    }
    for (size_t i = 0; kern_isa_name(i); i++) {
        if (kern_for_isa(kern_isa_name(i))) {
            (void)json_array_append_new(isas, json_string(kern_isa_name(i)));
        }
    }
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:o}", "schema", 1, "program",
                     "slaw-worker", "version", SLAW_VERSION, "isa", kern_get()->isa, "isas", isas,
                     "isa_status", isas_json(), "isa_cap", cap, "isa_cap_is_known", is_known,
                     "architectures", archs);
}

enum { PROBE_LAYERS = 3, PROBE_WIDTH = 96, PROBE_HEADS = 3, PROBE_VOCABULARY = 256 };
enum { PROBE_BATCH = 8, PROBE_SEQUENCE = 256 };

ErrCode probe_json(Precision precision, double seconds, json_t **ret, Err *err)
{
    const ModelShape shape = arch_shape(arch_at(0), PROBE_LAYERS, PROBE_WIDTH, PROBE_HEADS,
                                        arch_default_mlp_width(PROBE_WIDTH), PROBE_VOCABULARY);
    const Measure what = {.shape = &shape,
                          .precision = precision,
                          .sequence = PROBE_SEQUENCE,
                          .sequences = PROBE_BATCH,
                          .threads = 1,
                          .seconds = seconds};
    Speed s = {.steps = 0};
    ErrCode rc = measure_speed(&what, &s, err);
    if (rc != ERR_OK) {
        return rc;
    }
    const double tokens = (double)(PROBE_BATCH * PROBE_SEQUENCE);
    double rate = tokens / (tokens / s.tokens_per_s + s.update_s);
    *ret = json_pack(
        "{s:i, s:s, s:s, s:f, s:f, s:I}", "schema", 1, "isa", kern_get()->isa, "precision",
        precision == PRECISION_BF16 ? "bf16" : "f32", "flops_per_second",
        round(rate * (arch_flops_exact(&shape, PROBE_SEQUENCE) + arch_flops_head(&shape))),
        "tokens_per_second", round(rate), "steps", (json_int_t)s.steps);
    return *ret ? ERR_OK : err_nomem(err, "the probe");
}
