#include "tests/support/json_at.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static const json_t *find(const json_t *v, const char *format,
                                                                va_list ap)
{
    char place[256], word[128];
    int n = vsnprintf(place, sizeof place, format, ap);
    ck_assert(n >= 0 && (size_t)n < sizeof place);
    for (const char *p = place; *p; p += *p == '.') {
        size_t len = strcspn(p, ".");
        ck_assert_uint_lt(len, sizeof word);
        memcpy(word, p, len);
        word[len] = '\0';
        v = json_is_array(v) ? json_array_get(v, strtoul(word, NULL, 10))
                             : json_object_get(v, word);
        ck_assert_msg(v != NULL, "there is no %s at %s", word, place);
        p += len;
    }
    return v;
}

/* Sets `ret` to what stands at the place, which has to be `is`. */
#define FIND(ret, is)                                      \
    do {                                                   \
        va_list ap;                                        \
        va_start(ap, place);                               \
        (ret) = find(v, place, ap);                        \
        va_end(ap);                                        \
        ck_assert_msg(is, "%s is of another kind", place); \
    } while (0)

const json_t *json_at(const json_t *v, const char *place, ...)
{
    const json_t *x;
    FIND(x, x != NULL);
    return x;
}

const char *text_at(const json_t *v, const char *place, ...)
{
    const json_t *x;
    FIND(x, json_is_string(x));
    return json_string_value(x);
}

json_int_t integer_at(const json_t *v, const char *place, ...)
{
    const json_t *x;
    FIND(x, json_is_integer(x));
    return json_integer_value(x);
}

double number_at(const json_t *v, const char *place, ...)
{
    const json_t *x;
    FIND(x, json_is_number(x));
    return json_number_value(x);
}

size_t count_at(const json_t *v, const char *place, ...)
{
    const json_t *x;
    FIND(x, json_is_array(x) || json_is_object(x));
    return json_is_array(x) ? json_array_size(x) : json_object_size(x);
}

const json_t *json_whose(const json_t *list, const char *key, const char *want)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(text_at(json_array_get(list, i), "%s", key), want) == 0) {
            return json_array_get(list, i);
        }
    }
    return NULL;
}
