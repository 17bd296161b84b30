#include "cli/command.h"
#include "cli/doctor.h"
#include "common/exit_code.h"

typedef struct DoctorOpts {
    double seconds;
} DoctorOpts;

static const DoctorOpts doctor_default = {.seconds = 0.3};

static const Opt doctor_opts[] = {
    {"measure", "SECONDS", "time of each speed; 0: do not measure (default 0.3)", OPT_F64,
     offsetof(DoctorOpts, seconds)},
    {0},
};

static ErrCode run(Session *s, const void *opts, int argc, char *const argv[], Err *err)
{
    const DoctorOpts *o = opts;
    if (!(o->seconds >= 0.0 && o->seconds <= 3600.0)) {
        return err_set(err, ERR_USAGE, "--measure takes 0 to 3600 seconds");
    }
    bool is_usable = doctor_answer(argc > 0 ? argv[0] : "runs", o->seconds, answer_top(&s->answer));
    s->exit_status = is_usable ? EXIT_ALL_DONE : EXIT_UNAVAILABLE;
    return ERR_OK;
}

const Command command_doctor = {
    .name = "doctor",
    .args = "[DIR]",
    .summary = "say what this machine offers, and what is amiss",
    .description = "Looks for slaw-worker, its instruction sets, cores, memory, speed, the disk of "
                   "DIR (where studies will lie; default runs), libraries and gnuplot, with a hint "
                   "where something is amiss. Exit status: 0 when runs can be trained here, else "
                   "69.",
    .examples = {"slaw doctor", "slaw doctor --measure 0 --json"},
    .can_be_refused = true,
    COMMAND_OPTS(doctor_opts, DoctorOpts),
    .opts_default = &doctor_default,
    .run = run,
};
