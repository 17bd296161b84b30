/* run_report.h -- what `slaw run` says before and after: the work, the corpus with its
 * n-gram baselines, a table of the runs, and every failure with its log. */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include "catalog/catalog.h"
#include "common/buf.h"
#include "orchestrator/sched/sched.h"
#include "orchestrator/spec/study.h"
#include "trainer/data/corpus.h"

/* Runs, sizes, FLOPs, workers; then the corpus and its baselines [bits/byte]. */
void run_report_intro(const Study *study, const char *dir, Buf *out);
void run_report_corpus(const CorpusInfo *info, Buf *out);

/* A row a run: N, D, last validation loss in nats/token and bits/byte beside the 6-gram's
 * bits/byte, attempts, time of all attempts. */
ErrCode run_report_table(Catalog *c, const CorpusInfo *info, Buf *out, Err *err);

/* Every failed or diverged run: reason, log, and the command that retries it; nothing
 * when there is none.  study_arg is what to type for the study. */
ErrCode run_report_failures(Catalog *c, const char *dir, const char *study_arg, Buf *out, Err *err);

/* {"schema":1,"study","runs":{...},"started","interrupted","failures":[...]} */
ErrCode run_report_json(Catalog *c, const Study *study, const char *dir, const SchedSummary *s,
                        json_t **ret, Err *err);

#endif
