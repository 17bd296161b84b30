#include <stdio.h>

#include "cli/command.h"

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)opts;
    (void)argc;
    (void)argv;
    (void)err;
    if (s->is_json) {
        (void)printf("{\"schema\":1,\"program\":\"slaw\",\"version\":\"%s\"}\n", SLAW_VERSION);
    } else {
        (void)printf("slaw %s\n", SLAW_VERSION);
    }
    return ERR_OK;
}

const Command command_version = {
    .name = "version",
    .args = "",
    .summary = "print the version",
    .description = "Prints the program's name and version.",
    .run = run,
};
