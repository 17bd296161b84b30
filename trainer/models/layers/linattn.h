/* linattn.h -- linear attention of one head, chunk by chunk.
 *
 *     S_t = diag(e^{g_t}) S_{t-1} + k_t v_t^T,   o_t = S_t^T q_t        (g_t <= 0)
 *
 * with no decay (g = 0), one constant decay (g = ln lambda) or a decay for every channel
 * and position.  S is [pk,pv]; q, k, g are [n,pk]; v, o are [n,pv].
 *
 * A chunk of c rows needs only matrix products (arXiv:2405.17381 section 3; for decays
 * that depend on the data, arXiv:2312.06635 section 4).  With b the sum of g inside the
 * chunk up to a row, and B that of the whole chunk:
 *
 *     O     = (Q e^b) S + A V,         A_ij = sum_a q_ia k_ja e^{b_ia - b_ja}  (j <= i)
 *     S_new = e^B S + (K e^{B-b})^T V
 *
 * Every exponent used is <= 0: e^{-b} would overflow a float within one chunk of a strongly
 * forgetting HGRN2 layer (linattn_channel.c says how A is formed instead).
 */
#ifndef TRAINER_MODELS_LAYERS_LINATTN_H
#define TRAINER_MODELS_LAYERS_LINATTN_H

#include "trainer/core/kern.h"
#include "trainer/models/mem.h"

enum {
    LINATTN_CHUNK = 32, /* rows of a chunk */
    LINATTN_SUB = 16,   /* rows of a sub-chunk, where decays are per channel */
};

typedef enum Decay {
    DECAY_NONE,
    DECAY_SCALAR,  /* one lambda */
    DECAY_CHANNEL, /* g given for every channel and position */
} Decay;

typedef struct LinAttn {
    const Kern *kern;
    Decay decay;
    size_t pk, pv, chunk, sub;
    Real *power; /* [chunk+1] lambda^i; scalar only */
    Real *mask;  /* [2 chunk] lambda^(chunk-1-x) for x < chunk, else 0; not for channel decay */
} LinAttn;

/* Scratch for one head at a time, shared by all LinAttn of the same sizes. */
typedef struct LinAttnWork {
    Real *a;       /* [chunk,chunk] */
    void *packed;  /* a right operand [chunk,pv] of two products */
    Real *rows[6]; /* [chunk,max(pk,pv)] each */
    Real *whole;   /* [chunk/sub,pk] decay of each sub-chunk */
    Real *before;  /* [chunk/sub + 1,pk] of those before it */
    double *sum;   /* [pk] */
} LinAttnWork;

/* One head of one sequence: n rows; each pointer's rows are its ld apart. */
typedef struct LinAttnIn {
    size_t n;
    const Real *q, *k, *v, *g; /* g: channel decay only */
    size_t ldq, ldk, ldv, ldg;
} LinAttnIn;

typedef struct LinAttnGrad {
    Real *dq, *dk, *dv, *dg; /* set; dg only with channel decay, else unused */
    size_t lddq, lddk, lddv, lddg;
} LinAttnGrad;

/* What forward keeps for backward. */
typedef struct LinAttnKept {
    Real *states; /* [chunks, pk pv] the state before each chunk */
    Real *a;      /* [chunks, chunk chunk] */
} LinAttnKept;

size_t linattn_chunks(const LinAttn *w, size_t n);

/* Takes the tables and the scratch of a layout (mem.h). */
void linattn_layout_tables(LinAttn *w, Mem *mem);
void linattn_layout_work(const LinAttn *w, LinAttnWork *work, Mem *mem);

/* Fills the tables; rate = -ln lambda >= 0 (0 without decay).  Powers come from exp in
 * double: repeated products in float drift. */
void linattn_set_rate(LinAttn *w, double rate);

/* o [n,pv] (ldo); state [pk,pv]: before and, on return, after the sequence.  kept may be
 * NULL. */
void linattn_forward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in, Real *state, Real *o,
                     size_t ldo, const LinAttnKept *kept);

/* Gradients from dout [n,pv] (lddo).  dstate [pk,pv]: of the final state and, on return,
 * of the initial one.  end_state: the final state, needed for dg when dstate is not zero
 * on entry; else NULL. */
void linattn_backward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                      const LinAttnKept *kept, const Real *end_state, const Real *dout, size_t lddo,
                      Real *dstate, const LinAttnGrad *ret);

/* The recurrent form, one row: state moves on, o [pv]. */
void linattn_step(const LinAttn *w, LinAttnWork *work, const Real *q, const Real *k, const Real *v,
                  const Real *g, Real *state, Real *o);

/* The two directions of one chunk of m rows with decay per channel (linattn_channel.c).
 * forward keeps A in a [m, w->chunk]. */
void linattn_channel_forward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in, Real *state,
                             Real *o, size_t ldo, Real *a);
void linattn_channel_backward(const LinAttn *w, LinAttnWork *work, const LinAttnIn *in,
                              const Real *state, const Real *a, const Real *dout, size_t lddo,
                              Real *dstate, const LinAttnGrad *ret);

#endif
