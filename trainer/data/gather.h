/* gather.h -- from the words of a study file ("default", files, globs) to documents. */
#ifndef TRAINER_DATA_GATHER_H
#define TRAINER_DATA_GATHER_H

#include <jansson.h>

#include "common/arena.h"
#include "common/err.h"
#include "trainer/data/corpus.h"
#include "trainer/data/docs.h"

/* One file of the user's. */
typedef struct TextFile {
    const char *path; /* to open it */
    const char *name; /* as manifests and messages call it: relative to the base folder */
} TextFile;

typedef struct TextFiles {
    TextFile *item; /* sorted by path, each once */
    size_t n, cap;
} TextFiles;

/* Every file that the spec names but for "default"; strings live in the arena, the array is
 * the caller's to free.  ERR_NOTFOUND: no such file, glob without match; ERR_INVALID: a folder
 * or another thing that is no regular file. */
ErrCode gather_files(const CorpusSpec *spec, Arena *arena, TextFiles *ret, Err *err);

/* All documents of the spec, and an array of the manifest's source objects.  `dir` is the corpus
 * folder.  *ret_docs and *ret_sources are the caller's.  Errors of corpus_prepare(). */
ErrCode gather_text(const CorpusSpec *spec, const char *dir, CorpusProgress progress, void *ctx,
                    DocSet *ret_docs, json_t **ret_sources, Err *err);

#endif
