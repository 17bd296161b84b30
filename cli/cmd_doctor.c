#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/output.h"
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
    json_t *facts = NULL;
    bool is_usable = false;
    Buf text = BUF_INIT;
    ErrCode rc = ERR_OK;
    if (!(o->seconds >= 0.0 && o->seconds <= 3600.0)) {
        return err_set(err, ERR_USAGE, "--measure takes 0 to 3600 seconds");
    }
    TRY(doctor_look(argc > 0 ? argv[0] : "runs", o->seconds, &facts, &is_usable, err));
    if (s->is_json) {
        TRY(output_json(json_incref(facts), err));
    } else {
        doctor_text(facts, &text);
        TRY(output_text(&text, err));
    }
    s->exit_status = is_usable ? EXIT_ALL_DONE : EXIT_UNAVAILABLE;
done:
    json_decref(facts);
    return rc;
}

const Command command_doctor = {
    .name = "doctor",
    .args = "[DIR]",
    .summary = "say what this machine offers, and what is amiss",
    .description =
        "Looks for slaw-worker, its instruction sets, cores, memory, speed, the disk of DIR "
        "(where\n"
        "studies will lie; default runs), libraries and gnuplot: a line each, with a hint where\n"
        "something is amiss.  Exit status: 0 when runs can be trained here, else 69.",
    .opts = doctor_opts,
    .opts_size = sizeof(DoctorOpts),
    .opts_default = &doctor_default,
    .max_args = 1,
    .run = run,
};
