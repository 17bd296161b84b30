#include "trainer/models/layers/tpe.h"

#include <math.h>
#include <string.h>

void tpe_layout(Tpe *w, size_t seq, bool trains, Mem *mem)
{
    size_t c = TPE_CHUNK, chunks = (seq + c - 1) / c;
    w->power = mem_reals(mem, (c + 1) * w->e);
    w->reverse = mem_reals(mem, c * w->e);
    w->across = mem_reals(mem, w->d * w->e);
    w->filter = mem_reals(mem, c * w->d);
    w->state = mem_reals(mem, w->d * w->e);
    w->seen = mem_reals(mem, w->d * w->e);
    w->mb = mem_reals(mem, w->d * w->e);
    if (trains) {
        w->dfilter = mem_reals(mem, c * w->d);
        w->dpower = mem_reals(mem, (c + 1) * w->e);
        w->dreverse = mem_reals(mem, c * w->e);
        w->states = w->learns_decay ? mem_reals(mem, chunks * w->d * w->e) : NULL;
    }
}

void tpe_derive(Tpe *w, const double *lam)
{
    size_t c = TPE_CHUNK, e = w->e;
    for (size_t j = 0; j < e; j++) {
        for (size_t tau = 0; tau <= c; tau++) {
            w->power[tau * e + j] = (Real)pow(lam[j], (double)tau);
        }
        for (size_t s = 0; s < c; s++) {
            w->reverse[s * e + j] = w->power[(c - 1 - s) * e + j];
        }
    }
    for (size_t i = 0; i < w->d; i++) {
        memcpy(w->across + i * e, w->power + c * e, e * sizeof *w->across);
    }
    w->kern->gemm_nt(c, w->d, e, w->power, e, w->b, e, w->filter, w->d, KERN_SET);
}

/* Rows of a chunk of m: W[m-1-s]. */
static const Real *reverse_of(const Tpe *w, size_t m)
{
    return w->reverse + (TPE_CHUNK - m) * w->e;
}

/* The first of the count channels that a call works on, in arrays of [d,e]; x, y and their
 * like point to the first of their own. */
typedef struct Channels {
    size_t first, count;
    size_t at, size; /* first e, count e */
} Channels;

static Channels channels_of(const Tpe *w, size_t first, size_t count)
{
    return (Channels){.first = first, .count = count, .at = first * w->e, .size = count * w->e};
}

/* seen [count,e] = sum_s lam^(c-1-s) x_s over a whole chunk. */
static void chunk_seen(const Tpe *w, const Channels *c, const Real *x)
{
    w->kern->gemm_tn(c->count, w->e, TPE_CHUNK, x, w->d, w->reverse, w->e, w->seen + c->at, w->e,
                     KERN_SET);
}

/* state [count,e] moves over a whole chunk x. */
static void next_state(const Tpe *w, const Channels *c, const Real *x, Real *state)
{
    chunk_seen(w, c, x);
    w->kern->mul(c->size, state, w->across + c->at, state);
    w->kern->mul_add(c->size, w->b + c->at, w->seen + c->at, state);
}

void tpe_forward(Tpe *w, size_t first, size_t count, size_t n, const Real *x, Real *y)
{
    const Kern *k = w->kern;
    size_t d = w->d, e = w->e;
    Channels c = channels_of(w, first, count);
    Real *state = w->state + c.at;
    memset(state, 0, c.size * sizeof *state);
    for (size_t s = 0; s < n; s += TPE_CHUNK) {
        size_t m = n - s < TPE_CHUNK ? n - s : TPE_CHUNK;
        const Real *xs = x + s * d + first;
        Real *ys = y + s * d + first;
        k->gemm_nt(m, count, e, w->power + e, e, state, e, ys, d, KERN_SET);
        k->filter(m, count, d, w->filter + first, xs, ys);
        if (m == TPE_CHUNK) { /* a shorter chunk is the last: its end state is not used */
            next_state(w, &c, xs, state);
        }
    }
}

/* dW of the powers that a chunk uses; r [d,e] is the gradient of the state after it. */
static void chunk_power_grad(const Tpe *w, size_t m, const Real *state, const Real *x,
                             const Real *dy, const Real *r, bool has_after)
{
    const Kern *k = w->kern;
    size_t d = w->d, e = w->e;
    k->gemm_nn(m, e, d, dy, d, state, e, w->dpower + e, e, KERN_ADD);
    if (has_after) {
        for (size_t i = 0; i < d; i++) {
            k->mul_add(e, state + i * e, r + i * e, w->dpower + TPE_CHUNK * e);
        }
        k->gemm_nn(TPE_CHUNK, e, d, x, d, w->mb, e, w->dreverse, e, KERN_ADD);
    }
}

/* The state before every chunk, again. */
static void recall_states(const Tpe *w, size_t chunks, const Real *x)
{
    size_t size = w->d * w->e;
    Channels all = channels_of(w, 0, w->d);
    memset(w->states, 0, size * sizeof *w->states);
    for (size_t c = 1; c < chunks; c++) {
        Real *state = w->states + c * size;
        memcpy(state, state - size, size * sizeof *state);
        next_state(w, &all, x + (c - 1) * TPE_CHUNK * w->d, state);
    }
}

void tpe_backward(Tpe *w, size_t first, size_t count, size_t n, const Real *x, const Real *dy,
                  Real *dx, Real *db)
{
    const Kern *k = w->kern;
    size_t d = w->d, e = w->e, chunks = (n + TPE_CHUNK - 1) / TPE_CHUNK;
    Channels all = channels_of(w, first, count);
    Real *r = w->state + all.at; /* gradient of the state after the chunk */
    Real *mb = w->mb + all.at;
    if (count == 0) {
        return;
    }
    if (w->learns_decay) {
        recall_states(w, chunks, x);
    }
    memset(r, 0, all.size * sizeof *r);
    for (size_t c = chunks; c-- > 0;) {
        size_t s = c * TPE_CHUNK, m = n - s < TPE_CHUNK ? n - s : TPE_CHUNK, at = s * d + first;
        bool has_after = c + 1 < chunks;
        k->filter_grad(m, count, d, w->filter + first, x + at, dy + at, dx + at,
                       w->dfilter + first);
        if (has_after) {
            k->mul(all.size, w->b + all.at, r, mb);
            k->gemm_nt(m, count, e, reverse_of(w, m), e, mb, e, dx + at, d, KERN_ADD);
            chunk_seen(w, &all, x + at);
            k->mul_add(all.size, r, w->seen + all.at, db + all.at);
        }
        if (w->learns_decay) {
            chunk_power_grad(w, m, w->states + c * d * e, x + at, dy + at, r, has_after);
        }
        k->mul(all.size, r, w->across + all.at, r);
        k->gemm_tn(count, e, m, dy + at, d, w->power + e, e, r, e, KERN_ADD);
    }
}

void tpe_grads_begin(Tpe *w)
{
    memset(w->dfilter, 0, TPE_CHUNK * w->d * sizeof *w->dfilter);
    memset(w->dpower, 0, (TPE_CHUNK + 1) * w->e * sizeof *w->dpower);
    memset(w->dreverse, 0, TPE_CHUNK * w->e * sizeof *w->dreverse);
}

void tpe_grads_end(Tpe *w, const double *lam, Real *db, double *dlam)
{
    const Kern *k = w->kern;
    size_t c = TPE_CHUNK, d = w->d, e = w->e;
    k->gemm_tn(d, e, c, w->dfilter, d, w->power, e, db, e, KERN_ADD);
    if (!w->learns_decay) {
        return;
    }
    k->gemm_nn(c, e, d, w->dfilter, d, w->b, e, w->dpower, e, KERN_ADD);
    for (size_t j = 0; j < e; j++) {
        dlam[j] = 0.0;
        for (size_t tau = 1; tau <= c; tau++) {
            double dw = (double)w->dpower[tau * e + j];
            dw += tau < c ? (double)w->dreverse[(c - 1 - tau) * e + j] : 0.0;
            dlam[j] += dw * (double)tau * pow(lam[j], (double)(tau - 1));
        }
    }
}

void tpe_step(const Tpe *w, const Real *x, Real *state, Real *y)
{
    const Kern *k = w->kern;
    for (size_t i = 0; i < w->d; i++) {
        Real *row = state + i * w->e;
        k->mul(w->e, row, w->power + w->e, row);
        k->axpy(w->e, x[i], w->b + i * w->e, row);
        y[i] = k->sum(w->e, row);
    }
}
