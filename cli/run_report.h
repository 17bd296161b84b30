/* run_report.h -- what `slaw run` says before and after: the work, the corpus with its
 * n-gram baselines, a table of the runs, and every failure with its log. */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include "answer/answer.h"
#include "catalog/catalog.h"
#include "common/buf.h"
#include "orchestrator/sched/sched.h"
#include "orchestrator/spec/study.h"
#include "trainer/data/corpus.h"

/* Runs, sizes, FLOPs, workers; then the corpus and its baselines [bits/byte]. */
void run_report_intro(const Study *study, const char *dir, Buf *out);
void run_report_corpus(const CorpusInfo *info, Buf *out);

/* A row a run for people: N, D, last validation loss in nats/token and bits/byte beside the 6-gram's
 * bits/byte, attempts, time of all attempts; nothing for many runs.  ERR_DB, ERR_NOMEM. */
ErrCode run_report_table(Catalog *c, const CorpusInfo *info, AnswerNode *top, Err *err);

/* Every failed or diverged run: reason, log, and the command that retries it.  ERR_DB, ERR_NOMEM,
 * ERR_IO. */
ErrCode run_report_failures(Catalog *c, const char *dir, AnswerNode *top, Err *err);

/* "study","dir","runs":{...},"started","interrupted","paused", for JSON alone. */
void run_report_counts(const Study *study, const char *dir, const SchedSummary *s, AnswerNode *top);

#endif
