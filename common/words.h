/* words.h -- what the values of options are made of: lists with commas, one of a few names, numbers,
 * NAME=VALUE and COLUMN*FACTOR; and one way to say that a value is none of these:
 *
 *   --resample takes auto, cases or wild, not "clusters"
 *   hint: did you mean "cases"?
 *
 * `option` is the option's name without its dashes.  All errors here are ERR_USAGE.
 */
#ifndef COMMON_WORDS_H
#define COMMON_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum { WORD_BYTES = 256 };

/* The next word of a list, without the blanks around it; *rest moves behind the separator.  False at the
 * end, also behind a last separator.  A longer word than fits is cut, and then nobody's name. */
bool words_next(const char **rest, char separator, char word[WORD_BYTES]);

/* Is `name` one of the list's words? */
bool words_have(const char *list, char separator, const char *name);

/* Is `name` the end of a dotted path, behind a dot?  "lr" is of "training.optimizer.adamw.lr". */
bool words_is_ending(const char *path, const char *name);

/* Which of the n names the text is.  The error lists them, with the nearest as the hint. */
ErrCode words_enum(const char *option, const char *text, const char *const *name, size_t n,
                   size_t *ret, Err *err);

/* The hint of an error about an unknown name: the nearest of n names or, when none is near, all of
 * them behind "<what>s are: ".  Returns the error's code. */
ErrCode words_hint(const char *what, const char *text, const char *const *name, size_t n, Err *err);

/* One of many names, which are a `what` ("law", "parameter"): ERR_USAGE "there is no law "X"", with the
 * nearest as the hint, or, when none is near, all of them. */
ErrCode words_find(const char *what, const char *text, const char *const *name, size_t n,
                   size_t *ret, Err *err);

/* Up to `most` positive numbers with commas (10M, 1e18), into ret [most]; NULL gives none. */
ErrCode words_numbers(const char *option, const char *text, size_t most, double *ret, size_t *ret_n,
                      Err *err);

/* A number from lo to below hi. */
ErrCode words_number(const char *option, const char *text, double lo, double hi, double *ret,
                     Err *err);

/* A share from 0 to below 1: "0.003" or "0.3%". */
ErrCode words_share(const char *option, const char *text, double *ret, Err *err);

/* Is the option's number within lo to hi, or from lo to below hi? */
ErrCode words_check_whole(const char *option, int64_t x, int64_t lo, int64_t hi, Err *err);
ErrCode words_check_number(const char *option, double x, double lo, double hi, Err *err);

/* "E=0": what stands before the first equals sign, and a pointer to what follows; neither is empty.
 * `form` is how such a value is written, as NAME=COLUMN. */
ErrCode words_setting(const char *option, const char *form, const char *text, char name[WORD_BYTES],
                      const char **ret_value, Err *err);

/* "tokens*1e9": the part before the last star, and the factor behind it.  False when no number follows
 * a star: then the name is all of the text and the factor 1. */
bool words_scaled(const char *text, char name[WORD_BYTES], double *ret_factor);

#endif
