#include "common/excerpt.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

enum { TAB_COLUMNS = 8, LEAST_COLUMNS = 20, GUTTER_BYTES = 24, CUT_COLUMNS = 3 };

static const char cut_mark[] = "...";

/* ---- lines --------------------------------------------------------------------------------- */

/* Bytes of the line end at p; 0: there is none. */
static size_t line_end(const char *p, const char *end)
{
    size_t left = (size_t)(end - p);
    if (*p == '\r') {
        return left > 1 && p[1] == '\n' ? 2 : 1;
    }
    if (*p == '\n') {
        return 1;
    }
    if (left > 1 && memcmp(p, "\xC2\x85", 2) == 0) {
        return 2;
    }
    bool is_separator =
        left > 2 && (memcmp(p, "\xE2\x80\xA8", 3) == 0 || memcmp(p, "\xE2\x80\xA9", 3) == 0);
    return is_separator ? 3 : 0;
}

const char *excerpt_line(const char *bytes, size_t n, int line, size_t *ret_n)
{
    const char *end = bytes + n;
    const char *p = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? bytes + 3 : bytes;
    for (int i = 1; i <= line; i++) {
        const char *start = p;
        size_t k = 0;
        while (p < end && (k = line_end(p, end)) == 0) {
            p++;
        }
        if (i == line) {
            *ret_n = (size_t)(p - start);
            return start;
        }
        if (p == end) {
            break;
        }
        p += k;
    }
    return NULL;
}

/* ---- characters ---------------------------------------------------------------------------- */

typedef struct Range {
    uint32_t first, last;
} Range;

/* Unicode 15: East Asian Width W and F, in blocks. */
static const Range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},  {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F},
    {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD}};
/* Marks that stand on the character before them. */
static const Range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
/* What a terminal would obey: controls, directions of writing, the byte order mark. */
static const Range unsafe[] = {{0x0000, 0x001F}, {0x007F, 0x009F}, {0x200E, 0x200F},
                               {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};

static bool is_in(uint32_t c, const Range *r, size_t n)
{
    bool is = false;
    for (size_t i = 0; i < n; i++) {
        is = is || (c >= r[i].first && c <= r[i].last);
    }
    return is;
}
#define IS_IN(c, table) is_in((c), (table), sizeof(table) / sizeof(table)[0])

/* One character of the file, as it is shown. */
typedef struct Glyph {
    const char *text;
    size_t n_text, n_read; /* bytes shown, bytes of the file */
    int columns;
} Glyph;

static Glyph glyph_at(const char *p, const char *end, int column)
{
    static const char spaces[TAB_COLUMNS + 1] = "        ";
    uint32_t c = 0;
    size_t k = utf8_decode((const unsigned char *)p, (size_t)(end - p), &c);
    if (k == 1 && c == '\t') {
        int n = TAB_COLUMNS - column % TAB_COLUMNS;
        return (Glyph){spaces, (size_t)n, 1, n};
    }
    if (k == 0 || IS_IN(c, unsafe)) {
        return (Glyph){"?", 1, k ? k : 1, 1};
    }
    return (Glyph){p, k, k, IS_IN(c, combining) ? 0 : IS_IN(c, wide) ? 2 : 1};
}

/* ---- the two lines ------------------------------------------------------------------------- */

/* Columns of the whole line, and in *ret_caret the column of its character `nth` (from 1). */
static int measure(const char *p, const char *end, int nth, int *ret_caret)
{
    int column = 0;
    *ret_caret = -1;
    for (int i = 1; p < end; i++) {
        Glyph g = glyph_at(p, end, column);
        *ret_caret = i == nth ? column : *ret_caret;
        column += g.columns;
        p += g.n_read;
    }
    *ret_caret = *ret_caret < 0 ? column : *ret_caret;
    return column;
}

/* Appends the characters that lie wholly in columns [from, to); returns the column of the first. */
static int put_window(const char *p, const char *end, int from, int to, Buf *out)
{
    int column = 0, first = -1;
    while (p < end) {
        Glyph g = glyph_at(p, end, column);
        if (column >= from && column + g.columns <= to && (g.columns > 0 || column > from)) {
            first = first < 0 ? column : first;
            buf_add(out, g.text, g.n_text);
        }
        column += g.columns;
        p += g.n_read;
    }
    return first < 0 ? from : first;
}

/* The part of a line of `total` columns that is shown in `room`, with the caret in its middle. */
static void choose_window(int total, int caret, int room, int *ret_from, int *ret_to)
{
    *ret_from = 0;
    *ret_to = total;
    if (total > room || caret >= room) {
        int inner = room - 2 * CUT_COLUMNS;
        int from = caret - inner / 2;
        from = from > total + 1 - inner ? total + 1 - inner : from; /* + 1: a caret at its end */
        *ret_from = from < CUT_COLUMNS ? 0 : from;
        *ret_to = *ret_from + inner + (*ret_from == 0 ? CUT_COLUMNS : 0);
        *ret_to = *ret_to < total ? *ret_to : total;
    }
}

void excerpt_text(const char *bytes, size_t n, TextPos at, TextStyle style, Buf *out)
{
    size_t n_line = 0;
    const char *line = at.line > 0 && n > 0 ? excerpt_line(bytes, n, at.line, &n_line) : NULL;
    if (!line) {
        return;
    }
    const char *end = line + n_line;
    char gutter[GUTTER_BYTES];
    int n_gutter = snprintf(gutter, sizeof gutter, "%5d | ", at.line), caret, from, to;
    int total = measure(line, end, at.column, &caret);
    int room = style.width - n_gutter > LEAST_COLUMNS ? style.width - n_gutter : LEAST_COLUMNS;
    choose_window(total, caret, room, &from, &to);
    buf_printf(out, "%s%s", gutter, from > 0 ? cut_mark : "");
    int first = put_window(line, end, from, to, out);
    buf_printf(out, "%s\n%*s| %*s%s^%s\n", to < total ? cut_mark : "", n_gutter - 2, "",
               caret - first + (from > 0 ? CUT_COLUMNS : 0), "",
               style.has_color ? "\x1b[1;31m" : "", style.has_color ? "\x1b[0m" : "");
}
