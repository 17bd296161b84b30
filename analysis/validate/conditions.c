#include "analysis/validate/conditions.h"

#include <string.h>

#include "common/words.h"

enum { MAX_CONDITIONS = 16 };

static ErrCode parse(const char *text, const Frame *f, char word[][WORD_BYTES], Where *where,
                     size_t *ret_n, Err *err)
{
    size_t n = 0, length = strlen(text);
    if (length > 0 && text[length - 1] == '&') {
        return where_parse("", f, &where[0], err); /* which says what a condition is */
    }
    for (; n < MAX_CONDITIONS && words_next(&text, '&', word[n]); n++) {
        ErrCode rc = where_parse(word[n], f, &where[n], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    *ret_n = n;
    return *text && n == MAX_CONDITIONS
               ? err_set(err, ERR_USAGE, "more than %d conditions in one", MAX_CONDITIONS)
               : ERR_OK;
}

static ErrCode mark_one(const Frame *f, const char *text, const size_t *row, size_t n, bool *ret,
                        Err *err)
{
    char word[MAX_CONDITIONS][WORD_BYTES];
    Where where[MAX_CONDITIONS];
    size_t n_where = 0;
    ErrCode rc = parse(text, f, word, where, &n_where, err);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        bool holds = true;
        for (size_t k = 0; k < n_where && holds && rc == ERR_OK; k++) {
            rc = where_holds(&where[k], f, row[i], &holds, err);
        }
        ret[i] = ret[i] || holds;
    }
    return rc;
}

ErrCode conditions_mark(const Frame *f, const char *const *alternative, size_t n_alternatives,
                        const size_t *row, size_t n, bool *ret, Err *err)
{
    memset(ret, 0, n * sizeof *ret);
    for (size_t k = 0; k < n_alternatives; k++) {
        ErrCode rc = mark_one(f, alternative[k], row, n, ret, err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}
