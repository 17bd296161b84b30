/* bench_catalog.h -- the two measurements of bench_catalog. */
#ifndef BENCH_BENCH_CATALOG_H
#define BENCH_BENCH_CATALOG_H

#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"

typedef struct IngestBench {
    int64_t workers, rows_a_tick; /* rows of each worker in one transaction */
    int64_t rows;                 /* of all workers together */
    double fsync_ms;              /* median of 4 KiB written and synced, before and after */
    double bare_rows_s;           /* the same rows, one prepared statement, the same transactions */
    double ingest_rows_s;         /* events.jsonl to committed rows */
    double ingest_cpu_us;         /* CPU time a row [us] */
} IngestBench;

/* Writes below dir.  b->workers, rows_a_tick and rows are the caller's. */
ErrCode bench_ingest(const char *dir, IngestBench *b, Err *err);

typedef struct ScaleBench {
    int64_t runs, metrics, checkpoints;
    double build_s;
    double database_mb;
} ScaleBench;

/* Makes a study directory with a catalog of that size. */
ErrCode bench_build_study(const char *dir, ScaleBench *b, Err *err);

static inline double bench_now_s(void)
{
    return (double)clock_mono_ns() * 1e-9;
}

#endif
