#include "common/yaml_fault.h"

#include <stdio.h>
#include <string.h>

#include "common/excerpt.h"

/* Line and column of a byte offset, for errors that libyaml gives no mark for. */
static TextPos place_of_offset(const char *bytes, size_t n, size_t offset)
{
    TextPos at = {1, 1};
    for (size_t i = 0; i < offset && i < n; i++) {
        bool is_continuation = ((unsigned char)bytes[i] & 0xC0) == 0x80;
        at.column += !is_continuation;
        if (bytes[i] == '\n') {
            at = (TextPos){at.line + 1, 1};
        }
    }
    return at;
}

/* The first no-break space in a line that stands where YAML wants a space: among those at the
 * beginning, or behind a colon, dash or comma.  NULL: there is none. */
static const char *hard_space(const char *line, size_t n)
{
    const char *p = line ? memmem(line, n, "\xC2\xA0", 2) : NULL;
    const char *before = p;
    while (before && before > line && before[-1] == ' ') {
        before--;
    }
    return p && (before == line || strchr(":-,[{", before[-1])) ? p : NULL;
}

/* Such a space in the line of the problem or the one before it, where *at moves to. */
static bool find_hard_space(const char *text, size_t n, TextPos *at)
{
    for (int i = at->line; i > 0 && i >= at->line - 1; i--) {
        size_t n_line = 0;
        const char *line = excerpt_line(text, n, i, &n_line), *p = hard_space(line, n_line);
        if (p) {
            *at = place_of_offset(text, n, (size_t)(p - text));
            return true;
        }
    }
    return false;
}

static const char *syntax_hint(const char *why)
{
    static const struct {
        const char *part, *hint;
    } row[] = {
        {"tab character", "indent with spaces: YAML does not take tabs there"},
        {"cannot start any token",
         "indent with spaces, and quote text that starts with @, ` or a tab"},
        {"expected key", "check the indentation and the quotes of this line and the one above"},
        {"expected ':'", "a key is followed by a colon and a space; check the line above too"},
        {"mapping values are not allowed",
         "quote text that holds a colon, and check the indentation"},
        {"unexpected end of stream", "close this quote"},
        {"block end", "check the indentation of this line and the one above"},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (strstr(why, row[i].part)) {
            return row[i].hint;
        }
    }
    return NULL;
}

static TextPos place(yaml_mark_t m)
{
    return (TextPos){(int)m.line + 1, (int)m.column + 1};
}

YamlFault yaml_fault(const yaml_parser_t *p)
{
    const char *text = (const char *)p->input.string.start;
    size_t n = (size_t)(p->input.string.end - p->input.string.start);
    TextPos opened = place(p->context_mark);
    YamlFault f = {place(p->problem_mark), p->problem ? p->problem : "this is not YAML", ""};
    const char *hint = syntax_hint(f.message);
    if (p->error == YAML_READER_ERROR) {
        f.at = place_of_offset(text, n, p->problem_offset);
        hint =
            "the file must be UTF-8 text; Latin-1 text becomes it with: iconv -f latin1 -t utf-8";
    } else if (find_hard_space(text, n, &f.at)) {
        f.message = "this is a no-break space (U+00A0)";
        hint = "type a space there";
    } else if (strstr(f.message, "unexpected end of stream")) {
        f.at = opened;
    }
    (void)snprintf(f.hint, sizeof f.hint, "%s", hint ? hint : "");
    if (strstr(f.message, "expected ',' or")) {
        (void)snprintf(f.hint, sizeof f.hint,
                       "close the bracket of line %d, column %d, and put commas between what is in "
                       "it",
                       opened.line, opened.column);
    }
    return f;
}
