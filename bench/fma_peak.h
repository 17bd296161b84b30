/* fma_peak.h -- what this core can do at most: the yardstick of the benches. */
#ifndef BENCH_FMA_PEAK_H
#define BENCH_FMA_PEAK_H

/* FLOP/s of independent fused multiply-adds on the registers of one ISA ("avx2",
 * "avx512", "avx512bf16"), two operations each, the best of several runs; 0 if there is no such
 * measurement.  The CPU must have the ISA. */
double fma_peak(const char *isa);

/* The same for products of bfloat16 accumulated in float (vdpbf16ps), four operations a
 * lane; 0 on an ISA without such an instruction. */
double bf16_peak(const char *isa);

#endif
