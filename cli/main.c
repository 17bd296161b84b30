/* main of slaw.  GSL's default handler aborts the process: it goes first. */
#include <gsl/gsl_errno.h>

#include "cli/command.h"

int main(int argc, char *argv[])
{
    (void)gsl_set_error_handler_off();
    return command_main(argc, argv);
}
