#include "cli/environment.h"

#include <stddef.h>

const EnvironmentVariable environment_variables[] = {
    {"COLUMNS", "The width of the text that slaw prints, where --width does not say it."},
    {"NO_COLOR",
     "When it is set and not empty, no colour is used unless --color always asks for it."},
    {"TERM", "When it is \"dumb\", no colour is used unless --color always asks for it."},
    {"PATH", "Where slaw-worker is looked for when it is not beside slaw, and where gnuplot and "
             "the commands that unpack Debian packages are found."},
    {"SLAW_WORKER", "The path of the worker program, in place of the slaw-worker beside slaw."},
    {"SLAW_ISA", "The best instruction set that the compute core may use: scalar, avx2, avx512, "
                 "avx512bf16 or neon. In float32 it changes the speed and no result."},
    {"SLAW_CATALOG_DIR",
     "A folder on a local disk for the catalogs of studies whose own folder "
     "lies on a network file system; \"study\" keeps every catalog in its study."},
    {"XDG_STATE_HOME", "Where those catalogs are kept when SLAW_CATALOG_DIR is not set; "
                       "~/.local/state when this is not set either."},
    {"XDG_CACHE_HOME", "Where downloaded text is kept; ~/.cache when it is not set."},
    {"HOME", "The folder of .cache and .local/state where no variable names another."},
    {"SLAW_ATTEMPT", "Set for a worker: the number of its attempt."},
    {"SLAW_SOCKET_FD", "Set for a worker: the open descriptor of the socket to its scheduler."},
    {NULL, NULL},
};
