#include "cli/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/quantity.h"
#include "common/words.h"

const Opt *opt_find(const Opt *opts, const char *name, size_t n)
{
    for (const Opt *o = opts; o && o->name; o++) {
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0) {
            return o;
        }
    }
    return NULL;
}

static ErrCode wrong(const Opt *o, const char *what, const char *value, Err *err)
{
    return err_set(err, ERR_USAGE, "--%s takes %s, not \"%s\"", o->name, what, value);
}

static ErrCode store_text(const Opt *o, const char *value, OptTexts *t, Err *err)
{
    if (t->n == OPT_MAX_TEXTS) {
        return err_set(err, ERR_USAGE, "--%s is given more than %d times", o->name, OPT_MAX_TEXTS);
    }
    t->item[t->n++] = value;
    return ERR_OK;
}

ErrCode opt_store(const Opt *o, const char *value, void *into, Err *err)
{
    void *field = (unsigned char *)into + o->offset;
    switch (o->kind) {
    case OPT_FLAG:
        *(bool *)field = true;
        break;
    case OPT_COUNT:
        ++*(int *)field;
        break;
    case OPT_TEXT:
        *(const char **)field = value;
        break;
    case OPT_I64:
        return quantity_parse_i64(value, QUANTITY_COUNT, field)
                   ? ERR_OK
                   : wrong(o, "a whole number", value, err);
    case OPT_F64:
        return quantity_parse(value, QUANTITY_COUNT, field) ? ERR_OK
                                                            : wrong(o, "a number", value, err);
    case OPT_TEXTS:
        return store_text(o, value, field, err);
    case OPT_NUMBERS: {
        OptNumbers *list = field;
        return words_numbers(o->name, value, OPT_MAX_NUMBERS, list->x, &list->n, err);
    }
    case OPT_CHOICE: {
        size_t n = 0, at = 0;
        while (o->choices[n]) {
            n++;
        }
        ErrCode rc = words_enum(o->name, value, o->choices, n, &at, err);
        *(int *)field = rc == ERR_OK ? (int)at : *(int *)field;
        return rc;
    }
    }
    return ERR_OK;
}

json_t *opt_json(const Opt *o, const void *from)
{
    const void *field = (const unsigned char *)from + o->offset;
    json_t *list = NULL;
    switch (o->kind) {
    case OPT_FLAG:
        return json_boolean(*(const bool *)field);
    case OPT_COUNT:
        return json_integer(*(const int *)field);
    case OPT_TEXT: {
        const char *text = *(const char *const *)field;
        return text ? json_string(text) : json_null();
    }
    case OPT_I64:
        return json_integer(*(const int64_t *)field);
    case OPT_F64: {
        double x = *(const double *)field;
        return isfinite(x) ? json_real(x) : json_null();
    }
    case OPT_TEXTS:
        return json_texts(((const OptTexts *)field)->item, ((const OptTexts *)field)->n);
    case OPT_NUMBERS:
        list = json_array();
        for (size_t i = 0; i < ((const OptNumbers *)field)->n; i++) {
            (void)json_array_append_new(list, json_real(((const OptNumbers *)field)->x[i]));
        }
        return list;
    case OPT_CHOICE:
        return json_string(o->choices[*(const int *)field]);
    }
    return NULL;
}
