/* fma_peak.h -- what this core can do at most: the yardstick of bench_kern. */
#ifndef BENCH_FMA_PEAK_H
#define BENCH_FMA_PEAK_H

/* FLOP/s of independent fused multiply-adds on the registers of one ISA ("avx2",
 * "avx512"), two operations each, the best of several runs; 0 if there is no such
 * measurement.  The CPU must have the ISA. */
double fma_peak(const char *isa);

#endif
