#include "common/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/quantity.h"

/* ---- lists ----------------------------------------------------------------------------------- */

/* n bytes of text without the blanks at their ends. */
static void copy_word(const char *text, size_t n, char word[WORD_BYTES])
{
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    (void)snprintf(word, WORD_BYTES, "%.*s", (int)(n < WORD_BYTES ? n : WORD_BYTES), text);
}

bool words_next(const char **rest, char separator, char word[WORD_BYTES])
{
    const char *text = *rest;
    if (!text || !*text) {
        return false;
    }
    const char *end = strchr(text, separator);
    size_t n = end ? (size_t)(end - text) : strlen(text);
    copy_word(text, n, word);
    *rest = text + n + (end ? 1 : 0);
    return true;
}

bool words_have(const char *list, char separator, const char *name)
{
    char word[WORD_BYTES];
    while (words_next(&list, separator, word)) {
        if (strcmp(word, name) == 0) {
            return true;
        }
    }
    return false;
}

bool words_is_ending(const char *path, const char *name)
{
    size_t n = strlen(path), m = strlen(name);
    return m > 0 && m < n && path[n - m - 1] == '.' && strcmp(path + n - m, name) == 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

static void put_names(Buf *out, const char *const *name, size_t n, const char *last)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : last, name[i]);
    }
}

static bool is_one(const char *text, const char *const *name, size_t n, size_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, name[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

ErrCode words_enum(const char *option, const char *text, const char *const *name, size_t n,
                   size_t *ret, Err *err)
{
    Buf all = BUF_INIT;
    if (is_one(text, name, n, ret)) {
        return ERR_OK;
    }
    put_names(&all, name, n, " or ");
    (void)err_set(err, ERR_USAGE, "--%s takes %s, not \"%.80s\"", option, buf_str(&all), text);
    buf_release(&all);
    const char *near = nearest_name(text, name, n);
    return near ? err_hint(err, "did you mean \"%s\"?", near) : err->code;
}

ErrCode words_hint(const char *what, const char *text, const char *const *name, size_t n, Err *err)
{
    Buf all = BUF_INIT;
    const char *near = nearest_name(text, name, n);
    if (near) {
        return err_hint(err, "did you mean \"%s\"?", near);
    }
    put_names(&all, name, n, ", ");
    (void)err_hint(err, "%ss are: %.400s", what, buf_str(&all));
    buf_release(&all);
    return err->code;
}

ErrCode words_find(const char *what, const char *text, const char *const *name, size_t n,
                   size_t *ret, Err *err)
{
    char all[64];
    if (is_one(text, name, n, ret)) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_USAGE, "there is no %s \"%.80s\"", what, text);
    (void)snprintf(all, sizeof all, "the %s", what);
    return words_hint(all, text, name, n, err);
}

/* ---- numbers --------------------------------------------------------------------------------- */

ErrCode words_numbers(const char *option, const char *text, size_t most, double *ret, size_t *ret_n,
                      Err *err)
{
    char word[WORD_BYTES];
    *ret_n = 0;
    while (words_next(&text, ',', word)) {
        double x = 0.0;
        if (quantity_parse(word, QUANTITY_COUNT, &x) && x > 0.0 && *ret_n < most) {
            ret[(*ret_n)++] = x;
            continue;
        }
        return most == 1 ? err_set(err, ERR_USAGE, "--%s takes a positive number, not \"%.80s\"",
                                   option, word)
                         : err_set(err, ERR_USAGE,
                                   "--%s takes up to %zu positive numbers with commas, not "
                                   "\"%.80s\"",
                                   option, most, word);
    }
    return ERR_OK;
}

static ErrCode not_within(const char *option, double lo, double hi, const char *text, Err *err)
{
    return err_set(err, ERR_USAGE, "--%s takes a number from %g to below %g, not \"%.80s\"", option,
                   lo, hi, text);
}

ErrCode words_number(const char *option, const char *text, double lo, double hi, double *ret,
                     Err *err)
{
    double x;
    if (!quantity_parse(text, QUANTITY_COUNT, &x) || !(x >= lo && x < hi)) {
        return not_within(option, lo, hi, text, err);
    }
    *ret = x;
    return ERR_OK;
}

ErrCode words_check_number(const char *option, double x, double lo, double hi, Err *err)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%g", x);
    return x >= lo && x < hi ? ERR_OK : not_within(option, lo, hi, text, err);
}

ErrCode words_check_whole(const char *option, int64_t x, int64_t lo, int64_t hi, Err *err)
{
    if (x >= lo && x <= hi) {
        return ERR_OK;
    }
    return hi == INT64_MAX ? err_set(err, ERR_USAGE, "--%s takes %lld or more, not %lld", option,
                                     (long long)lo, (long long)x)
                           : err_set(err, ERR_USAGE, "--%s takes %lld to %lld, not %lld", option,
                                     (long long)lo, (long long)hi, (long long)x);
}

ErrCode words_share(const char *option, const char *text, double *ret, Err *err)
{
    char *end = NULL;
    double x = strtod(text, &end);
    if (end != text && *end == '%') {
        x /= 100.0;
        end++;
    }
    if (end == text || *end || !(x >= 0.0 && x < 1.0)) {
        return err_set(err, ERR_USAGE, "--%s takes a share such as 0.3%% or 0.003, not \"%.80s\"",
                       option, text);
    }
    *ret = x;
    return ERR_OK;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

ErrCode words_setting(const char *option, const char *form, const char *text, char name[WORD_BYTES],
                      const char **ret_value, Err *err)
{
    size_t n = strcspn(text, "=");
    copy_word(text, n, name);
    if (text[n] != '=' || text[n + 1] == '\0' || name[0] == '\0' || n >= WORD_BYTES) {
        return err_set(err, ERR_USAGE, "--%s takes %s, not \"%.80s\"", option, form, text);
    }
    *ret_value = text + n + 1;
    return ERR_OK;
}

bool words_scaled(const char *text, char name[WORD_BYTES], double *ret_factor)
{
    const char *star = strrchr(text, '*');
    bool is_scaled = star && quantity_parse(star + 1, QUANTITY_COUNT, ret_factor);
    *ret_factor = is_scaled ? *ret_factor : 1.0;
    copy_word(text, is_scaled ? (size_t)(star - text) : strlen(text), name);
    return is_scaled;
}
