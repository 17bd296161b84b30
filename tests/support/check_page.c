#include "tests/support/check_page.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

void check_fits(const char *text, size_t width)
{
    for (const char *s = text; *s; s += *s == '\n') {
        size_t bytes = strcspn(s, "\n"), n = 0;
        for (size_t i = 0; i < bytes; i++) {
            n += ((unsigned char)s[i] & 0xC0) != 0x80 ? 1 : 0;
        }
        ck_assert_msg(n <= width, "%zu characters, not %zu: %.*s", n, width, (int)bytes, s);
        s += bytes;
    }
}

void check_latex(const char *text)
{
    for (const char *s = text; *s; s += *s == '\n') {
        size_t bytes = strcspn(s, "\n");
        bool is_math = false;
        for (size_t i = 0; i < bytes && s[0] != '%'; i++) {
            is_math = s[i] == '$' ? !is_math : is_math;
            ck_assert_msg(is_math || !strchr("^_", s[i]), "a bare %c: %.*s", s[i], (int)bytes, s);
            i += s[i] == '\\' ? 1 : 0;
        }
        ck_assert_msg(!is_math, "mathematics without an end: %.*s", (int)bytes, s);
        s += bytes;
    }
}

void check_words(const char *text, size_t n, const char *const *words)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(strstr(text, words[i]) != NULL, "no \"%s\" in\n%.4000s", words[i], text);
    }
}

size_t occurrences(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p++) {
        n++;
    }
    return n;
}

void check_texts(size_t n, const char *const row[][2], void (*write)(const char *given, Buf *out))
{
    for (size_t i = 0; i < n; i++) {
        Buf out = BUF_INIT;
        write(row[i][0], &out);
        ck_assert_str_eq(buf_str(&out), row[i][1]);
        buf_release(&out);
    }
}
