/* study_frame.h -- the observations of a study's catalog as a Frame, read-only.
 *
 * Columns: run (hash), name, architecture, size, seed, task, step, N, N_total, D, C_6nd,
 * C_exact, C_paper, loss, bits_per_byte, train_loss, state, is_final, and one for every
 * other axis of the matrix, by its path (training.optimizer.adamw.lr); frame_column() knows it by any
 * end of that, as the matrix does.
 *
 * digest: SHA-256 over the runs by rising hash, of each its observations by task and step:
 *   the run's 64 digits, the task and a NUL, then as little-endian IEEE doubles step, N, N_total,
 *   D, C_6nd, C_exact, C_paper, loss, bits_per_byte and train_loss (NaN: 0x7ff8 << 48).
 */
#ifndef ANALYSIS_OBS_STUDY_FRAME_H
#define ANALYSIS_OBS_STUDY_FRAME_H

#include "analysis/obs/frame.h"

enum { STUDY_FRAME_MAX_LAWS = 8 };

/* What the study file says about its analysis. */
typedef struct StudyAnalysis {
    char *name; /* of the study */
    char *by;   /* column to group by; NULL: not said */
    char *law[STUDY_FRAME_MAX_LAWS];
    size_t n_laws;
} StudyAnalysis;

void study_analysis_release(StudyAnalysis *a);

/* ERR_NOTFOUND, ERR_FORMAT, ERR_DB as catalog_open_readonly.  A frame may have no rows. */
ErrCode study_frame_read(const char *catalog_path, Frame *ret, StudyAnalysis *ret_analysis,
                         Err *err);

#endif
