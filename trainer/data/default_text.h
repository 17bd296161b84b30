/* default_text.h -- the default corpus: about 20 MB of English prose out of Debian packages.
 *
 * The table in default_text.c lists the packages and what is read from each; the readers
 * work on unpacked folders, so they are tested on small made-up ones.
 */
#ifndef TRAINER_DATA_DEFAULT_TEXT_H
#define TRAINER_DATA_DEFAULT_TEXT_H

#include "common/err.h"
#include "trainer/data/docs.h"

typedef struct DefaultSource {
    const char *package;
    const char *title;
    const char *licence; /* of the text, from the package's copyright file */
    /* Adds the documents found below root, in a fixed order.  ERR_FORMAT, ERR_NOTFOUND, ... */
    ErrCode (*read)(const char *root, size_t source, DocSet *docs, Err *err);
} DefaultSource;

enum { DEFAULT_SOURCES = 5 };
extern const DefaultSource default_sources[DEFAULT_SOURCES];

#endif
