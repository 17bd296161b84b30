#include "analysis/observe/draw.h"

#include <stdlib.h>

#include "common/rng.h"

static size_t below(uint64_t seed, uint32_t replicate, uint64_t i, size_t n)
{
    return (size_t)(rng_uniform(seed, rng_stream(RNG_BOOTSTRAP, replicate), i) * (double)n);
}

/* The k-th different family among the members, by first appearance; their number when k is large. */
static size_t family_at(const Scores *s, const size_t *member, size_t n, size_t k)
{
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++) {
            is_new = s->family[member[j]] != s->family[member[i]];
        }
        if (is_new && seen++ == k) {
            return s->family[member[i]];
        }
    }
    return seen;
}

size_t draw_models(const Scores *s, const ObserveOptions *o, uint32_t replicate,
                   const size_t *member, size_t n, size_t *ret)
{
    if (!o->is_by_family) {
        for (size_t i = 0; i < n; i++) {
            ret[i] = member[below(o->seed, replicate, i, n)];
        }
        return n;
    }
    size_t n_families = family_at(s, member, n, (size_t)-1), drawn = 0;
    for (size_t k = 0; k < n_families; k++) {
        size_t family = family_at(s, member, n, below(o->seed, replicate, k, n_families));
        for (size_t i = 0; i < n && drawn < DRAW_ROOM(n); i++) {
            if (s->family[member[i]] == family) {
                ret[drawn++] = member[i];
            }
        }
    }
    return drawn;
}
