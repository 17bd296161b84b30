/* ngram.h -- what counting alone can predict: byte n-grams with Witten-Bell smoothing.
 *
 * For a context h of k - 1 bytes, N(h) = number of bytes that followed it in the training text,
 * T(h) = number of different ones, N(hc) = how often c did, h' = h without its first byte:
 *
 *   p_k(c | h) = (N(hc) + T(h) p_{k-1}(c | h')) / (N(h) + T(h)),   p_0(c) = 1/256
 *
 * and p_k = p_{k-1} where N(h) = 0.  (Interpolated Witten-Bell: Witten and Bell, "The
 * zero-frequency problem", IEEE Trans. Inf. Theory 37(4), 1991, method C; Chen and Goodman, "An
 * empirical study of smoothing techniques for language modeling", TR-10-98, Harvard, 1998,
 * section 2.6.)  The probabilities of a context sum to 1 and none is 0.
 *
 * Counts live in a trie with one array a level, made from the sorted distinct n-grams; only
 * these are ever in a hash table: about 60 MB for 20 MB of English.
 */
#ifndef TRAINER_DATA_NGRAM_H
#define TRAINER_DATA_NGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum { NGRAM_MAX_ORDER = 6 };

/* Texts longer than this are counted up to here, which bounds memory (2 GiB for noise). */
#define NGRAM_MAX_TEXT_BYTES ((size_t)64 << 20)

typedef struct Ngram Ngram;

/* Counts n-grams of 1..order bytes of text[0..n), order <= NGRAM_MAX_ORDER.  ERR_NOMEM. */
ErrCode ngram_new(const unsigned char *text, size_t n, int order, Ngram **ret, Err *err);
void ngram_free(Ngram *m); /* NULL is fine */

/* p_k(c | the last k - 1 bytes of context[0..n_context)) into ret_p[k] for k = 0..order; with a
 * shorter context the longer orders repeat the last that it allows. */
void ngram_probabilities(const Ngram *m, const unsigned char *context, size_t n_context,
                         unsigned char c, double ret_p[NGRAM_MAX_ORDER + 1]);

/* Mean of -log2 p_k over text[0..n), n > 0, each byte given the ones before it, into ret_bits[k]
 * for k = 0..order [bits/byte]. */
void ngram_bits_per_byte(const Ngram *m, const unsigned char *text, size_t n,
                         double ret_bits[NGRAM_MAX_ORDER + 1]);

#endif
