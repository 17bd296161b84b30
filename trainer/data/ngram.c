#include "trainer/data/ngram.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/order.h"

/* One distinct n-gram: its bytes from the top of `key` down, and their number at the
 * bottom, so that a shorter one (the end of the text) sorts before those it begins. */
typedef struct Gram {
    uint64_t key; /* 0 in a free slot: no n-gram has length 0 */
    uint64_t count;
} Gram;

typedef struct GramTable {
    Gram *slot;
    size_t n, cap; /* cap is a power of two */
} GramTable;

/* A level holds the n-grams of one length in order; children of node i are nodes
 * child[i] .. child[i + 1] - 1 of the next level. */
typedef struct Level {
    unsigned char *symbol;
    uint32_t *count;
    uint32_t *child; /* [n + 1] */
    size_t n;
} Level;

struct Ngram {
    int order;
    Level level[NGRAM_MAX_ORDER + 1]; /* 0: the root alone */
};

static uint64_t gram_key(const unsigned char *p, size_t n)
{
    uint64_t key = n;
    for (size_t i = 0; i < n; i++) {
        key |= (uint64_t)p[i] << (56 - 8 * i);
    }
    return key;
}

static size_t gram_length(uint64_t key)
{
    return key & 0xFF;
}

static unsigned char gram_byte(uint64_t key, size_t i)
{
    return (unsigned char)(key >> (56 - 8 * i));
}

static size_t slot_of(const GramTable *t, uint64_t key)
{
    assert(t->slot);
    uint64_t h = key * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio (Knuth 6.4) */
    size_t i = (h ^ h >> 32) & (t->cap - 1);
    while (t->slot[i].key != 0 && t->slot[i].key != key) {
        i = (i + 1) & (t->cap - 1);
    }
    return i;
}

/* False when memory is short, as in the functions below. */
static bool table_grow(GramTable *t)
{
    GramTable grown = {.n = t->n, .cap = t->cap ? 2 * t->cap : 1 << 16};
    grown.slot = calloc(grown.cap, sizeof *grown.slot);
    if (!grown.slot) {
        return false;
    }
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slot[i].key != 0) {
            grown.slot[slot_of(&grown, t->slot[i].key)] = t->slot[i];
        }
    }
    free(t->slot);
    *t = grown;
    return true;
}

static bool table_fill(GramTable *t, const unsigned char *text, size_t n, size_t order)
{
    for (size_t i = 0; i < n; i++) {
        if (2 * (t->n + 1) > t->cap && !table_grow(t)) {
            return false;
        }
        uint64_t key = gram_key(text + i, n - i < order ? n - i : order);
        size_t at = slot_of(t, key);
        Gram *g = t->slot + at;
        t->n += g->key == 0 ? 1 : 0;
        g->key = key;
        g->count++;
    }
    return true;
}

static int compare_grams(const void *a, const void *b)
{
    uint64_t x = ((const Gram *)a)->key, y = ((const Gram *)b)->key;
    return ORDER(x, y);
}

/* Moves the used slots to the front and sorts them. */
static void table_sort(GramTable *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->cap; i++) {
        if (t->slot[i].key != 0) {
            t->slot[n++] = t->slot[i];
        }
    }
    if (n > 0) {
        qsort(t->slot, n, sizeof *t->slot, compare_grams);
    }
}

/* Leading bytes that two n-grams share. */
static size_t shared_bytes(uint64_t a, uint64_t b)
{
    size_t n = gram_length(a) < gram_length(b) ? gram_length(a) : gram_length(b);
    size_t k = 0;
    while (k < n && gram_byte(a, k) == gram_byte(b, k)) {
        k++;
    }
    return k;
}

static bool levels_alloc(Ngram *m, const GramTable *t)
{
    m->level[0].n = 1;
    for (size_t i = 0; i < t->n; i++) {
        size_t known = i > 0 ? shared_bytes(t->slot[i - 1].key, t->slot[i].key) : 0;
        for (size_t k = known + 1; k <= gram_length(t->slot[i].key); k++) {
            m->level[k].n++;
        }
    }
    for (int k = 0; k <= m->order; k++) {
        Level *l = &m->level[k];
        l->symbol = malloc(l->n + 1);
        l->count = calloc(l->n + 1, sizeof *l->count);
        l->child = calloc(l->n + 1, sizeof *l->child);
        if (!l->symbol || !l->count || !l->child) {
            return false;
        }
    }
    return true;
}

/* Walks the sorted n-grams; a byte beyond what the one before shares is a new node. */
static void levels_fill(Ngram *m, const GramTable *t)
{
    size_t n[NGRAM_MAX_ORDER + 2] = {1}; /* nodes so far */
    for (size_t i = 0; i < t->n; i++) {
        const Gram *g = &t->slot[i];
        size_t known = i > 0 ? shared_bytes(t->slot[i - 1].key, g->key) : 0;
        for (size_t k = 1; k <= gram_length(g->key); k++) {
            Level *l = &m->level[k];
            if (k > known) {
                l->symbol[n[k]] = gram_byte(g->key, k - 1);
                l->child[n[k]] = (uint32_t)n[k + 1];
                n[k]++;
            }
            l->count[n[k] - 1] += (uint32_t)g->count;
        }
    }
    for (int k = 0; k < m->order; k++) {
        m->level[k].child[m->level[k].n] = (uint32_t)m->level[k + 1].n;
    }
}

ErrCode ngram_new(const unsigned char *text, size_t n, int order, Ngram **ret, Err *err)
{
    assert(order >= 1 && order <= NGRAM_MAX_ORDER);
    GramTable table = {0};
    Ngram *m = calloc(1, sizeof *m);
    if (!m) {
        return err_nomem(err, "n-gram counts");
    }
    m->order = order;
    n = n < NGRAM_MAX_TEXT_BYTES ? n : NGRAM_MAX_TEXT_BYTES;
    bool is_counted = table_fill(&table, text, n, (size_t)order);
    if (is_counted) {
        table_sort(&table);
        is_counted = levels_alloc(m, &table);
    }
    if (is_counted) {
        levels_fill(m, &table);
    }
    free(table.slot);
    if (!is_counted) {
        ngram_free(m);
        return err_nomem(err, "n-gram counts");
    }
    *ret = m;
    return ERR_OK;
}

void ngram_free(Ngram *m)
{
    if (!m) {
        return;
    }
    for (int k = 0; k <= m->order; k++) {
        free(m->level[k].symbol);
        free(m->level[k].count);
        free(m->level[k].child);
    }
    free(m);
}

/* Child c of node i at level k: its index in level k + 1, or false. */
static bool find_child(const Ngram *m, int k, size_t i, unsigned char c, size_t *ret)
{
    size_t lo = m->level[k].child[i], hi = m->level[k].child[i + 1];
    const unsigned char *symbol = m->level[k + 1].symbol;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (symbol[mid] < c) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    *ret = lo;
    return lo < m->level[k].child[i + 1] && symbol[lo] == c;
}

/* Node of context p[0..n); false when it never occurred. */
static bool find_context(const Ngram *m, const unsigned char *p, size_t n, size_t *ret)
{
    *ret = 0;
    for (size_t k = 0; k < n; k++) {
        if (!find_child(m, (int)k, *ret, p[k], ret)) {
            return false;
        }
    }
    return true;
}

/* p_{k+1} from p_k for context node i at level k. */
static double step(const Ngram *m, int k, size_t i, unsigned char c, double lower)
{
    const Level *below = &m->level[k + 1];
    size_t first = m->level[k].child[i], end = m->level[k].child[i + 1], at = 0;
    double followed = 0.0, different = (double)(end - first);
    for (size_t j = first; j < end; j++) {
        followed += below->count[j];
    }
    if (followed == 0.0) {
        return lower;
    }
    double times = find_child(m, k, i, c, &at) ? below->count[at] : 0.0;
    return (times + different * lower) / (followed + different);
}

void ngram_probabilities(const Ngram *m, const unsigned char *context, size_t n_context,
                         unsigned char c, double ret_p[NGRAM_MAX_ORDER + 1])
{
    ret_p[0] = 1.0 / 256.0;
    bool is_known = true;
    for (int k = 0; k < m->order; k++) {
        size_t node = 0, n = (size_t)k;
        is_known = is_known && n <= n_context && find_context(m, context + n_context - n, n, &node);
        ret_p[k + 1] = is_known ? step(m, k, node, c, ret_p[k]) : ret_p[k];
    }
}

void ngram_bits_per_byte(const Ngram *m, const unsigned char *text, size_t n,
                         double ret_bits[NGRAM_MAX_ORDER + 1])
{
    double p[NGRAM_MAX_ORDER + 1];
    for (int k = 0; k <= m->order; k++) {
        ret_bits[k] = 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        ngram_probabilities(m, text, i, text[i], p);
        for (int k = 0; k <= m->order; k++) {
            ret_bits[k] -= log2(p[k]);
        }
    }
    for (int k = 0; k <= m->order; k++) {
        ret_bits[k] /= (double)n;
    }
}
