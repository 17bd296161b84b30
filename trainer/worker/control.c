#include "trainer/worker/control.h"

#include <jansson.h>
#include <string.h>
#include <sys/socket.h>

#include "common/wire.h"

bool control_parse(const char *line, size_t n, ControlShare *ret)
{
    ControlShare s = {.threads = 0};
    json_t *v = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
    const char *command = json_string_value(json_object_get(v, "command"));
    const char *cores = json_string_value(json_object_get(v, "cores"));
    json_int_t threads = json_integer_value(json_object_get(v, "n"));
    bool is_good = command && strcmp(command, WIRE_COMMAND_THREADS) == 0 &&
                   json_integer_value(json_object_get(v, "v")) == WIRE_VERSION && threads > 0;
    if (is_good && cores) {
        is_good = core_set_parse(cores, &s.cores) > 0;
        s.has_cores = is_good;
    }
    json_decref(v);
    if (is_good) {
        s.threads = (size_t)threads;
        *ret = s;
    }
    return is_good;
}

/* Takes the whole lines out of what has arrived. */
static bool take_lines(Control *c, ControlShare *ret)
{
    bool has_any = false;
    const char *newline;
    while ((newline = memchr(buf_str(&c->line), '\n', c->line.len)) != NULL) {
        size_t n = (size_t)(newline - buf_str(&c->line));
        has_any = control_parse(buf_str(&c->line), n, ret) || has_any;
        c->line.len -= n + 1;
        memmove(c->line.data, c->line.data + n + 1, c->line.len);
    }
    return has_any;
}

bool control_poll(Control *c, int socket_fd, ControlShare *ret)
{
    char block[512];
    ssize_t k;
    bool has_any = false;
    while (socket_fd >= 0 && (k = recv(socket_fd, block, sizeof block, MSG_DONTWAIT)) > 0) {
        buf_add(&c->line, block, (size_t)k);
        has_any = take_lines(c, ret) || has_any;
        if (c->line.len > WIRE_LINE_BYTES || c->line.is_short) {
            buf_release(&c->line); /* no command of ours is so long */
        }
    }
    return has_any;
}

void control_release(Control *c)
{
    buf_release(&c->line);
}
