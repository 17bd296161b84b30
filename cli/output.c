#include "cli/output.h"

#include <math.h>
#include <stdio.h>

#include "common/json.h"

ErrCode output_text(Buf *text, Err *err)
{
    ErrCode rc = buf_ok(text, err);
    if (rc == ERR_OK) {
        (void)fwrite(buf_str(text), 1, text->len, stdout); /* command.c checks standard output */
    }
    buf_release(text);
    return rc;
}

ErrCode output_json(json_t *v, Err *err)
{
    Buf text = BUF_INIT;
    if (!v) {
        return err_nomem(err, "the answer");
    }
    json_pretty(v, &text);
    json_decref(v);
    return output_text(&text, err);
}

ErrCode output_json_line(json_t *v, Err *err)
{
    Buf text = BUF_INIT;
    if (!v) {
        return err_nomem(err, "the answer");
    }
    json_canonical(v, &text);
    json_decref(v);
    buf_putc(&text, '\n');
    return output_text(&text, err);
}

json_t *output_real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

json_t *output_string(const char *s)
{
    return s ? json_string(s) : json_null();
}
