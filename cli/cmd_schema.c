#include "cli/command.h"
#include "orchestrator/spec/validate.h"

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    Buf text = BUF_INIT;
    (void)s;
    (void)opts;
    (void)argc;
    (void)argv;
    buf_add(&text, study_schema_text, study_schema_text_bytes);
    return session_print(&text, err);
}

const Command command_schema = {
    .name = "schema",
    .args = "",
    .summary = "print the schema of study files",
    .description = "Prints the JSON Schema (draft-07) of study files, by which editors complete "
                   "and check them. It is JSON with and without --json.",
    .groups = {&group_data},
    .examples = {"slaw schema", "slaw schema > study.schema.json"},
    .is_raw = true,
    .run = run,
};
