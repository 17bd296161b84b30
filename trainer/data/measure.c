/* measure.c -- what a corpus will come to, from the sizes of its files.
 *
 * Normalising only shortens a text, but for the line break that ends a document.  A file of b bytes
 * has at most (b + 1) / 2 documents, a form feed between any two and a byte in each, so that breaks
 * and the form feed that closes each give at most b + 2 + b / 2 tokens; a document that is cut has a
 * form feed more for each part, and a part has 512 bytes or more on average.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "trainer/data/corpus.h"
#include "trainer/data/gather.h"

enum { MOST_DEFAULT_BYTES = 3 * CORPUS_DEFAULT_BYTES /* its packages may grow */ };

static ErrCode add_size(const TextFile *f, CorpusSize *s, Err *err)
{
    struct stat st;
    if (stat(f->path, &st) != 0) {
        return err_sys(err, "%s", f->name);
    }
    int64_t bytes = st.st_size;
    s->bytes += bytes;
    s->most_tokens += bytes + bytes / 2 + bytes / 512 + 4;
    return bytes > 0 ? ERR_OK : normalise_check("", 0, f->name, err); /* which refuses it */
}

/* The files of one word, or of all. */
static ErrCode measure(const CorpusSpec *spec, CorpusSize *ret, Err *err)
{
    Arena arena = ARENA_INIT;
    TextFiles files = {0};
    CorpusSize s = {0};
    ErrCode rc = gather_files(spec, &arena, &files, err);
    for (size_t i = 0; rc == ERR_OK && i < files.n; i++) {
        rc = add_size(&files.item[i], &s, err);
    }
    free(files.item);
    arena_release(&arena);
    *ret = s;
    return rc;
}

ErrCode corpus_measure(const CorpusSpec *spec, CorpusSize *ret, size_t *ret_word, Err *err)
{
    CorpusSize s;
    bool has_default = false;
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < spec->n_text; i++) {
        CorpusSpec one = *spec;
        one.text = &spec->text[i];
        one.n_text = 1;
        *ret_word = i;
        has_default = has_default || strcmp(spec->text[i], CORPUS_DEFAULT_WORD) == 0;
        rc = measure(&one, &s, err);
    }
    if (rc == ERR_OK) {
        rc = measure(spec, &s, err); /* a file that two words name counts once */
    }
    if (rc == ERR_OK) {
        s.bytes += has_default ? CORPUS_DEFAULT_BYTES : 0;
        s.most_tokens += has_default ? MOST_DEFAULT_BYTES : 0;
        *ret = s;
    }
    return rc;
}
