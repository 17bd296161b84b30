#ifndef TRAINER_CORE_ISA_NEON_KERN_NEON_H
#define TRAINER_CORE_ISA_NEON_KERN_NEON_H

#include "trainer/core/kern.h"

extern const Kern kern_neon;

#endif
