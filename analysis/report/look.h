/* look.h -- what groups and axes are called in pictures, and how they look, the same everywhere. */
#ifndef ANALYSIS_REPORT_LOOK_H
#define ANALYSIS_REPORT_LOOK_H

#include "analysis/obs/obs.h"
#include "draw/plot.h"

/* An architecture's own (trainer/arch/arch.h); any other name's by the index of its group. */
PlotLook look_of(const char *group, size_t index);

/* "training compute C (paper convention) [FLOP]": static. */
const char *look_compute(ObsConvention c);
#define LOOK_PARAMS "N [parameters, without embeddings]"
#define LOOK_TOKENS "D [training tokens]"
#define LOOK_LOSS   "loss [nats/token]"

/* Of one of these: its axis. */
const char *look_input(FormInput k, ObsConvention c);

#endif
