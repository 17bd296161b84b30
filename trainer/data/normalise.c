#include "trainer/data/normalise.h"

#include <string.h>

#include "common/utf8.h"
#include "trainer/data/fold.h"

/* White space is held back until the next printing character decides what it becomes. */
typedef struct Writer {
    Buf *out;
    const NormaliseOptions *o;
    size_t start;  /* of this text in out */
    int n_breaks;  /* line breaks held back, at most 2 */
    bool is_space; /* a space held back */
} Writer;

/* A line that ends in a hyphen or dash set tight to its word ("drawing-", "so--") was
 * broken there, without a space. */
static bool ends_tight(const Writer *w)
{
    const char *text = w->out->data + w->start;
    size_t n = w->out->len - w->start;
    size_t n_dashes = 0;
    while (n_dashes < n && text[n - 1 - n_dashes] == '-') {
        n_dashes++;
    }
    return n_dashes > 0 && n_dashes < n && text[n - 1 - n_dashes] != ' ' &&
           text[n - 1 - n_dashes] != '\n';
}

static void put_space(Writer *w)
{
    bool is_first = w->out->len == w->start;
    bool is_wrap = w->n_breaks == 1 && w->o->joins_lines;
    if (is_first || (is_wrap && ends_tight(w))) {
        /* nothing stands between */
    } else if (w->n_breaks == 2) {
        buf_puts(w->out, "\n\n");
    } else if (w->n_breaks == 1 && !is_wrap) {
        buf_putc(w->out, '\n');
    } else if (is_wrap || w->is_space) {
        buf_putc(w->out, ' ');
    }
    w->n_breaks = 0;
    w->is_space = false;
}

static void put_break(Writer *w, int n)
{
    w->n_breaks = w->n_breaks + n >= 2 ? 2 : 1; /* more than two mean no more than two */
}

static void put_ascii(Writer *w, char c)
{
    if (c == '\n' || c == '\v' || c == '\f') {
        put_break(w, 1);
    } else if (c == ' ' || c == '\t') {
        w->is_space = true;
    } else if (c > ' ' && c < 0x7F && !(w->o->drop && strchr(w->o->drop, c))) {
        put_space(w);
        buf_putc(w->out, c);
    }
}

static void put_code_point(Writer *w, uint32_t c, const char *utf8, size_t n)
{
    const char *ascii = fold_ascii(c);
    if (c == 0x85 || c == 0x2028) { /* next line, line separator */
        put_break(w, 1);
    } else if (c == 0x2029) { /* paragraph separator */
        put_break(w, 2);
    } else if (ascii) {
        for (; *ascii; ascii++) {
            put_ascii(w, *ascii);
        }
    } else if (c > 0x9F && !w->o->is_ascii_only) {
        put_space(w);
        buf_add(w->out, utf8, n);
    }
}

void normalise_text(const char *bytes, size_t n, const NormaliseOptions *o, Buf *out)
{
    Writer w = {.out = out, .o = o, .start = out->len};
    const unsigned char *p = (const unsigned char *)bytes;
    for (size_t i = 0; i < n && !out->is_short;) {
        uint32_t c = 0;
        if (p[i] == '\r') {
            if (i + 1 >= n || p[i + 1] != '\n') {
                put_ascii(&w, '\n');
            }
            i++;
        } else if (p[i] < 0x80) {
            put_ascii(&w, (char)p[i++]);
        } else {
            size_t k = utf8_decode(p + i, n - i, &c);
            if (k > 0) {
                put_code_point(&w, c, bytes + i, k);
            }
            i += k > 0 ? k : 1;
        }
    }
    if (out->len > w.start) {
        buf_putc(out, '\n');
    }
}

ErrCode normalise_check(const char *bytes, size_t n, const char *name, Err *err)
{
    if (n == 0) {
        return err_set(err, ERR_INVALID, "%s is empty", name);
    }
    const char *nul = memchr(bytes, '\0', n);
    if (nul) {
        (void)err_set(err, ERR_INVALID, "%s is not text: it has a NUL byte at offset %zu", name,
                      (size_t)(nul - bytes));
        return err_hint(err, "UTF-16 text becomes UTF-8 with: iconv -f utf-16 -t utf-8");
    }
    const unsigned char *p = (const unsigned char *)bytes;
    size_t n_bad = 0, first_bad = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t k = utf8_decode(p + i, n - i, &c);
        if (k == 0 && n_bad++ == 0) {
            first_bad = i;
        }
        i += k > 0 ? k : 1;
    }
    if (n_bad > n / 1000) {
        (void)err_set(err, ERR_INVALID,
                      "%s is not UTF-8 text: %zu of its %zu bytes are not, the first at offset %zu",
                      name, n_bad, n, first_bad);
        return err_hint(err, "Latin-1 text becomes UTF-8 with: iconv -f latin1 -t utf-8");
    }
    return ERR_OK;
}
