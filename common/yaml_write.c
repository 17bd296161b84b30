#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "common/json.h"
#include "common/yaml.h"
#include "common/yaml_scalar.h"

/* Text that stays text, and the same, without quotes. */
static bool is_plain_text(const char *s)
{
    if (!isalpha((unsigned char)s[0])) {
        return false;
    }
    for (const char *p = s; *p; p++) {
        if (!isalnum((unsigned char)*p) && !strchr("_.-/", *p)) {
            return false;
        }
    }
    YamlNode n = {.kind = NODE_TEXT, .text = s};
    yaml_resolve_plain(&n);
    return n.kind == NODE_TEXT;
}

static void write_text(const char *s, Buf *out)
{
    if (is_plain_text(s)) {
        buf_puts(out, s);
        return;
    }
    json_t *v = json_string(s);
    if (!v) {
        out->is_short = true;
        return;
    }
    json_canonical(v, out); /* a JSON string is a YAML double-quoted one */
    json_decref(v);
}

static void write_value(const json_t *v, int indent, Buf *out);

static void write_map(const json_t *v, int indent, Buf *out)
{
    const char *key;
    json_t *child;
    bool is_first = true;
    json_object_foreach(json_for_iteration(v), key, child)
    {
        buf_printf(out, "%*s", is_first ? 0 : indent, "");
        is_first = false;
        write_text(key, out);
        buf_putc(out, ':');
        if (json_is_object(child) && json_object_size(child) > 0) {
            buf_printf(out, "\n%*s", indent + 2, "");
            write_map(child, indent + 2, out);
            continue;
        }
        buf_putc(out, ' ');
        write_value(child, indent + 2, out);
    }
}

/* A list: on one line, but one item a line where an item is a mapping. */
static void write_list(const json_t *v, int indent, Buf *out)
{
    bool has_maps = json_is_object(json_array_get(v, 0));
    if (!has_maps) {
        buf_putc(out, '[');
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *item = json_array_get(v, i);
        if (has_maps) {
            buf_printf(out, "\n%*s- ", indent - 2, "");
            write_value(item, indent, out);
            continue;
        }
        buf_puts(out, i > 0 ? ", " : "");
        json_is_string(item) ? write_text(json_string_value(item), out) : json_canonical(item, out);
    }
    buf_puts(out, has_maps ? "" : "]\n");
}

static void write_value(const json_t *v, int indent, Buf *out)
{
    if (json_is_object(v) && json_object_size(v) > 0) {
        write_map(v, indent, out);
    } else if (json_is_array(v)) {
        write_list(v, indent, out);
    } else if (json_is_string(v)) {
        write_text(json_string_value(v), out);
        buf_putc(out, '\n');
    } else {
        json_canonical(v, out);
        buf_putc(out, '\n');
    }
}

void yaml_write(const json_t *v, Buf *out)
{
    write_value(v, 0, out);
}
