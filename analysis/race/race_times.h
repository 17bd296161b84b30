/* race_times.h -- where a race's times and responses come from. */
#ifndef ANALYSIS_RACE_RACE_TIMES_H
#define ANALYSIS_RACE_RACE_TIMES_H

#include "analysis/race/race.h"

typedef struct RaceTimes {
    Arena arena;
    const char *unit;
    bool is_study, is_wall;
    size_t column; /* of a CSV */
    double factor;
    struct CatalogTrainTime *time; /* of a study [n], sorted */
    size_t n;
} RaceTimes;

/* ERR_INVALID when the source has no times, with what to do; ERR_DB, ERR_NOMEM. */
ErrCode race_times_open(const ObsSource *source, const RaceOptions *o, RaceTimes *ret, Err *err);
void race_times_release(RaceTimes *t);

/* Of every observation of a group; NaN where there is none. */
ErrCode race_times_read(const RaceTimes *t, const Frame *frame, const ObsGroup *g, double *ret,
                        Err *err);
/* Column `name` of every observation, or its loss (NULL).  ERR_INVALID when it is not positive. */
ErrCode race_response_read(const char *name, const Frame *frame, const ObsGroup *g, double *ret,
                           Err *err);

#endif
