/* pca.h -- principal components of a table of scores, and its missing cells filled in by them.
 *
 *   x (models by benchmarks) = mean + scale * (S W),  W [t, t] with orthonormal rows,  S = scores
 *
 * Rows of W are eigenvectors of the covariance of the centred columns (divided by their standard
 * deviation first when `is_scaled`), by falling variance.  Sign: the weights of a component add up
 * to more than zero (where they add up to nothing, its largest weight is positive), so the first
 * component rises when all scores rise.
 *
 * Missing cells (Ruan, Maddison, Hashimoto 2024, arXiv:2405.10938, section 3.3 and appendix A): columns
 * are standardised by what is observed, missing cells start at the mean, then by turns a PCA of k
 * components and the missing cells' reconstruction by it, until no cell moves.
 */
#ifndef ANALYSIS_OBSERVE_PCA_H
#define ANALYSIS_OBSERVE_PCA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum { PCA_MAX_COLUMNS = 64 };

typedef struct Pca {
    size_t t; /* columns */
    double mean[PCA_MAX_COLUMNS], scale[PCA_MAX_COLUMNS];
    double share[PCA_MAX_COLUMNS];                    /* of the variance, by component */
    double weight[PCA_MAX_COLUMNS * PCA_MAX_COLUMNS]; /* [t, t]: a row a component */
} Pca;

/* x [n, t], no cell missing.  ERR_NUMERIC: fewer than 2 rows, or columns that are all constant;
 * ERR_INVALID: more than PCA_MAX_COLUMNS columns; ERR_NOMEM. */
ErrCode pca_fit(const double *x, size_t n, size_t t, bool is_scaled, Pca *ret, Err *err);

/* ret [k] = the first k components of one row x [t]. */
void pca_project(const Pca *p, const double *x, size_t k, double *ret);

/* How missing cells of further rows are filled in: the state that imputation ended in. */
typedef struct Imputer {
    size_t k;
    Pca pca; /* of the standardised, completed table */
    double mean[PCA_MAX_COLUMNS], scale[PCA_MAX_COLUMNS];
    bool is_clipped; /* to [0, 1]: every observed cell lies there */
    size_t n_cells;  /* filled in */
    size_t iterations;
    bool is_converged;
} Imputer;

/* Replaces the NaN of x [n, t].  Without any, only *ret is made.  ERR_INVALID: k is 0 or not below
 * t; ERR_NUMERIC: a column without a value, fewer than 2 rows; ERR_NOMEM. */
ErrCode impute_fit(double *x, size_t n, size_t t, size_t k, Imputer *ret, Err *err);

/* The same for one row x [t] of models that the imputer has not seen. */
void impute_row(const Imputer *m, double *x);

#endif
