#include "cli/study_group.h"

#include <string.h>

#include "common/json.h"
#include "common/words.h"

const char *study_group_axis(json_t *axes, const char *name, const char **ret_two)
{
    const char *path, *found = NULL;
    json_t *v;
    *ret_two = NULL;
    json_object_foreach(axes, path, v)
    {
        if (strcmp(path, name) == 0) {
            *ret_two = NULL;
            return path;
        }
        if (words_is_ending(path, name)) {
            *ret_two = found;
            found = path;
        }
    }
    return *ret_two ? NULL : found;
}

ErrCode study_group_name(const Study *study, size_t i, const char *by, Buf *out, Err *err)
{
    char name[WORD_BYTES];
    const char *rest = by, *two;
    json_t *axes = NULL;
    ErrCode rc = study_run_axes(study, i, &axes, err);
    buf_clear(out);
    while (rc == ERR_OK && words_next(&rest, ',', name)) {
        const char *path = study_group_axis(axes, name, &two);
        if (path) {
            buf_puts(out, out->len ? "/" : "");
            json_plain_text(json_object_get(axes, path), out);
        } else if (two) {
            rc = err_set(err, ERR_USAGE, "--by: several axes of the study end in \"%s\"", name);
            (void)err_hint(err, "name one in full, as %s", two);
        } else {
            rc = err_set(err, ERR_USAGE, "--by: run %s has no axis \"%s\"", study->runs[i].name,
                         name);
        }
    }
    json_decref(axes);
    return rc == ERR_OK ? buf_ok(out, err) : rc;
}
