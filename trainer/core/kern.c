#include "trainer/core/kern.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "trainer/core/isa.h"

static const KernIsa *const isa_list[] = {
#define KERN_ISA(id) &kern_isa_##id,
#include "trainer/core/isa.def"
#undef KERN_ISA
};
enum { N_ISA = sizeof isa_list / sizeof isa_list[0] };

static Kern table[N_ISA]; /* table[i]: ISAs 0..i layered; isa == NULL if unsupported */
static Kern table_bf16[N_ISA];
static bool is_capped[N_ISA]; /* SLAW_ISA names a weaker one */
static const Kern *best;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build_tables(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): under pthread_once; nothing here calls setenv. */
    const char *cap = getenv("SLAW_ISA");
    Kern k = {0}, k_bf16 = {0};
    bool capped = false;
    for (size_t i = 0; i < N_ISA; i++) {
        const char *name = isa_list[i]->name;
        if (isa_list[i]->supported()) {
            isa_list[i]->install(&k);
            isa_list[i]->install_bf16(&k_bf16);
            k.isa = k_bf16.isa = name;
            table[i] = k;
            table_bf16[i] = k_bf16;
            best = capped ? best : &table[i];
        }
        is_capped[i] = capped;
        capped = capped || (cap && strcmp(cap, name) == 0);
    }
}

const Kern *kern_get(void)
{
    (void)pthread_once(&once, build_tables);
    return best;
}

const Kern *kern_bf16(const Kern *k)
{
    for (size_t i = 0; i < N_ISA; i++) {
        if (k == &table[i]) {
            return &table_bf16[i];
        }
    }
    return k; /* it is one of them */
}

const Kern *kern_for_isa(const char *isa)
{
    (void)pthread_once(&once, build_tables);
    for (size_t i = 0; i < N_ISA; i++) {
        if (table[i].isa && strcmp(table[i].isa, isa) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const char *kern_isa_name(size_t i)
{
    return i < N_ISA ? isa_list[i]->name : NULL;
}

const char *kern_isa_status(size_t i)
{
    (void)pthread_once(&once, build_tables);
    if (i >= N_ISA) {
        return NULL;
    }
    return !table[i].isa       ? "not supported by this CPU"
           : best == &table[i] ? "used"
           : is_capped[i]      ? "capped by SLAW_ISA"
                               : "supported";
}
