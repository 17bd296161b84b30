#include "trainer/models/layers/linear.h"

enum { SHARE_UNIT = 32 }; /* rows or columns of dW that are not torn apart */

void linear_layout(Linear *w, const Kern *k, bool trains, Mem *mem)
{
    w->forward = mem_take(mem, k->packed_bytes(w->out, w->in), 1);
    w->backward = trains ? mem_take(mem, k->packed_bytes(w->in, w->out), 1) : NULL;
}

void linear_pack(const Linear *w, const Kern *k)
{
    const Real *data = w->w->data + w->row * w->in;
    k->pack_nt(w->out, w->in, data, w->in, w->forward);
    if (w->backward) {
        k->pack_nn(w->in, w->out, data, w->in, w->backward);
    }
}

/* The longer side is split: each thread packs the other side's operand whole. */
void linear_backward_w(const Kern *k, const Linear *w, const Part *part, const Real *dy,
                       size_t lddy, const Real *x, size_t ldx)
{
    Real *dw = w->w->grad + w->row * w->in;
    if (w->out >= w->in) {
        Share s = part_share(part, w->out, SHARE_UNIT);
        k->gemm_tn(s.end - s.first, w->in, part->rows, dy + s.first, lddy, x, ldx,
                   dw + s.first * w->in, w->in, KERN_ADD);
    } else {
        Share s = part_share(part, w->in, SHARE_UNIT);
        k->gemm_tn(w->out, s.end - s.first, part->rows, dy, lddy, x + s.first, ldx, dw + s.first,
                   w->in, KERN_ADD);
    }
}
