#include <math.h>
#include <string.h>

#include "tests/support/check_close.h"
#include "tests/support/suite.h"
#include "trainer/optim/optim.h"

enum { N = 37, N_DECAYED = 20 };

static const OptimRange two_ranges[] = {{0, N_DECAYED, true}, {N_DECAYED, N - N_DECAYED, false}};

static RunConfig config(double clip)
{
    return (RunConfig){.lr = 3e-3,
                       .beta1 = 0.9,
                       .beta2 = 0.95,
                       .adam_eps = 1e-8,
                       .weight_decay = 0.1,
                       .clip = clip};
}

static Optim open_optim(const RunConfig *c, Arena *arena)
{
    Err err = ERR_INIT;
    Optim o;
    ck_assert_msg(optim_init(c, kern_get(), two_ranges, 2, N, arena, &o, &err) == ERR_OK, "%s",
                  err.msg);
    return o;
}

/* A gradient with entropy that depends on step and parameter. */
static double gradient(int step, size_t i)
{
    return sin(1.7 * step + 0.61 * (double)i) * (0.02 + 0.01 * (double)(i % 7));
}

/* The published algorithm, in double, as plainly as it can be written. */
typedef struct Reference {
    double p[N], m[N], v[N];
} Reference;

static void reference_step(Reference *r, int step, double lr, double clip)
{
    double norm = 0.0;
    for (size_t i = 0; i < N; i++) {
        norm += gradient(step, i) * gradient(step, i);
    }
    norm = sqrt(norm);
    double scale = clip > 0.0 && norm > clip ? clip / norm : 1.0;
    for (size_t i = 0; i < N; i++) {
        double g = gradient(step, i) * scale;
        r->m[i] = 0.9 * r->m[i] + 0.1 * g;
        r->v[i] = 0.95 * r->v[i] + 0.05 * g * g;
        double m_hat = r->m[i] / (1.0 - pow(0.9, step)), v_hat = r->v[i] / (1.0 - pow(0.95, step));
        double decay = i < N_DECAYED ? 0.1 * r->p[i] : 0.0;
        r->p[i] -= lr * (decay + m_hat / (sqrt(v_hat) + 1e-8));
    }
}

static void compare_100_steps(double clip)
{
    Arena arena = ARENA_INIT;
    RunConfig c = config(clip);
    Optim o = open_optim(&c, &arena);
    Reference r = {0};
    float p[N], g[N];
    double got[N];
    for (size_t i = 0; i < N; i++) {
        p[i] = (float)cos(0.37 * (double)i);
        r.p[i] = (double)p[i];
    }
    for (int step = 1; step <= 100; step++) {
        double lr = 1e-4 * step;
        for (size_t i = 0; i < N; i++) {
            g[i] = (float)gradient(step, i);
        }
        optim_step(&o, step, lr, optim_grad_norm(&o, g), g, p);
        reference_step(&r, step, lr, clip);
    }
    for (size_t i = 0; i < N; i++) {
        got[i] = (double)p[i];
    }
    /* Each step rounds p (|p| < 2) to 2^-24 |p| and the update (< 0.02) to a few 2^-24 of it:
     * 100 steps of at most 1.2e-7 + 1e-8 each, adding up at worst. */
    check_close_f64("p", N, got, r.p, 1.4e-5, 0.0);
    arena_release(&arena);
}

START_TEST(follows_the_published_algorithm_for_100_steps)
{
    compare_100_steps(0.0);
}
END_TEST

START_TEST(clipping_scales_the_gradient_to_the_bound)
{
    compare_100_steps(0.05); /* the norm is about 0.2 */
    compare_100_steps(10.0); /* never reached */
}
END_TEST

START_TEST(decay_leaves_other_parameters_alone)
{
    Arena arena = ARENA_INIT;
    RunConfig c = config(1.0);
    Optim o = open_optim(&c, &arena);
    float p[N], g[N] = {0};
    for (size_t i = 0; i < N; i++) {
        p[i] = 2.385F;
    }
    optim_step(&o, 1, 0.5, 0.0, g, p);
    for (size_t i = 0; i < N; i++) {
        /* a zero gradient moves nothing, decay takes lr wd = 5 % */
        float want = i < N_DECAYED ? fmaf(-0.5F, 0.1F * 2.385F, 2.385F) : 2.385F;
        ck_assert_msg(fabsf(p[i] - want) <= 2.4e-7F, "p[%zu] = %a", i, (double)p[i]);
    }
    arena_release(&arena);
}
END_TEST

START_TEST(the_norm_is_taken_in_double)
{
    Arena arena = ARENA_INIT;
    RunConfig c = config(1.0);
    Optim o = open_optim(&c, &arena);
    float g[N] = {3e30F, 4e30F}; /* the squares overflow a float */
    ck_assert(fabs(optim_grad_norm(&o, g) / 5e30 - 1.0) < 1e-6);
    g[5] = NAN;
    ck_assert(isnan(optim_grad_norm(&o, g)));
    arena_release(&arena);
}
END_TEST

START_TEST(neighbours_of_a_kind_are_joined)
{
    OptimRange r[] = {{0, 5, true}, {5, 2, true}, {7, 1, false}, {8, 1, false}, {9, 4, true}};
    ck_assert_uint_eq(optim_join_ranges(r, 5), 3);
    ck_assert_uint_eq(r[0].n, 7);
    ck_assert_uint_eq(r[1].begin, 7);
    ck_assert_uint_eq(r[1].n, 2);
    ck_assert(!r[1].is_decayed);
    ck_assert_uint_eq(r[2].begin, 9);
    ck_assert_uint_eq(optim_join_ranges(r, 0), 0);
}
END_TEST

START_TEST(bad_ranges_and_short_memory_are_refused)
{
    Arena arena = ARENA_INIT;
    Err err = ERR_INIT;
    RunConfig c = config(1.0);
    Optim o;
    ck_assert_int_eq(optim_init(&c, kern_get(), two_ranges, 1, N, &arena, &o, &err), ERR_INVALID);
    ck_assert_int_eq(optim_init(&c, kern_get(), two_ranges + 1, 1, N, &arena, &o, &err),
                     ERR_INVALID);
    arena_seal(&arena);
    ck_assert_int_eq(optim_init(&c, kern_get(), two_ranges, 2, N, &arena, &o, &err), ERR_NOMEM);
    arena_release(&arena);
}
END_TEST

START_TEST(the_promised_memory_is_enough)
{
    Arena arena = ARENA_INIT;
    RunConfig c = config(1.0);
    ck_assert(arena_reserve(&arena, optim_bytes(N)));
    Optim o = open_optim(&c, &arena);
    ck_assert_uint_le(arena.used_bytes, optim_bytes(N));
    ck_assert(o.m[0] == 0.0F && o.v[N - 1] == 0.0F);
    arena_release(&arena);
}
END_TEST

int main(void)
{
    return test_main((TestPlan){.name = "optim"});
}
