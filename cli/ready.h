/* ready.h -- what `slaw run` would refuse of a study, found before anything is made. */
#ifndef CLI_READY_H
#define CLI_READY_H

#include "cli/command.h"
#include "orchestrator/spec/study.h"
#include "trainer/data/corpus.h"

/* What this version can run.  ERR_INVALID: its trainer, launcher or tokenizer, or no runs. */
ErrCode ready_supported(const Study *study, Err *err);

/* Whether the study's folder can be made or written.  ERR_INVALID: a part of the path is no folder;
 * ERR_IO: no permission. */
ErrCode ready_dir(const char *dir, Err *err);

/* The corpus as corpus.h knows it. */
CorpusSpec ready_corpus_spec(const Study *study);

/* Whether the corpus can be made and is large enough, by the sizes of its files, or by the one that is
 * prepared in `dir`.  What `slaw run` will refuse is added to `sure`, what it will refuse unless the
 * texts are most unusual to `likely`.  ERR_CONFLICT: dir holds the corpus of another spec;
 * ERR_FORMAT, ERR_IO of what is there; ERR_NOMEM. */
ErrCode ready_corpus(const Study *study, const char *dir, Problems *sure, Problems *likely,
                     Err *err);

/* For `check` and `plan`: prints as warnings what would be refused here, and is no error of the
 * study file; is_strict (`check`): what is sure about the corpus is added to s->problems, and the
 * result is their ERR_INVALID.  ERR_NOMEM. */
ErrCode ready_warn(const Session *s, const Study *study, const char *dir, bool is_strict, Err *err);

#endif
