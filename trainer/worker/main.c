/* main of slaw-worker: see trainer/worker/README.md for its verbs. */
#include <stdio.h>

#include "common/exit_code.h"

int main(int argc, char *argv[])
{
    (void)argc;
    (void)fprintf(stderr, "%s: nothing to do\n", argv[0]);
    return EXIT_USAGE;
}
