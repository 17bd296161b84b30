#include "cli/run_only.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static ErrCode want(const Study *study, const char *pattern, bool *is_wanted, Err *err)
{
    size_t n = 0;
    for (size_t i = 0; i < study->n_runs; i++) {
        if (fnmatch(pattern, study->runs[i].name, 0) == 0) {
            is_wanted[i] = true;
            n++;
        }
    }
    if (n > 0) {
        return ERR_OK;
    }
    (void)err_set(err, ERR_USAGE, "--only: no run of the study is called \"%s\"", pattern);
    return err_hint(err, "slaw plan lists the runs; patterns such as 'llama-*' are understood");
}

ErrCode run_only(const Study *study, const char *only, bool **ret, Err *err)
{
    *ret = NULL;
    if (!only) {
        return ERR_OK;
    }
    char *list = strdup(only), *rest = list;
    bool *is_wanted = calloc(study->n_runs + 1, sizeof *is_wanted);
    ErrCode rc = list && is_wanted ? ERR_OK : err_nomem(err, "--only");
    while (rc == ERR_OK && rest) {
        rc = want(study, strsep(&rest, ","), is_wanted, err);
    }
    free(list);
    if (rc != ERR_OK) {
        free(is_wanted);
        return rc;
    }
    *ret = is_wanted;
    return ERR_OK;
}
