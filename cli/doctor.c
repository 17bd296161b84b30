#include "cli/doctor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/disk.h"
#include "cli/libraries.h"
#include "cli/output.h"
#include "cli/worker_ask.h"
#include "common/json.h"
#include "common/machine.h"
#include "common/quantity.h"
#include "common/subprocess.h"
#include "orchestrator/launch/worker_path.h"

enum { PATIENCE_MS = 60000, CORES_BYTES = 256, LEAST_FREE_BYTES = 1000000000 };

static void hint(json_t *facts, const char *about, const char *text)
{
    (void)json_array_append_new(json_object_get(facts, "hints"),
                                json_pack("{s:s, s:s}", "about", about, "hint", text));
}

static void put(json_t *facts, const char *name, json_t *v)
{
    (void)json_object_set_new(facts, name, v); /* NULL is kept out; the end counts the members */
}

/* ---- the worker ------------------------------------------------------------------------------ */

static void put_isa(json_t *facts, const json_t *about)
{
    const char *used = json_string_value(json_object_get(about, "isa"));
    const char *cap = json_string_value(json_object_get(about, "isa_cap"));
    bool is_known = json_is_true(json_object_get(about, "isa_cap_is_known"));
    put(facts, "isa",
        json_pack("{s:s?, s:O?, s:s?, s:b}", "used", used, "all",
                  json_object_get(about, "isa_status"), "cap", cap, "cap_is_known", is_known));
    put(facts, "bf16", json_string(used && strstr(used, "bf16") ? "hardware" : "emulated"));
    if (cap && !is_known) {
        hint(facts, "isa", "SLAW_ISA names no ISA of this build and is ignored; unset it");
    }
}

/* False when there is none that can be run. */
static bool look_at_worker(json_t *facts)
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
    if (rc != ERR_OK || !version) {
        const char *text = rc == ERR_OK ? "slaw-worker describe does not say its version" : why.msg;
        put(facts, "worker",
            json_pack("{s:s?, s:s}", "path", has_path ? path : NULL, "error", text));
        put(facts, "isa", json_null());
        put(facts, "bf16", json_null());
        hint(facts, "worker",
             why.hint[0] ? why.hint : "set SLAW_WORKER to the path of slaw-worker");
        json_decref(about);
        return false;
    }
    bool is_same = strcmp(version, SLAW_VERSION) == 0;
    put(facts, "worker",
        json_pack("{s:s, s:s, s:b}", "path", path, "version", version, "same_version", is_same));
    if (!is_same) {
        hint(facts, "worker", "slaw and slaw-worker are of different versions; install both anew");
    }
    put_isa(facts, about);
    json_decref(about);
    return true;
}

static json_t *speed_of(const char *precision, double seconds)
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
    return output_real(speed > 0.0 ? speed : (double)NAN);
}

static void look_at_speed(json_t *facts, bool has_worker, double seconds)
{
    bool is_wanted = has_worker && seconds > 0.0;
    put(facts, "speed",
        json_pack("{s:o, s:o}", "f32", is_wanted ? speed_of("f32", seconds) : json_null(), "bf16",
                  is_wanted ? speed_of("bf16", seconds) : json_null()));
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void look_at_cores(json_t *facts)
{
    char text[CORES_BYTES];
    CoreSet cores = machine_cores();
    size_t n = machine_concurrency();
    put(facts, "cores",
        json_pack("{s:I, s:s, s:o, s:I}", "allowed", (json_int_t)cores.n, "numbers",
                  core_set_text(&cores, text, sizeof text), "quota",
                  output_real(machine_core_quota(NULL, NULL)), "concurrency", (json_int_t)n));
    if (n < cores.n) {
        hint(facts, "cores", "the control group's quota allows fewer threads at work than cores");
    }
}

static json_t *bytes_or_null(int64_t n)
{
    return n > 0 ? json_integer((json_int_t)n) : json_null();
}

static void look_at_memory(json_t *facts)
{
    MachineMemory m = machine_memory(NULL, NULL);
    put(facts, "memory",
        json_pack("{s:o, s:o}", "total_bytes", bytes_or_null(m.total_bytes), "available_bytes",
                  bytes_or_null(m.available_bytes)));
}

static void look_at_disk(json_t *facts, const char *dir)
{
    Disk d;
    DiskSpeed speed = {.sync_s = (double)NAN};
    Err why = ERR_INIT;
    if (disk_of(dir, &d, &why) != ERR_OK) {
        put(facts, "disk", json_null());
        hint(facts, "disk", why.msg);
        return;
    }
    bool is_writable = disk_speed(&d, &speed);
    put(facts, "disk",
        json_pack("{s:s, s:s, s:b, s:b, s:I, s:o}", "dir", d.dir, "type", d.type, "network",
                  d.is_network, "memory", d.is_memory, "free_bytes", (json_int_t)d.free_bytes,
                  "sync_s", output_real(is_writable ? speed.sync_s : (double)NAN)));
    if (d.is_network) {
        hint(facts, "disk",
             "a network file system: run each study from one host only, and see "
             "that it keeps locks and syncs");
    }
    if (d.is_memory) {
        hint(facts, "disk", "it lies in memory and is lost with a restart");
    }
    if (d.free_bytes < LEAST_FREE_BYTES) {
        hint(facts, "disk", "little room; slaw plan says what a study needs");
    }
    if (!is_writable) {
        hint(facts, "disk",
             "a file could not be written for a try; slaw doctor DIR looks elsewhere");
    }
}

static void look_at_gnuplot(json_t *facts)
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
    put(facts, "gnuplot", output_string(version[0] ? version : NULL));
    if (!version[0]) {
        hint(facts, "gnuplot", "apt-get install gnuplot-nox; without it slaw plot draws nothing");
    }
}

ErrCode doctor_look(const char *dir, double seconds, json_t **ret, bool *ret_usable, Err *err)
{
    enum { N_MEMBERS = 13 };
    json_t *facts = json_pack("{s:i, s:b, s:s, s:[]}", "schema", 1, "usable", 0, "version",
                              SLAW_VERSION, "hints");
    if (!facts) {
        return err_nomem(err, "the facts");
    }
    bool is_usable = look_at_worker(facts);
    look_at_cores(facts);
    look_at_memory(facts);
    look_at_speed(facts, is_usable, seconds);
    look_at_disk(facts, dir);
    put(facts, "libraries", libraries_json());
    look_at_gnuplot(facts);
    put(facts, "usable", json_boolean(is_usable));
    if (json_object_size(facts) != N_MEMBERS) {
        json_decref(facts);
        return err_nomem(err, "the facts");
    }
    *ret = facts;
    *ret_usable = is_usable;
    return ERR_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

static const char *text_of(const json_t *v, const char *key)
{
    const char *s = json_string_value(json_object_get(v, key));
    return s ? s : "unknown";
}

static double number_of(const json_t *v, const char *key)
{
    return json_number_value(json_object_get(v, key));
}

static void put_hints(const json_t *facts, const char *about, Buf *out)
{
    const json_t *list = json_object_get(facts, "hints");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *h = json_array_get(list, i);
        if (strcmp(text_of(h, "about"), about) == 0) {
            buf_printf(out, "  hint: %s\n", text_of(h, "hint"));
        }
    }
}

static void worker_text(const json_t *facts, Buf *out)
{
    const json_t *w = json_object_get(facts, "worker");
    if (json_object_get(w, "version")) {
        buf_printf(out, "worker: %s, version %s\n", text_of(w, "path"), text_of(w, "version"));
    } else {
        buf_printf(out, "worker: none that can be used: %s\n", text_of(w, "error"));
    }
    put_hints(facts, "worker", out);
    const json_t *isa = json_object_get(facts, "isa");
    const json_t *all = json_object_get(isa, "all");
    if (json_is_null(isa)) {
        return;
    }
    buf_printf(out, "isa: %s (", text_of(isa, "used"));
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *x = json_array_get(all, i);
        buf_printf(out, "%s%s: %s", i ? "; " : "", text_of(x, "isa"), text_of(x, "status"));
    }
    buf_puts(out, ")\n");
    put_hints(facts, "isa", out);
    buf_printf(out, "bf16: %s\n", text_of(facts, "bf16"));
}

static void speed_text(const json_t *facts, const char *precision, Buf *out)
{
    char text[QUANTITY_TEXT_BYTES];
    const json_t *speed = json_object_get(facts, "speed");
    if (json_is_number(json_object_get(speed, precision))) {
        buf_printf(out, "speed %s: %s FLOP/s in a small llama, one thread\n", precision,
                   quantity_count_text(number_of(speed, precision), text));
    }
}

static void machine_text(const json_t *facts, Buf *out)
{
    char total[QUANTITY_TEXT_BYTES], available[QUANTITY_TEXT_BYTES];
    const json_t *cores = json_object_get(facts, "cores"), *m = json_object_get(facts, "memory");
    buf_printf(out, "cores: %.0f allowed (%s)", number_of(cores, "allowed"),
               text_of(cores, "numbers"));
    if (json_is_number(json_object_get(cores, "quota"))) {
        buf_printf(out, ", CPU time of %.3g", number_of(cores, "quota"));
    }
    buf_putc(out, '\n');
    put_hints(facts, "cores", out);
    buf_printf(out, "memory: %s, %s of it available\n",
               quantity_bytes_text(number_of(m, "total_bytes"), total),
               quantity_bytes_text(number_of(m, "available_bytes"), available));
    speed_text(facts, "f32", out);
    speed_text(facts, "bf16", out);
}

static void disk_text(const json_t *facts, Buf *out)
{
    char room[QUANTITY_TEXT_BYTES];
    const json_t *d = json_object_get(facts, "disk");
    if (json_is_null(d)) {
        buf_puts(out, "disk: unknown\n");
    } else {
        buf_printf(out, "disk: %s free in %s (%s",
                   quantity_bytes_text(number_of(d, "free_bytes"), room), text_of(d, "dir"),
                   text_of(d, "type"));
        if (json_is_number(json_object_get(d, "sync_s"))) {
            buf_printf(out, ", %.3g ms a sync", 1e3 * number_of(d, "sync_s"));
        }
        buf_puts(out, ")\n");
    }
    put_hints(facts, "disk", out);
}

void doctor_text(const json_t *facts, Buf *out)
{
    const char *name;
    json_t *version;
    size_t n = 0;
    buf_printf(out, "slaw: version %s\n", text_of(facts, "version"));
    worker_text(facts, out);
    machine_text(facts, out);
    disk_text(facts, out);
    buf_puts(out, "libraries:");
    json_object_foreach(json_object_get(facts, "libraries"), name, version)
    {
        buf_printf(out, "%s %s %s", n++ ? "," : "", name, json_string_value(version));
    }
    buf_printf(out, "\ngnuplot: %s\n",
               json_is_null(json_object_get(facts, "gnuplot")) ? "not found"
                                                               : text_of(facts, "gnuplot"));
    put_hints(facts, "gnuplot", out);
    buf_puts(out, json_is_true(json_object_get(facts, "usable"))
                      ? "usable: yes\n"
                      : "usable: no, nothing can be trained here\n");
}
