/* gated_linear.h -- the mixer that TNL and cosFormer2 share:
 *
 *     q = silu(Wq xb), k = silu(Wk xb), v = Wv xb
 *     [layers with positions: q, k -> LRPE(q), LRPE(k), twice as wide]
 *     o = linear attention(q, k, v), per head
 *     mix = Wo ( SRMSNorm_d(o) * sigma(Wgu (Wgd xb)) )
 *
 * arXiv:2406.16690 A.1.2 and A.1.4.  The architecture says which layers have positions and
 * which decay each head has. */
#ifndef TRAINER_MODELS_LAYERS_GATED_LINEAR_H
#define TRAINER_MODELS_LAYERS_GATED_LINEAR_H

#include "trainer/models/layers/linattn.h"
#include "trainer/models/ops.h"

typedef struct GatedLayer {
    /* q, k, v and gate_down lie one after the other: [3d+p,d] */
    Linear *q, *gate_up, *o;
    bool has_lrpe;
    const ModelTensor *theta; /* [h,p]; NULL: the fixed frequencies in GatedLinear.theta */
    LinAttn *attn;            /* [h] */
    Real *cosine, *sine;      /* [seq,d] LRPE */
    double *angles_of;        /* [d] the theta that the tables were made from */
    bool has_angles;
    double *dtheta;   /* [d] */
    Real *z;          /* [R,3d+p] q, k (before silu), v, gate bottleneck */
    Real *qk;         /* [R,2d] or [R,4d] q | k as attention takes them */
    Real *out, *rstd; /* [R,d] [R] */
    Real *gate;       /* [R,d] before its sigmoid; in backward its gradient */
    LinAttnKept kept; /* of every sequence and head of a part */
    Real *state;      /* [h,pk,pv] of the sequence being decoded */
} GatedLayer;

typedef struct GatedLinear {
    GatedLayer *layer;
    double *theta;     /* [d] the initial LRPE frequencies */
    double *theta_now; /* [d] scratch */
    bool has_tables;
    LinAttnWork *work; /* [threads] */
    Real *state;       /* [threads,2p,p] scratch */
    Real *angle;       /* [2d] sines of the position being decoded */
    Real *y, *dout;    /* [R,d] gated norm, in backward first its gradient; of out */
    Real *dz, *dqk;    /* [R,3d+p] [R,4d] */
    Real *dec;         /* [12d] scratch of decoding */
} GatedLinear;

/* What follows works on m->own, which begins with a GatedLinear; most of it serves as
 * functions of ModelOps as it stands. */

/* Finds the tensors; has_lrpe(m, i) says which layers have positions. */
bool gated_open(Model *m, bool (*has_lrpe)(const Model *m, size_t i));
void gated_layout(Model *m, Decay decay, Mem *mem);

/* theta_{h,j} = 10000^(-2 (h p + j) / d), as doubles [d] into GatedLinear.theta. */
void gated_set_theta(Model *m);

/* Tables of sines for the theta of every layer that has positions, where it changed. */
void gated_derive_angles(Model *m);

void gated_forward(Model *m, size_t i, Part part, const Real *xb, Real *x);
void gated_backward(Model *m, size_t i, Part part, const Real *xb, const Real *dx, Real *dxb);
void gated_backward_w(Model *m, size_t i, Part part, const Real *xb, const Real *dx);
void gated_decode(Model *m, size_t i, size_t pos, const Real *xb, Real *x);
void gated_decode_reset(Model *m);
void gated_grads_begin(Model *m);
void gated_grads_end(Model *m);

#endif
