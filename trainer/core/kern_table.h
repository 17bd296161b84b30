/* kern_table.h -- the entries of a Kern by the names that every kern_<isa>.c gives its functions. */
#ifndef TRAINER_CORE_KERN_TABLE_H
#define TRAINER_CORE_KERN_TABLE_H

/* The matrix products of one precision, whose names end in this suffix. */
#define KERN_PRODUCTS(suffix)                                                                   \
    .gemm_nn = gemm_nn##suffix, .gemm_nt = gemm_nt##suffix, .gemm_tn = gemm_tn##suffix,         \
    .pack_nn = pack_nn##suffix, .pack_nt = pack_nt##suffix, .gemm_packed = gemm_packed##suffix, \
    .gemm_tn_packed = gemm_tn_packed##suffix

/* Reductions, elementwise kernels, norms, softmax and the optimizer; but dot. */
#define KERN_PLAIN                                                                                \
    .sum = sum, .sum_squares = sum_squares, .add = add, .mul = mul, .mul_add = mul_add,           \
    .axpy = axpy, .scale = scale, .exp = exp_all, .sigmoid = sigmoid, .log_sigmoid = log_sigmoid, \
    .silu = silu, .silu_grad = silu_grad, .glu = glu, .glu_grad = glu_grad, .swiglu = swiglu,     \
    .swiglu_grad = swiglu_grad, .rmsnorm = rmsnorm, .add_rmsnorm = add_rmsnorm,                   \
    .rmsnorm_dx = rmsnorm_dx, .rmsnorm_dw = rmsnorm_dw, .normgate = normgate,                     \
    .normgate_grad = normgate_grad, .softmax = softmax, .softmax_tile = softmax_tile,             \
    .softmax_end = softmax_end, .softmax_tile_grad = softmax_tile_grad, .dot_rows = dot_rows,     \
    .cross_entropy = cross_entropy, .cross_entropy_tile = cross_entropy_tile,                     \
    .cross_entropy_tile_grad = cross_entropy_tile_grad, .adamw = adamw

#endif
