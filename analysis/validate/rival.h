/* rival.h -- what predicts held-out observations: a law fitted to the others, or a rule of thumb.
 *
 *   law       fitted with fit/fit.h; an interval for the law at the point from the bootstrap's
 *             replicates, and one for a measurement there, which adds a training residual drawn for each
 *             replicate and widened by sqrt(n/(n-p)), since a fit makes its own residuals small
 *   nearest   the response of the observation of the largest level that is nearest in the other input:
 *             "as good as the last budget"
 *   line      the last two levels, interpolated at the same other input, and the straight line through
 *             them in logs
 */
#ifndef ANALYSIS_VALIDATE_RIVAL_H
#define ANALYSIS_VALIDATE_RIVAL_H

#include "analysis/fit/fit.h"
#include "analysis/validate/levels.h"
#include "analysis/validate/subset.h"

enum { RIVAL_MAX = 16 };

typedef enum RivalKind { RIVAL_LAW, RIVAL_NEAREST, RIVAL_LINE } RivalKind;

typedef struct Rival {
    char name[48]; /* "chinchilla", "chinchilla E=0", "nearest" */
    RivalKind kind;
    FitOptions options; /* of a law */
    bool is_asked;      /* named by the user; else a baseline */
} Rival;

/* Which observations a prediction may know, and what is held out. */
typedef struct RivalView {
    const FitData *whole;
    const double *response; /* [n] */
    const double *x, *y;    /* the input that is held out, and the other one */
    const Levels *levels;   /* of x */
    const bool *is_known;   /* [n] */
} RivalView;

typedef struct Trained {
    const Rival *rival; /* borrowed */
    FitResult *fit;     /* of a law; owned */
    FitDraws draws;
    double *noise;       /* [n_noise] sorted training residuals, widened */
    double *law, *point; /* [draws.n] */
    size_t n_noise;
    uint64_t seed;
    size_t level[2]; /* the two largest known ones; the second is the largest */
    size_t n_levels;
} Trained;

/* ERR_NUMERIC or ERR_INVALID with the reason when the observations do not determine the law, or a rule
 * lacks levels; ERR_NOMEM. */
ErrCode trained_open(const Rival *rival, const RivalView *view, const Subset *known, Trained *ret,
                     Err *err);
void trained_release(Trained *t);

typedef struct Prediction {
    double value;            /* NaN: none */
    double law_lo, law_hi;   /* 95 % for the law's value; NaN: none */
    double meas_lo, meas_hi; /* 95 % for a measurement */
} Prediction;

#define PREDICTION_NONE \
    ((Prediction){(double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN})

/* At observation i of the whole.  ERR_NOMEM. */
ErrCode trained_predict(const Trained *t, const RivalView *view, size_t i, Prediction *ret,
                        Err *err);

/* The law's response at its inputs [form_columns]. */
ErrCode trained_at(const Trained *t, const double *inputs, Prediction *ret, Err *err);

/* Inputs of observation i for a form [form_columns], in its units; false when the data lack one. */
bool rival_inputs(const Form *form, const FitData *data, size_t i, double *ret);

#endif
