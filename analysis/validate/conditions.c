#include "analysis/validate/conditions.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CONDITIONS = 16 };

static ErrCode parse(char *text, const Frame *f, Where *where, size_t *ret_n, Err *err)
{
    char *rest = text;
    *ret_n = 0;
    for (char *one; (one = strsep(&rest, "&")) != NULL;) {
        for (size_t n = strlen(one); n > 0 && one[n - 1] == ' ';) {
            one[--n] = '\0';
        }
        one += strspn(one, " ");
        if (*ret_n == MAX_CONDITIONS) {
            return err_set(err, ERR_USAGE, "more than %d conditions in one", MAX_CONDITIONS);
        }
        ErrCode rc = where_parse(one, f, &where[(*ret_n)++], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

static ErrCode mark_one(const Frame *f, char *text, const size_t *row, size_t n, bool *ret,
                        Err *err)
{
    Where where[MAX_CONDITIONS];
    size_t n_where = 0;
    ErrCode rc = parse(text, f, where, &n_where, err);
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
        char *copy = strdup(alternative[k]);
        ErrCode rc = copy ? mark_one(f, copy, row, n, ret, err) : err_nomem(err, "conditions");
        free(copy);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}
