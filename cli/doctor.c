#include "cli/doctor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/disk.h"
#include "cli/libraries.h"
#include "cli/worker_ask.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/subprocess.h"
#include "orchestrator/launch/worker_path.h"

enum {
    PATIENCE_MS = 60000,
    CORES_BYTES = 256,
    TEXT_BYTES = 1024,
    LEAST_FREE_BYTES = 1000000000,
    MAX_HINTS = 16
};

/* What is amiss is told after everything else. */
typedef struct Doctor {
    AnswerNode *top;
    struct {
        const char *about;
        char text[TEXT_BYTES];
    } hint[MAX_HINTS];
    size_t n_hints;
} Doctor;

static void hint(Doctor *d, const char *about, const char *text)
{
    if (d->n_hints < MAX_HINTS) {
        d->hint[d->n_hints].about = about;
        (void)snprintf(d->hint[d->n_hints++].text, TEXT_BYTES, "%s", text);
    }
}

static void put_hints(const Doctor *d)
{
    AnswerNode *list = answer_list(d->top, "hints");
    for (size_t i = 0; i < d->n_hints; i++) {
        AnswerNode *o = answer_object(list, NULL);
        answer_set(o, "about", value_text(d->hint[i].about));
        answer_set(o, "hint", value_text(d->hint[i].text));
        answer_say(d->top, NULL, SAY_HINT, "%s: %s", d->hint[i].about, d->hint[i].text);
    }
}

/* In JSON alone; "a.b" is b of the object a. */
static void set(AnswerNode *in, const char *key, Value v)
{
    answer_show(in, &(Column){.key = key}, v);
}

static void show(AnswerNode *in, const char *heading, Value v)
{
    answer_show(in, &(Column){.heading = heading}, v);
}

/* ---- the worker ------------------------------------------------------------------------------ */

static void put_isa(Doctor *d, const json_t *about)
{
    const char *used = json_string_value(json_object_get(about, "isa"));
    const char *cap = json_string_value(json_object_get(about, "isa_cap"));
    const json_t *all = json_object_get(about, "isa_status");
    bool is_known = json_is_true(json_object_get(about, "isa_cap_is_known"));
    Buf text = BUF_INIT;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *x = json_array_get(all, i);
        const char *name = json_string_value(json_object_get(x, "isa"));
        const char *status = json_string_value(json_object_get(x, "status"));
        buf_printf(&text, "%s%s: %s", i ? "; " : "", name ? name : "?", status ? status : "?");
    }
    answer_show(d->top, &(Column){"isa.used", "isa"}, value_text(used));
    if (all) {
        show(d->top, "isas", value_text(buf_str(&text)));
        buf_clear(&text);
        json_line(all, &text);
        set(d->top, "isa.all", value_json_text(buf_str(&text)));
    }
    set(d->top, "isa.cap", value_text(cap));
    set(d->top, "isa.cap_is_known", value_bool(is_known));
    answer_show(d->top, &(Column){"bf16", "bf16"},
                value_text(used && strstr(used, "bf16") ? "hardware" : "emulated"));
    if (cap && !is_known) {
        hint(d, "isa", "SLAW_ISA names no ISA of this build and is ignored; unset it");
    }
    buf_release(&text);
}

/* False when there is none that can be run. */
static bool look_at_worker(Doctor *d)
{
    static const char *const words[] = {"describe", NULL};
    char path[FSX_PATH_BYTES];
    Err why = ERR_INIT;
    json_t *about = NULL;
    ErrCode rc = worker_path(path, &why);
    bool has_path = rc == ERR_OK;
    if (has_path) {
        rc = worker_ask(words, NULL, PATIENCE_MS, &about, &why);
    }
    const char *version = json_string_value(json_object_get(about, "version"));
    const bool is_usable = rc == ERR_OK && version;
    answer_show(d->top, &(Column){"worker.path", "worker"}, value_text(has_path ? path : NULL));
    if (is_usable) {
        bool is_same = strcmp(version, SLAW_VERSION) == 0;
        answer_show(d->top, &(Column){"worker.version", "its version"},
                    value_toned(value_text(version), is_same ? TONE_GOOD : TONE_WARN));
        set(d->top, "worker.same_version", value_bool(is_same));
        if (!is_same) {
            hint(d, "worker", "slaw and slaw-worker are of different versions; install both anew");
        }
        put_isa(d, about);
    } else {
        answer_show(
            d->top, &(Column){"worker.error", "worker that can be used"},
            value_toned(value_text(rc == ERR_OK ? "slaw-worker describe does not say its version"
                                                : why.msg),
                        TONE_BAD));
        answer_set(d->top, "isa", value_none());
        answer_set(d->top, "bf16", value_none());
        hint(d, "worker", why.hint[0] ? why.hint : "set SLAW_WORKER to the path of slaw-worker");
    }
    json_decref(about);
    return is_usable;
}

static double speed_of(const char *precision, double seconds)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%g", seconds);
    const char *const words[] = {"probe", "--seconds", text, "--precision", precision, NULL};
    json_t *v = NULL;
    Err ignored = ERR_INIT;
    double speed = (double)NAN;
    int64_t patience_ms = PATIENCE_MS + (int64_t)(4000.0 * seconds);
    if (worker_ask(words, NULL, patience_ms, &v, &ignored) == ERR_OK) {
        speed = json_number_value(json_object_get(v, "flops_per_second"));
        json_decref(v);
    }
    return speed > 0.0 ? speed : (double)NAN;
}

/* Of a small llama on one thread. */
static void look_at_speed(Doctor *d, bool has_worker, double seconds)
{
    static const Column column[] = {
        {"speed.f32", "speed f32", "FLOP/s", .format = NUMBER_QUANTITY},
        {"speed.bf16", "speed bf16", "FLOP/s", .format = NUMBER_QUANTITY}};
    static const char *const precision[] = {"f32", "bf16"};
    bool is_wanted = has_worker && seconds > 0.0;
    for (size_t i = 0; i < 2; i++) {
        answer_show(d->top, &column[i],
                    value_real(is_wanted ? speed_of(precision[i], seconds) : (double)NAN));
    }
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void look_at_cores(Doctor *d)
{
    char text[CORES_BYTES];
    CoreSet cores = machine_cores();
    size_t n = machine_concurrency();
    double quota = machine_core_quota(NULL, NULL);
    answer_show(d->top, &(Column){"cores.allowed", "cores allowed"}, value_size(cores.n));
    answer_show(d->top, &(Column){"cores.numbers", "their numbers"},
                value_text(core_set_text(&cores, text, sizeof text)));
    answer_show(d->top, &(Column){"cores.quota", "CPU time", "cores", .digits = 3},
                isfinite(quota) ? value_real(quota) : value_none());
    set(d->top, "cores.concurrency", value_size(n));
    if (n < cores.n) {
        hint(d, "cores", "the control group's quota allows fewer threads at work than cores");
    }
}

static Value bytes_or_none(int64_t n)
{
    return n > 0 ? value_count(n) : value_none();
}

static void look_at_memory(Doctor *d)
{
    MachineMemory m = machine_memory(NULL, NULL);
    answer_show(d->top, &(Column){"memory.total_bytes", "memory", .format = NUMBER_BYTES},
                bytes_or_none(m.total_bytes));
    answer_show(d->top,
                &(Column){"memory.available_bytes", "available of it", .format = NUMBER_BYTES},
                bytes_or_none(m.available_bytes));
}

static void look_at_disk(Doctor *d, const char *dir)
{
    Disk disk;
    DiskSpeed speed = {.sync_s = (double)NAN};
    Err why = ERR_INIT;
    if (disk_of(dir, &disk, &why) != ERR_OK) {
        answer_set(d->top, "disk", value_none());
        hint(d, "disk", why.msg);
        return;
    }
    bool is_writable = disk_speed(&disk, &speed);
    answer_show(d->top, &(Column){"disk.dir", "disk of"}, value_text(disk.dir));
    answer_show(d->top, &(Column){"disk.type", "its type"}, value_text(disk.type));
    set(d->top, "disk.network", value_bool(disk.is_network));
    set(d->top, "disk.memory", value_bool(disk.is_memory));
    answer_show(d->top, &(Column){"disk.free_bytes", "free there", .format = NUMBER_BYTES},
                value_count(disk.free_bytes));
    answer_show(d->top, &(Column){"disk.sync_s", "a sync", "s", .digits = 3},
                value_real(is_writable ? speed.sync_s : (double)NAN));
    if (disk.is_network) {
        hint(d, "disk",
             "a network file system: run each study from one host only, and see "
             "that it keeps locks and syncs");
    }
    if (disk.is_memory) {
        hint(d, "disk", "it lies in memory and is lost with a restart");
    }
    if (disk.free_bytes < LEAST_FREE_BYTES) {
        hint(d, "disk", "little room; slaw plan says what a study needs");
    }
    if (!is_writable) {
        hint(d, "disk", "a file could not be written for a try; slaw doctor DIR looks elsewhere");
    }
}

static void look_at_libraries(Doctor *d)
{
    const char *name;
    json_t *all = libraries_json(), *version;
    Buf text = BUF_INIT;
    json_object_foreach(all, name, version)
    {
        buf_printf(&text, "%s%s %s", text.len ? ", " : "", name, json_string_value(version));
    }
    show(d->top, "libraries", value_text(buf_str(&text)));
    answer_set_json(d->top, "libraries", all);
    buf_release(&text);
}

static void look_at_gnuplot(Doctor *d)
{
    static const char *const argv[] = {"gnuplot", "--version", NULL};
    Buf out = BUF_INIT;
    Err ignored = ERR_INIT;
    int status = 0;
    char version[32] = "";
    if (subprocess_run(argv, NULL, &out, &status, &ignored) == ERR_OK && status == 0) {
        (void)sscanf(buf_str(&out), "gnuplot %31s", version); /* "gnuplot 5.4 patchlevel 4" */
    }
    buf_release(&out);
    answer_show(d->top, &(Column){"gnuplot", "gnuplot"}, value_text(version[0] ? version : NULL));
    if (!version[0]) {
        hint(d, "gnuplot", "apt-get install gnuplot-nox; without it slaw plot draws nothing");
    }
}

bool doctor_answer(const char *dir, double seconds, AnswerNode *top)
{
    Doctor d = {.top = top};
    answer_show(top, &(Column){"version", "slaw"}, value_text(SLAW_VERSION));
    bool is_usable = look_at_worker(&d);
    look_at_cores(&d);
    look_at_memory(&d);
    look_at_speed(&d, is_usable, seconds);
    look_at_disk(&d, dir);
    look_at_libraries(&d);
    look_at_gnuplot(&d);
    answer_set(top, "usable", value_bool(is_usable));
    answer_say(top, NULL, SAY_VERDICT, "%s",
               is_usable ? "Runs can be trained here." : "Nothing can be trained here.");
    put_hints(&d);
    return is_usable;
}
