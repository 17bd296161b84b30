/* allocate.h -- questions about budgets put to a fitted law, with intervals for every number of the
 * answer: each is computed anew from every bootstrap replicate (best.h has the equations). */
#ifndef ANALYSIS_USE_ALLOCATE_H
#define ANALYSIS_USE_ALLOCATE_H

#include "analysis/use/best.h"
#include "analysis/use/law.h"

typedef enum Question {
    ASK_FLOPS,      /* x = C: the best N and D */
    ASK_LOSS,       /* x = loss: the least C that reaches it, and its N and D */
    ASK_SIZE,       /* x = N: the C for which N is best */
    ASK_TOKENS,     /* x = D: the C for which D is best */
    ASK_SIZE_FLOPS, /* x = N, y = C: what this N costs against the best one */
    ASK_RATIO,      /* x = tokens a parameter, y = C: the same */
    ASK_SIZE_LOSS,  /* x = N, y = loss: the D that N needs, and what that costs against the best */
} Question;

typedef enum AnswerPart {
    ANSWER_C, /* the whole budget [FLOP] */
    ANSWER_N,
    ANSWER_D,
    ANSWER_LOSS,
    ANSWER_RATIO,     /* D / N */
    ANSWER_TRAIN,     /* of C, for training [FLOP] */
    ANSWER_PENALTY,   /* loss - best loss for C [nats/token] */
    ANSWER_BEST_LOSS, /* the best loss for C */
    ANSWER_BEST_C,    /* least C for the same loss [FLOP] */
    ANSWER_FACTOR,    /* C over that: 1 is best, 1.3 wastes a quarter */
    ANSWER_BEST_N,    /* of the best choice for C */
    ANSWER_PARTS
} AnswerPart;

typedef struct Allocation {
    Question question;
    double x, y;
    double value[ANSWER_PARTS];         /* NaN: not asked */
    FitInterval interval[ANSWER_PARTS]; /* NaN: none; an infinite end: no number bounds it */
    size_t
        n_without; /* replicates of n_draws in which there is no answer (the loss is out of reach) */
    size_t n_draws;                  /* replicates asked */
    double step;                     /* best.h */
    bool is_outside_n, is_outside_d; /* N or D is beyond the data */
    bool is_far;                     /* by more than PREDICT_FAR */
} Allocation;

const char *answer_part_name(AnswerPart p);

/* ERR_NUMERIC or ERR_INVALID with the reason when the law has no answer; ERR_NOMEM.  threads cannot
 * change a bit. */
ErrCode allocate_ask(const Law *l, const Budget *b, Question q, double x, double y, size_t threads,
                     Allocation *ret, Err *err);

#endif
