#include "catalog/keep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Keep keep_default = {.weights = INT64_MAX};

static bool parse_word(const char *text, Keep *ret)
{
    static const struct {
        const char *word;
        Keep keep;
    } table[] = {
        {"all", {.weights = INT64_MAX, .states = true}},
        {"weights", {.weights = INT64_MAX}},
        {"last", {.weights = 1}},
        {"none", {.weights = 0}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(text, table[i].word) == 0) {
            *ret = table[i].keep;
            return true;
        }
    }
    return false;
}

/* "last: 3". */
static bool parse_last(const char *text, Keep *ret)
{
    const char *p = text + 4;
    if (strncmp(text, "last", 4) != 0 || (*p != ':' && *p != '=')) {
        return false;
    }
    p += 1 + strspn(p + 1, " ");
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 9 || p[digits] != '\0' || strtoll(p, NULL, 10) < 1) {
        return false;
    }
    *ret = (Keep){.weights = strtoll(p, NULL, 10)};
    return true;
}

ErrCode keep_parse(const char *text, Keep *ret, Err *err)
{
    if (parse_word(text, ret) || parse_last(text, ret)) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_USAGE, "there is no rule of retention \"%.40s\"", text);
    return err_hint(err, "all, weights, last:3 (or another number) or none");
}

ErrCode keep_from_json(const json_t *v, Keep *ret, Err *err)
{
    const json_t *last = json_object_get(v, "last");
    if (!v) {
        *ret = keep_default;
        return ERR_OK;
    }
    if (json_is_string(v) && keep_parse(json_string_value(v), ret, err) == ERR_OK) {
        return ERR_OK;
    }
    if (json_object_size(v) == 1 && json_is_integer(last) && json_integer_value(last) >= 1) {
        *ret = (Keep){.weights = json_integer_value(last)};
        return ERR_OK;
    }
    return err_set(err, ERR_FORMAT, "checkpoints.keep is no rule of retention");
}

const char *keep_text(Keep k, char out[KEEP_TEXT_BYTES])
{
    if (k.weights == INT64_MAX || k.weights == 0) {
        (void)snprintf(out, KEEP_TEXT_BYTES, "%s",
                       k.weights == 0 ? "none"
                       : k.states     ? "all"
                                      : "weights");
    } else {
        (void)snprintf(out, KEEP_TEXT_BYTES, "last: %" PRId64, k.weights);
    }
    return out;
}
