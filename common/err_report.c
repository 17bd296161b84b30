#include "common/err_report.h"

#include "common/json.h"

static bool are_the_failure(const Err *err, const Problems *p)
{
    return p && p->n > 0 && err->code == ERR_INVALID;
}

void err_report_text(const Err *err, const Problems *p, TextStyle style, Buf *out)
{
    if (are_the_failure(err, p)) {
        problems_text(p, style, out);
    }
    buf_printf(out, "slaw: %s\n", err->msg);
    if (err->hint[0]) {
        buf_printf(out, "hint: %s\n", err->hint);
    }
}

static json_t *error_json(const Err *err)
{
    return problem_json(err_code_name(err->code), err->msg, err->hint, err->in_file, err->at);
}

void err_report_json(const Err *err, const Problems *p, Buf *out)
{
    json_t *list = are_the_failure(err, p) ? problems_json(p) : NULL;
    json_t *v = list ? json_pack("{s:i, s:O, s:o}", "schema", 1, "error", json_array_get(list, 0),
                                 "problems", list)
                     : json_pack("{s:i, s:o}", "schema", 1, "error", error_json(err));
    json_pretty(v, out);
    json_decref(v);
}
