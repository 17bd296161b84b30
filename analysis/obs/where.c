#include "analysis/obs/where.h"

#include <stdio.h>
#include <string.h>

#include "common/quantity.h"

enum { MAX_NAME = 128 };

static const struct {
    const char *text;
    WhereOp op;
} operators[] = {
    {"!=", WHERE_NE}, {"<=", WHERE_LE}, {">=", WHERE_GE}, {"==", WHERE_EQ},
    {"=", WHERE_EQ},  {"<", WHERE_LT},  {">", WHERE_GT},
};

ErrCode where_parse(const char *text, const Frame *f, Where *ret, Err *err)
{
    size_t n = strcspn(text, "!<>=");
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        size_t width = strlen(operators[i].text);
        if (n == 0 || strncmp(text + n, operators[i].text, width) != 0) {
            continue;
        }
        const char *value = text + n + width;
        while (n > 0 && text[n - 1] == ' ') {
            n--;
        }
        char name[MAX_NAME];
        (void)snprintf(name, sizeof name, "%.*s", (int)n, text);
        Where w = {.op = operators[i].op, .value = value + strspn(value, " ")};
        ErrCode rc = frame_column(f, name, &w.column, err);
        if (rc == ERR_OK) {
            *ret = w;
        }
        return rc;
    }
    (void)err_set(err, ERR_USAGE, "\"%s\" is not a condition", text);
    return err_hint(err, "COLUMN=VALUE, or != < <= > >= in place of =");
}

ErrCode where_holds(const Where *w, const Frame *f, size_t row, bool *ret, Err *err)
{
    const char *cell = frame_cell(f, row, w->column);
    double x, y;
    bool is_number =
        quantity_parse(cell, QUANTITY_COUNT, &x) && quantity_parse(w->value, QUANTITY_COUNT, &y);
    if (!is_number) {
        if (w->op != WHERE_EQ && w->op != WHERE_NE) {
            return frame_bad_cell(f, row, w->column,
                                  "has no order: it or the value is not a number", err);
        }
        *ret = (strcmp(cell, w->value) == 0) == (w->op == WHERE_EQ);
        return ERR_OK;
    }
    switch (w->op) {
    case WHERE_EQ:
        *ret = x == y;
        break;
    case WHERE_NE:
        *ret = x != y;
        break;
    case WHERE_LT:
        *ret = x < y;
        break;
    case WHERE_LE:
        *ret = x <= y;
        break;
    case WHERE_GT:
        *ret = x > y;
        break;
    case WHERE_GE:
        *ret = x >= y;
        break;
    }
    return ERR_OK;
}
