/* What reads text of unknown origin: the normaliser (a second pass must change nothing), HTML and
 * the packed formats.  The first byte chooses. */
#include <stdlib.h>
#include <string.h>

#include "trainer/data/docs.h"
#include "trainer/data/html.h"
#include "trainer/data/unpack.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

static void normalise_twice(const char *text, size_t n, const NormaliseOptions *o)
{
    Buf once = BUF_INIT, twice = BUF_INIT;
    normalise_text(text, n, o, &once);
    normalise_text(buf_str(&once), once.len, o, &twice);
    if (once.len != twice.len || memcmp(buf_str(&once), buf_str(&twice), once.len) != 0) {
        abort();
    }
    buf_release(&once);
    buf_release(&twice);
}

static ErrCode ignore(void *ctx, const char *text, size_t n, Err *err)
{
    (void)ctx;
    (void)text;
    (void)n;
    (void)err;
    return ERR_OK;
}

static void cut(const char *text, size_t n)
{
    static const DocOptions o = {.is_unique = true, .is_mostly_text = true};
    DocSet docs = DOCSET_INIT;
    Err err = ERR_INIT;
    if (docset_add(&docs, text, n, 0, &o, &err) != ERR_OK ||
        docset_split(&docs, 16, &err) != ERR_OK) {
        abort();
    }
    docset_release(&docs);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
    static const NormaliseOptions keep = {0};
    static const NormaliseOptions join = {.joins_lines = true, .is_ascii_only = true, .drop = "_"};
    if (n == 0) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    Buf out = BUF_INIT;
    Err err = ERR_INIT;
    n--;
    switch (data[0] % 6) {
    case 0:
        normalise_twice(text, n, &keep);
        normalise_twice(text, n, &join);
        break;
    case 1:
        html_to_text(text, n, "x", &out);
        break;
    case 2:
        (void)unpack_bible(text, n, &out, &err);
        break;
    case 3:
        (void)unpack_rdb(text, n, ignore, NULL, &err);
        break;
    case 4:
        (void)unpack_gzip(text, n, &out, &err);
        break;
    default:
        cut(text, n);
        break;
    }
    buf_release(&out);
    return 0;
}
