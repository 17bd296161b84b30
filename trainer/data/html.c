#include "trainer/data/html.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/utf8.h"

typedef struct Cursor {
    const char *p, *end;
} Cursor;

typedef struct Tag {
    const char *name;
    size_t n_name;
    const char *attributes;
    size_t n_attributes;
    bool is_end;
} Tag;

typedef struct Entity {
    const char *name;
    uint32_t code;
} Entity;

/* Names that occur in prose (HTML 4.01, section 24). */
static const Entity entities[] = {
    {"amp", '&'},       {"lt", '<'},       {"gt", '>'},        {"quot", '"'},
    {"apos", '\''},     {"nbsp", 0xA0},    {"pound", 0xA3},    {"copy", 0xA9},
    {"laquo", 0xAB},    {"shy", 0xAD},     {"reg", 0xAE},      {"acute", 0xB4},
    {"middot", 0xB7},   {"raquo", 0xBB},   {"frac14", 0xBC},   {"frac12", 0xBD},
    {"frac34", 0xBE},   {"times", 0xD7},   {"szlig", 0xDF},    {"agrave", 0xE0},
    {"aacute", 0xE1},   {"acirc", 0xE2},   {"atilde", 0xE3},   {"auml", 0xE4},
    {"aring", 0xE5},    {"aelig", 0xE6},   {"ccedil", 0xE7},   {"egrave", 0xE8},
    {"eacute", 0xE9},   {"ecirc", 0xEA},   {"euml", 0xEB},     {"igrave", 0xEC},
    {"iacute", 0xED},   {"icirc", 0xEE},   {"iuml", 0xEF},     {"ntilde", 0xF1},
    {"ograve", 0xF2},   {"oacute", 0xF3},  {"ocirc", 0xF4},    {"otilde", 0xF5},
    {"ouml", 0xF6},     {"oslash", 0xF8},  {"ugrave", 0xF9},   {"uacute", 0xFA},
    {"ucirc", 0xFB},    {"uuml", 0xFC},    {"Aacute", 0xC1},   {"Auml", 0xC4},
    {"Ccedil", 0xC7},   {"Eacute", 0xC9},  {"Oacute", 0xD3},   {"Ouml", 0xD6},
    {"Uuml", 0xDC},     {"ndash", 0x2013}, {"mdash", 0x2014},  {"lsquo", 0x2018},
    {"rsquo", 0x2019},  {"sbquo", 0x201A}, {"ldquo", 0x201C},  {"rdquo", 0x201D},
    {"bdquo", 0x201E},  {"bull", 0x2022},  {"hellip", 0x2026}, {"lsaquo", 0x2039},
    {"rsaquo", 0x203A}, {"euro", 0x20AC},  {"trade", 0x2122},
};

static bool is_named(const Tag *t, const char *name)
{
    return strlen(name) == t->n_name && strncasecmp(t->name, name, t->n_name) == 0;
}

static bool is_one_of(const Tag *t, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_named(t, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_block(const Tag *t)
{
    static const char *const names[] = {
        "p",  "div", "blockquote", "li",     "ul",      "ol",      "dl",     "dt",     "dd",
        "h1", "h2",  "h3",         "h4",     "h5",      "h6",      "hr",     "pre",    "table",
        "tr", "td",  "th",         "center", "section", "article", "header", "footer", "nav",
    };
    return is_one_of(t, names, sizeof names / sizeof names[0]);
}

/* Elements whose content is not text of the page. */
static bool is_hidden(const Tag *t)
{
    static const char *const names[] = {"head", "script", "style", "title"};
    return is_one_of(t, names, sizeof names / sizeof names[0]);
}

static bool has_class(const Tag *t, const char *class_name)
{
    const char *at = memmem(t->attributes, t->n_attributes, "class=\"", 7);
    if (!at) {
        return false;
    }
    at += 7;
    size_t room = (size_t)(t->attributes + t->n_attributes - at);
    const char *close = memchr(at, '"', room);
    size_t n = close ? (size_t)(close - at) : room;
    size_t n_class = strlen(class_name);
    for (size_t i = 0; i + n_class <= n; i++) {
        bool starts = i == 0 || at[i - 1] == ' ';
        bool ends = i + n_class == n || at[i + n_class] == ' ';
        if (starts && ends && memcmp(at + i, class_name, n_class) == 0) {
            return true;
        }
    }
    return false;
}

/* Moves past the first `what`, or to the end. */
static void skip_past(Cursor *c, const char *what)
{
    const char *at = memmem(c->p, (size_t)(c->end - c->p), what, strlen(what));
    c->p = at ? at + strlen(what) : c->end;
}

/* A tag at c->p ('<' then a letter or '/'); moves past its '>'.  False for other mark-up
 * (comment, declaration: skipped) and for a '<' that is text (nothing moved). */
static bool take_tag(Cursor *c, Tag *ret)
{
    const char *p = c->p + 1;
    if (p < c->end && (*p == '!' || *p == '?')) {
        bool is_comment = c->end - p >= 3 && memcmp(p, "!--", 3) == 0;
        skip_past(c, is_comment ? "-->" : ">");
        return false;
    }
    *ret = (Tag){.is_end = p < c->end && *p == '/'};
    p += ret->is_end ? 1 : 0;
    if (p >= c->end || !isalpha((unsigned char)*p)) {
        return false;
    }
    ret->name = p;
    while (p < c->end && isalnum((unsigned char)*p)) {
        p++;
    }
    ret->n_name = (size_t)(p - ret->name);
    ret->attributes = p;
    const char *close = memchr(p, '>', (size_t)(c->end - p));
    p = close ? close : c->end;
    ret->n_attributes = (size_t)(p - ret->attributes);
    c->p = close ? close + 1 : c->end;
    return true;
}

/* Moves past the end tag that closes the element of start tag t (nested ones counted). */
static void skip_element(Cursor *c, const Tag *t)
{
    size_t depth = 1;
    while (c->p < c->end && depth > 0) {
        Tag inner;
        const char *open = memchr(c->p, '<', (size_t)(c->end - c->p));
        if (!open) {
            c->p = c->end;
            return;
        }
        c->p = open;
        if (take_tag(c, &inner)) {
            if (inner.n_name == t->n_name && strncasecmp(inner.name, t->name, t->n_name) == 0) {
                depth = inner.is_end ? depth - 1 : depth + 1;
            }
        } else if (c->p == open) {
            c->p++;
        }
    }
}

static uint32_t entity_code(const char *name, size_t n)
{
    if (n >= 2 && name[0] == '#') {
        bool is_hex = name[1] == 'x' || name[1] == 'X';
        char digits[12] = {0};
        size_t skip = is_hex ? 2 : 1;
        if (n - skip == 0 || n - skip >= sizeof digits) {
            return 0;
        }
        memcpy(digits, name + skip, n - skip);
        char *end = NULL;
        unsigned long code = strtoul(digits, &end, is_hex ? 16 : 10);
        bool is_good = *end == '\0' && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        return is_good ? (uint32_t)code : 0;
    }
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (strlen(entities[i].name) == n && memcmp(entities[i].name, name, n) == 0) {
            return entities[i].code;
        }
    }
    return 0;
}

/* "&name;" at c->p; what is no reference is text as it stands. */
static void take_entity(Cursor *c, Buf *out)
{
    enum { LONGEST = 12 };
    size_t room = (size_t)(c->end - c->p);
    const char *semicolon = memchr(c->p, ';', room < LONGEST ? room : LONGEST);
    uint32_t code = semicolon ? entity_code(c->p + 1, (size_t)(semicolon - c->p) - 1) : 0;
    if (code == 0) {
        buf_putc(out, '&');
        c->p++;
        return;
    }
    char utf8[4];
    size_t n = utf8_encode(code, utf8);
    buf_add(out, utf8, n);
    c->p = semicolon + 1;
}

static void take_markup(Cursor *c, const char *skip_class, Buf *out)
{
    Tag t;
    const char *before = c->p;
    if (!take_tag(c, &t)) {
        if (c->p == before) {
            buf_putc(out, *c->p++);
        }
        return;
    }
    if (!t.is_end &&
        (is_hidden(&t) || (skip_class && is_named(&t, "div") && has_class(&t, skip_class)))) {
        skip_element(c, &t);
    }
    if (is_block(&t)) {
        buf_puts(out, "\n\n");
    } else if (is_named(&t, "br")) {
        buf_putc(out, '\n');
    }
}

void html_to_text(const char *html, size_t n, const char *skip_class, Buf *out)
{
    Cursor c = {html, html + n};
    while (c.p < c.end && !out->is_short) {
        if (*c.p == '<') {
            take_markup(&c, skip_class, out);
        } else if (*c.p == '&') {
            take_entity(&c, out);
        } else {
            char at = *c.p++;
            if (at == '\n' || at == '\r') {
                at = ' ';
            }
            buf_putc(out, at);
        }
    }
}
