/* validate_answer.h -- the parts of a validation as parts of an answer (docs/json.md). */
#ifndef ANALYSIS_VALIDATE_VALIDATE_ANSWER_H
#define ANALYSIS_VALIDATE_VALIDATE_ANSWER_H

#include "analysis/validate/validate.h"

/* More held-out observations than this are shown by level. */
enum { VALIDATE_MAX_POINTS = 40 };

/* The sentences that answer first, a line each. */
void validate_sentences(const Validation *v, Buf *out);
/* "N = 1e+09, D = 2e+10", or by C where these are not known. */
void validate_point_name(const Validation *v, size_t i, char *ret, size_t n);

/* Into the object of a group: hold_out, laws, chain; csv: holdout_long_table(). */
void holdout_answer(const Validation *v, AnswerNode *in, AnswerNode *csv);
void holdout_laws_answer(const Validation *v, AnswerNode *in);
void holdout_chain_answer(const Validation *v, AnswerNode *in);
/* For CSV: every held-out observation with all rivals, a row each. */
AnswerNode *holdout_long_table(AnswerNode *top);

#endif
