#include "trainer/data/corpus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fsx.h"
#include "trainer/data/manifest.h"

typedef struct Map {
    const uint8_t *bytes; /* NULL: not mapped */
    size_t n;
} Map;

struct Corpus {
    CorpusInfo info;
    Map train, validation;
};

static void map_close(Map *m)
{
    if (m->bytes) {
        union {
            const uint8_t *in;
            void *out; /* munmap takes no const */
        } at = {.in = m->bytes};
        (void)munmap(at.out, m->n);
    }
}

/* Maps dir/name, which must have exactly n tokens of one byte. */
static ErrCode map_open(const char *dir, const char *name, int64_t n, Map *ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    struct stat st;
    ErrCode rc = fsx_join(path, dir, name, err);
    if (rc != ERR_OK) {
        return rc;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        (void)err_set(err, ERR_FORMAT, "%s is missing", path);
        return err_hint(err, "remove the folder and prepare the corpus again");
    }
    if (fd < 0 || fstat(fd, &st) != 0) {
        rc = err_sys(err, "open %s", path);
    } else if (st.st_size != n) {
        (void)err_set(err, ERR_FORMAT, "%s has %lld bytes where its manifest says %lld", path,
                      (long long)st.st_size, (long long)n);
        rc = err_hint(err, "remove the folder and prepare the corpus again");
    } else {
        void *at = mmap(NULL, (size_t)n, PROT_READ, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED) {
            rc = err_sys(err, "map %s", path);
        } else {
            *ret = (Map){at, (size_t)n};
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

ErrCode corpus_open(const char *dir, Corpus **ret, Err *err)
{
    json_t *manifest = NULL;
    ErrCode rc = ERR_OK;
    Corpus *c = calloc(1, sizeof *c);
    if (!c) {
        return err_nomem(err, "corpus");
    }
    TRY(manifest_read(dir, &manifest, &c->info, err));
    TRY(map_open(dir, TRAIN_TOKENS_FILE, c->info.train_tokens, &c->train, err));
    TRY(map_open(dir, VALIDATION_TOKENS_FILE, c->info.validation_tokens, &c->validation, err));
    *ret = c;
    c = NULL;
done:
    json_decref(manifest);
    corpus_close(c);
    return rc;
}

void corpus_close(Corpus *c)
{
    if (c) {
        map_close(&c->train);
        map_close(&c->validation);
        free(c);
    }
}

const CorpusInfo *corpus_info(const Corpus *c)
{
    return &c->info;
}

static void map_read(const Map *m, int64_t at, size_t n, uint16_t *out)
{
    const uint8_t *p = m->bytes + at;
    for (size_t i = 0; i < n; i++) {
        out[i] = p[i];
    }
}

void corpus_train_read(const Corpus *c, int64_t at, size_t n, uint16_t *out)
{
    map_read(&c->train, at, n, out);
}

void corpus_validation_read(const Corpus *c, int64_t at, size_t n, uint16_t *out)
{
    map_read(&c->validation, at, n, out);
}

ErrCode corpus_check_size(const CorpusInfo *info, int64_t tokens, int64_t sequence, bool repeat,
                          Err *err)
{
    int64_t n_windows = sequence > 0 ? (info->train_tokens - 1) / sequence : 0;
    if (n_windows <= 0) {
        return err_set(err, ERR_INVALID,
                       "the corpus has %lld training tokens, too few for one sequence of %lld",
                       (long long)info->train_tokens, (long long)sequence);
    }
    int64_t epoch = n_windows * sequence;
    if (tokens <= epoch || repeat) {
        return ERR_OK;
    }
    (void)err_set(
        err, ERR_INVALID,
        "%lld tokens are asked for and one pass over the corpus has %lld: that would take "
        "%.2f epochs",
        (long long)tokens, (long long)epoch, (double)tokens / (double)epoch);
    return err_hint(err, "add text, ask for fewer tokens, or allow it with corpus: {repeat: true}");
}
