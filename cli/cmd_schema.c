#include <stdio.h>

#include "cli/command.h"
#include "orchestrator/spec/validate.h"

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    (void)s;
    (void)opts;
    (void)argc;
    (void)argv;
    if (fwrite(study_schema_text, 1, study_schema_text_bytes, stdout) != study_schema_text_bytes) {
        return err_sys(err, "standard output");
    }
    return ERR_OK;
}

const Command command_schema = {
    .name = "schema",
    .args = "",
    .summary = "print the schema of study files",
    .description = "Prints the JSON Schema (draft-07) of study files, by which editors complete "
                   "and check them.",
    .run = run,
};
