#include "cli/command.h"

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    AnswerNode *top = answer_top(&s->answer);
    (void)opts;
    (void)argc;
    (void)argv;
    (void)err;
    answer_show(top, &(Column){"program"}, value_text("slaw"));
    answer_show(top, &(Column){"version"}, value_text(SLAW_VERSION));
    answer_say(top, NULL, SAY_PLAIN, "slaw %s", SLAW_VERSION);
    return ERR_OK;
}

const Command command_version = {
    .name = "version",
    .args = "",
    .summary = "print the version",
    .description = "Prints the program's name and version; slaw --version is the same.",
    .examples = {"slaw version", "slaw version --json"},
    .run = run,
};
