#include "orchestrator/launch/launch.h"

#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "orchestrator/launch/record.h"

static const LaunchOps *const launcher_table[] = {
#define LAUNCHER(id) &launcher_##id,
#include "orchestrator/launch/launch.def"
#undef LAUNCHER
};
enum { N_LAUNCHERS = sizeof launcher_table / sizeof launcher_table[0] };

size_t launcher_count(void)
{
    return N_LAUNCHERS;
}

const LaunchOps *launcher_at(size_t i)
{
    return i < N_LAUNCHERS ? launcher_table[i] : NULL;
}

const LaunchOps *launcher_find(const char *name)
{
    for (size_t i = 0; i < N_LAUNCHERS; i++) {
        if (strcmp(launcher_table[i]->name, name) == 0) {
            return launcher_table[i];
        }
    }
    return NULL;
}

ErrCode launch_recall(const LaunchOps *ops, const char *attempt_dir, LaunchHandle **ret, Err *err)
{
    Buf text = BUF_INIT;
    ErrCode rc = record_read_handle(attempt_dir, &text, err);
    if (rc == ERR_OK) {
        rc = ops->parse(buf_str(&text), ret, err);
    }
    buf_release(&text);
    return rc;
}

const char *launch_status_text(LaunchStatus s, char out[LAUNCH_STATUS_BYTES])
{
    const char *name = NULL;
    switch (s.phase) {
    case LAUNCH_RUNNING:
        (void)snprintf(out, LAUNCH_STATUS_BYTES, "still running");
        break;
    case LAUNCH_EXITED:
        (void)snprintf(out, LAUNCH_STATUS_BYTES, "exit status %d", s.code);
        break;
    case LAUNCH_SIGNALED:
        name = sigabbrev_np(s.signal);
        (void)snprintf(out, LAUNCH_STATUS_BYTES, "killed by %s%s", name ? "SIG" : "signal ",
                       name ? name : "");
        if (!name) {
            (void)snprintf(out, LAUNCH_STATUS_BYTES, "killed by signal %d", s.signal);
        }
        break;
    case LAUNCH_GONE:
        (void)snprintf(out, LAUNCH_STATUS_BYTES, "ended unseen");
        break;
    }
    return out;
}
