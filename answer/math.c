/* Plain mathematics as LaTeX: the little language of laws' equations and formulas.
 *
 *   names    a Greek letter's name is the letter; one letter is itself; others are upright; digits at
 *            the end and the second letter of Nc and alphaN are subscripts
 *   words    "C in PFLOP/s-days", "N' likewise": text, after "in" to the next comma
 *   numbers  1.2e-05 is 1.2 \times 10^{-5}, in brackets before ^ and after /
 *   ^ and _  take the next term with its subscript, a parenthesis or a sign and a term, as their argument
 *   *        is \cdot, .. is \ldots; <=, >= and ~ are \le, \ge and \approx; functions (ln, exp, min, max,
 *            prod, sum) are \ln ...
 */
#include <ctype.h>
#include <string.h>

#include "answer/render.h"

static bool is_one_of(const char *word, size_t n, const char *const *list)
{
    for (; *list; list++) {
        if (strlen(*list) == n && memcmp(*list, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_letter_name(const char *s, size_t n)
{
    static const char *const letters[] = {"alpha", "beta",  "gamma", "delta",  "epsilon", "zeta",
                                          "eta",   "theta", "kappa", "lambda", "mu",      "nu",
                                          "xi",    "rho",   "sigma", "tau",    "phi",     "chi",
                                          "psi",   "omega", NULL};
    return is_one_of(s, n, letters);
}

/* A name up to an underscore or what is no letter and no digit. */
static void put_name(const char *s, size_t n, Buf *out)
{
    static const char *const functions[] = {"ln", "log", "exp", "min", "max", "prod", "sum", NULL};
    size_t digits = 0, base = n;
    while (digits + 1 < n && isdigit((unsigned char)s[n - 1 - digits])) {
        digits++;
    }
    base -= digits;
    bool is_pair = base == 2 && isupper((unsigned char)s[0]) && islower((unsigned char)s[1]);
    bool is_greek_pair =
        base > 2 && isupper((unsigned char)s[base - 1]) && is_letter_name(s, base - 1);
    size_t first = is_pair || is_greek_pair ? base - 1 : base;
    if (is_letter_name(s, first) || is_one_of(s, first, functions)) {
        buf_printf(out, "\\%.*s ", (int)first, s);
    } else if (first == 3 && memcmp(s, "eps", 3) == 0) {
        buf_puts(out, "\\varepsilon ");
    } else if (first == 1) {
        buf_add(out, s, 1);
    } else {
        buf_printf(out, "\\mathrm{%.*s}", (int)first, s);
    }
    if (first < n) {
        buf_printf(out, "_{%.*s}", (int)(n - first), s + first);
    }
}

/* "in PFLOP/s-days", "likewise": bytes that are text, 0 if none are. */
static size_t put_words(const char *s, size_t n, Buf *out)
{
    static const char *const words[] = {"in", "likewise", NULL};
    Buf text = BUF_INIT;
    if (!is_one_of(s, n, words)) {
        return 0;
    }
    n = *s == 'i' ? strcspn(s, ",") : n;
    buf_add(&text, s, n);
    buf_puts(out, "\\mbox{ ");
    latex_text(buf_str(&text), out);
    buf_puts(out, "}");
    out->is_short = out->is_short || text.is_short;
    buf_release(&text);
    return n;
}

static size_t name_bytes(const char *s)
{
    size_t n = 0;
    while (isalpha((unsigned char)s[n]) || (n > 0 && isdigit((unsigned char)s[n]))) {
        n++;
    }
    return n;
}

static size_t number_bytes(const char *s, size_t *mantissa)
{
    size_t n = s[0] == '.' && s[1] == '.' ? 0 : strspn(s, "0123456789.");
    *mantissa = n;
    if (n > 0 && (s[n] == 'e' || s[n] == 'E')) {
        size_t sign = s[n + 1] == '-' || s[n + 1] == '+' ? 1 : 0;
        size_t digits = strspn(s + n + 1 + sign, "0123456789");
        n += digits ? 1 + sign + digits : 0;
    }
    return n;
}

static void put_number(const char *s, size_t n, size_t mantissa, Buf *out)
{
    if (n == mantissa) {
        buf_add(out, s, n);
        return;
    }
    const char *exponent = s + mantissa + 1;
    bool is_minus = *exponent == '-';
    bool is_base = s[n] == '^' || (out->len > 0 && out->data[out->len - 1] == '/');
    exponent += *exponent == '-' || *exponent == '+' ? 1 : 0;
    exponent += strspn(exponent, "0") < (size_t)(s + n - exponent) ? strspn(exponent, "0") : 0;
    buf_printf(out, "%s%.*s \\times 10^{%s%.*s}%s", is_base ? "(" : "", (int)mantissa, s,
               is_minus ? "-" : "", (int)(s + n - exponent), exponent, is_base ? ")" : "");
}

static size_t put_term(const char *s, Buf *out);

/* The whole of "(...)", its bytes; 0 when it does not close. */
static size_t parenthesis_bytes(const char *s)
{
    int depth = 0;
    for (size_t n = 0; s[n]; n++) {
        depth += s[n] == '(' ? 1 : s[n] == ')' ? -1 : 0;
        if (depth == 0) {
            return n + 1;
        }
    }
    return 0;
}

static void put_span(const char *s, size_t n, Buf *out)
{
    for (size_t i = 0; i < n && s[i];) {
        i += put_term(s + i, out);
    }
}

/* What ^ and _ take. */
static size_t put_argument(const char *s, Buf *out)
{
    size_t n = s[0] == '(' ? parenthesis_bytes(s) : 0, used = 0;
    buf_putc(out, '{');
    if (n > 0) {
        put_span(s + 1, n - 2, out);
        used = n;
    } else {
        while (s[used] == '-' || s[used] == '+') {
            buf_putc(out, s[used++]);
        }
        if (s[used] && !isspace((unsigned char)s[used])) {
            used += put_term(s + used, out);
        }
        if (s[used] == '_') {
            used += put_term(s + used, out);
        }
    }
    buf_putc(out, '}');
    return used;
}

static size_t put_sign(const char *s, Buf *out)
{
    static const struct {
        const char *plain, *latex;
    } sign[] = {{"<=", "\\le "},    {">=", "\\ge "}, {"..", "\\ldots "}, {"*", " \\cdot "},
                {"~", "\\approx "}, {"%", "\\%"},    {"#", "\\#"},       {"&", "\\&"},
                {"$", "\\$"},       {"{", "\\{"},    {"}", "\\}"},       {"\\", "\\backslash "}};
    for (size_t i = 0; i < sizeof sign / sizeof sign[0]; i++) {
        size_t n = strlen(sign[i].plain);
        if (strncmp(s, sign[i].plain, n) == 0) {
            buf_puts(out, sign[i].latex);
            return n;
        }
    }
    buf_putc(out, *s);
    return 1;
}

/* One term or sign; the bytes that it took, at least 1 unless s is "". */
static size_t put_term(const char *s, Buf *out)
{
    size_t mantissa, n = number_bytes(s, &mantissa);
    if (n > 0) {
        put_number(s, n, mantissa, out);
        return n;
    }
    n = name_bytes(s);
    if (n > 0) {
        size_t words = put_words(s, n, out);
        if (words == 0) {
            put_name(s, n, out);
        }
        return words ? words : n;
    }
    if (*s == '^' || *s == '_') {
        buf_putc(out, *s);
        return 1 + put_argument(s + 1, out);
    }
    return *s ? put_sign(s, out) : 0;
}

void latex_math(const char *s, Buf *out)
{
    put_span(s, strlen(s), out);
}
