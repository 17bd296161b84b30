#include "trainer/worker/text_out.h"

#include <stdbool.h>
#include <string.h>

/* Length of the sequence that a first byte announces; 0 if none does. */
static size_t announced(unsigned char first)
{
    return first < 0x80                    ? 1
           : first >= 0xC2 && first < 0xE0 ? 2
           : first >= 0xE0 && first < 0xF0 ? 3
           : first >= 0xF0 && first < 0xF5 ? 4
                                           : 0;
}

/* Can the first n bytes begin a sequence?  (RFC 3629: no overlong forms, no surrogates,
 * nothing above U+10FFFF.) */
static bool is_prefix(const unsigned char *s, size_t n)
{
    if (announced(s[0]) < n) {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    if (n < 2) {
        return true;
    }
    return !((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
             (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F));
}

static bool is_control(const unsigned char *s, size_t n)
{
    if (n == 1) {
        return (s[0] < 0x20 && s[0] != '\n' && s[0] != '\t') || s[0] == 0x7F;
    }
    return n == 2 && s[0] == 0xC2 && s[1] < 0xA0;
}

static void put_escaped(const unsigned char *s, size_t n, Buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "\\x%02X", s[i]);
    }
}

void text_out_byte(TextOut *t, unsigned char byte, Buf *out)
{
    t->held[t->n_held++] = byte;
    if (!is_prefix(t->held, t->n_held)) {
        size_t n_bad = t->n_held > 1 ? t->n_held - 1 : 1; /* the new byte may begin another */
        put_escaped(t->held, n_bad, out);
        bool is_left = n_bad < t->n_held;
        t->n_held = 0;
        if (is_left) {
            text_out_byte(t, byte, out);
        }
        return;
    }
    if (t->n_held == announced(t->held[0])) {
        if (is_control(t->held, t->n_held)) {
            put_escaped(t->held, t->n_held, out);
        } else {
            buf_add(out, t->held, t->n_held);
        }
        t->n_held = 0;
    }
}

void text_out_end(TextOut *t, Buf *out)
{
    put_escaped(t->held, t->n_held, out);
    t->n_held = 0;
}
