/* tnl/model.c -- TransNormerLLM: the gated linear mixer with one fixed decay a head and
 * layer. */
#include <math.h>

#include "trainer/models/layers/gated_linear.h"
#include "trainer/models/ops.h"

static bool tnl_has_lrpe(const Model *m, size_t i)
{
    return i == 0 && arch_option(&m->shape, "lrpe_layer0") != 0.0;
}

static bool tnl_open(Model *m)
{
    m->own = arena_alloc(&m->arena, sizeof(GatedLinear));
    return m->own && gated_open(m, tnl_has_lrpe);
}

/* ALiBi's slope of a head (arXiv:2108.12409): geometric when the heads are a power of two,
 * else those of the power below, followed by every second one of the power above. */
static double alibi_slope(size_t head, size_t heads)
{
    size_t power = 1;
    while (power * 2 <= heads) {
        power *= 2;
    }
    if (head < power) {
        return exp2(-8.0 * (double)(head + 1) / (double)power);
    }
    size_t twice = 2 * (head - power); /* 0, 2, 4, ... of the slopes for 2 * power */
    return exp2(-8.0 * (double)(twice + 1) / (double)(2 * power));
}

/* -ln lambda of a head in a layer: as in the released code, or as eq. 10 prints it. */
static double decay_rate(const Model *m, size_t layer, size_t head)
{
    double i = (double)layer, l = (double)m->l;
    if (arch_option(&m->shape, "printed_decay") != 0.0) {
        return 8.0 * (double)head / (double)m->h * (1.0 - i / l);
    }
    double depth = m->l > 1 ? 1.0 - i / (l - 1.0) + 1e-5 : 1.0 + 1e-5;
    return alibi_slope(head, m->h) * depth;
}

static void tnl_layout(Model *m, Mem *mem)
{
    gated_layout(m, DECAY_SCALAR, mem);
}

/* Nothing here depends on trained values: the tables are made once. */
static void tnl_derive(Model *m)
{
    GatedLinear *w = m->own;
    if (w->has_tables) {
        return;
    }
    w->has_tables = true;
    for (size_t i = 0; i < m->l; i++) {
        for (size_t j = 0; j < m->h; j++) {
            linattn_set_rate(&w->layer[i].attn[j], decay_rate(m, i, j));
        }
    }
    gated_set_theta(m);
    gated_derive_angles(m);
}

const ModelOps model_ops_tnl = {
    .name = "tnl",
    .open = tnl_open,
    .layout = tnl_layout,
    .derive = tnl_derive,
    MODEL_MIX(gated),
    .decode_reset = gated_decode_reset,
};
