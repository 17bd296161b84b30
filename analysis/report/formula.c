#include "analysis/report/formula.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_word(const char *word, const char *s, size_t n)
{
    return strlen(word) == n && memcmp(word, s, n) == 0;
}

/* Words of an equation that are functions or numbers by themselves. */
static bool is_function(const char *s, size_t n)
{
    return is_word("e", s, n) || is_word("ln", s, n) || is_word("log10", s, n);
}

static size_t word_length(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '\'') {
        n++;
    }
    return n;
}

/* Value of a word: a parameter, or with inputs an input. */
static bool value_of(const FitResult *f, const double *inputs, const char *s, size_t n, double *ret)
{
    for (size_t i = 0; i < f->n_params; i++) {
        if (is_word(f->param[i].name, s, n)) {
            *ret = f->param[i].value;
            return true;
        }
    }
    for (size_t k = 0; inputs && k < FORM_MAX_INPUTS && k < form_columns(f->form); k++) {
        FormInput x = f->form->input[k];
        if (is_word(form_input_name(x), s, n) || (x == FORM_EXPERTS && is_word("E", s, n)) ||
            (x == FORM_X_LOSS && is_word("L", s, n))) {
            *ret = inputs[k];
            return true;
        }
    }
    return false;
}

static bool is_input(const FitResult *f, const char *s, size_t n)
{
    double one[FORM_MAX_INPUTS] = {1.0, 1.0, 1.0}, ignored = 0.0;
    return value_of(f, one, s, n, &ignored);
}

/* The right-hand side with numbers for words; inputs may be NULL.  `,` begins a remark on units. */
static bool put_right(const FitResult *f, const char *s, const double *inputs, int digits, Buf *out)
{
    bool was_number = false; /* the last thing put was a number: what follows is a factor */
    while (*s && *s != ',') {
        size_t n = isalpha((unsigned char)*s) ? word_length(s) : 0;
        double v = 0.0;
        if (n && value_of(f, inputs, s, n, &v)) {
            const char *last = out->len ? out->data + out->len - 1 : " ";
            bool is_bracketed = v < 0.0 && (*last == '-' || *last == '^');
            bool is_after_plus = v < 0.0 && out->len > 1 && *last == ' ' && last[-1] == '+';
            if (is_after_plus) { /* "+ -3" is "- 3" */
                out->data[out->len - 2] = '-';
                v = -v;
            }
            buf_printf(out, is_bracketed ? "(%.*g)" : "%.*g", digits, v);
            was_number = true;
            s += n;
        } else if (n && (is_function(s, n) || (!inputs && is_input(f, s, n)))) {
            buf_add(out, s, n);
            was_number = false;
            s += n;
        } else if (n) {
            return false;
        } else {
            bool is_product =
                inputs && was_number && *s == ' ' && (isalnum((unsigned char)s[1]) || s[1] == '(');
            buf_puts(out, is_product ? " *" : "");
            was_number = was_number && *s == ')';
            buf_putc(out, *s++);
        }
    }
    return true;
}

static const char *right_side(const Form *f, size_t *ret_left)
{
    const char *equals = strstr(f->equation, " = ");
    *ret_left = equals ? (size_t)(equals - f->equation) : 0;
    return equals ? equals + 3 : NULL;
}

bool formula_text(const FitResult *f, int digits, Buf *out)
{
    size_t left;
    const char *right = right_side(f->form, &left);
    Buf side = BUF_INIT;
    bool is_plain = right && put_right(f, right, NULL, digits, &side);
    if (is_plain) {
        buf_printf(out, "%.*s = %s", (int)left, f->form->equation, buf_str(&side));
    }
    buf_release(&side);
    return is_plain;
}

static double two_digits(double x)
{
    double unit = pow(10.0, floor(log10(fabs(x))) - 1.0);
    return x != 0.0 && isfinite(unit) && unit > 0.0 ? round(x / unit) * unit : x;
}

void formula_point(const FitResult *f, const FitData *data, double *inputs)
{
    size_t n = form_columns(f->form), best = 0;
    double largest = -(double)INFINITY;
    for (size_t i = 0; i < data->n; i++) {
        double product = 0.0;
        for (size_t k = 0; k < n; k++) {
            double x = fit_data_input(data, f->form->input[k])[i];
            product += form_is_linear_input(f->form->input[k]) ? x : log(x);
        }
        if (product > largest) {
            largest = product;
            best = i;
        }
    }
    for (size_t k = 0; k < n; k++) {
        double unit = f->form->input_unit[k] > 0.0 ? f->form->input_unit[k] : 1.0;
        inputs[k] = two_digits(fit_data_input(data, f->form->input[k])[best] / unit);
    }
}

void formula_worked(const FitResult *f, const double *inputs, int digits, Buf *out)
{
    size_t left, n = form_columns(f->form);
    const char *right = right_side(f->form, &left);
    Buf side = BUF_INIT;
    buf_puts(out, "at ");
    for (size_t k = 0; k < n; k++) {
        buf_printf(out, "%s%s = %.6g", k ? ", " : "", form_input_name(f->form->input[k]),
                   inputs[k]);
        if (f->form->input_unit[k] == FORM_PFLOP_S_DAY) {
            buf_puts(out, " PFLOP/s-days");
        }
    }
    size_t name = strcspn(f->form->equation, "(");
    bool is_log = strncmp(f->form->equation, "log10 ", 6) == 0;
    buf_printf(out, ": %.*s = ", (int)name, f->form->equation);
    if (right && put_right(f, right, inputs, digits, &side)) {
        buf_printf(out, "%s = ", buf_str(&side));
    }
    double y = fit_predict(f, inputs);
    buf_printf(out, "%.*g", digits, is_log ? log10(y) : y);
    buf_release(&side);
}
