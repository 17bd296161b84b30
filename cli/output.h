/* output.h -- a command's answer on standard output. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>

#include "common/buf.h"
#include "common/err.h"

/* Prints v, readable, and takes it over.  ERR_NOMEM also when v is NULL (its builder ran
 * out of memory). */
ErrCode output_json(json_t *v, Err *err);

/* The same on one line, for answers that come again and again. */
ErrCode output_json_line(json_t *v, Err *err);

/* Prints the text and releases it.  ERR_NOMEM if it is incomplete. */
ErrCode output_text(Buf *text, Err *err);

/* A real for JSON: null unless finite. */
json_t *output_real(double x);
/* A string for JSON: null for NULL. */
json_t *output_string(const char *s);

#endif
