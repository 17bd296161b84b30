/* faults -- makes every call fail that can, and demands that nothing is lost by it.
 *
 *     system_faults [--seconds S] [--points P] [--seed N] [--only SCENE:PROGRAM:CALL:DEED:STAY:N]
 *                   [--kills-only]
 *
 * A point is one command (a scene) of which one program's N-th call of a class fails, once or
 * from then on, or is the moment of its death.  The command must not end by a signal, not hang,
 * and not say that all is well when something is missing; if it stops, then with a message and an
 * exit status of ours.  Afterwards the same commands without faults must lead to the catalog and
 * the checkpoints of an undisturbed study, to the last byte.
 *
 * Without --points, points are drawn at random from the seed until the seconds are over; with it,
 * every class, deed and program gets P points spread over all its calls (0: every single one).
 * Prints what was tried as JSON; exit status 1 when a demand was not met. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/rng.h"
#include "tests/support/faults/faults.h"
#include "tests/system/scenes.h"

enum { N_DEEDS_MAX = 8 };

static const char *const program_names[] = {"slaw", "slaw-worker"};

/* ---- what fails ------------------------------------------------------------------------------ */

static const struct {
    const char *call;
    const char *deed[N_DEEDS_MAX];
} plan[] = {
    {"write", {"ENOSPC", "EIO", "EINTR", "EDQUOT", "short"}},
    {"fsync", {"EIO", "ENOSPC", "EINTR"}},
    {"rename", {"EIO", "ENOSPC"}},
    {"open", {"EMFILE", "ENOSPC", "EIO", "EINTR", "ENOMEM"}},
    {"mkdir", {"ENOSPC", "EIO"}},
    {"unlink", {"EIO"}},
    {"fork", {"ENOMEM"}},
    {"mmap", {"ENOMEM"}},
    {"malloc", {"ENOMEM"}},
    {"truncate", {"ENOSPC", "EIO", "EINTR"}},
    {"close", {"EIO", "EINTR"}},
    {"read", {"EIO", "EINTR", "short"}},
    {"files", {"kill-before", "kill-after"}}, /* the last: after all single classes */
};
enum { N_PLAN = sizeof plan / sizeof plan[0], PLAN_FILES = N_PLAN - 1 };

typedef struct Point {
    const Scene *scene;
    Program program;
    const char *call, *deed;
    bool stays;
    uint64_t n;
} Point;

/* What has been tried of one combination. */
typedef struct Tally {
    Point of;
    long tried, fired, succeeded, stopped, killed, bad;
} Tally;

static Tally *tallies;
static size_t n_tallies;
static json_t *failures;

static bool is_kill(const Point *p)
{
    return strncmp(p->deed, "kill", 4) == 0;
}

static Tally *tally_of(const Point *p)
{
    for (size_t i = 0; i < n_tallies; i++) {
        const Point *q = &tallies[i].of;
        if (q->scene == p->scene && q->program == p->program && q->call == p->call &&
            q->deed == p->deed && q->stays == p->stays) {
            return &tallies[i];
        }
    }
    tallies = realloc(tallies, (n_tallies + 1) * sizeof *tallies);
    tallies[n_tallies] = (Tally){.of = *p};
    return &tallies[n_tallies++];
}

static const char *point_text(const Point *p)
{
    static char text[128];
    (void)snprintf(text, sizeof text, "%s:%s:%s:%s:%s:%" PRIu64, p->scene->name,
                   program_names[p->program], p->call, p->deed, p->stays ? "stay" : "once", p->n);
    return text;
}

/* ---- one point --------------------------------------------------------------------------------- */

static const char *counter_path(void)
{
    return lab_path(&stage.lab, "counter");
}

static void clear_counter(void)
{
    static const FaultCounter zero;
    int fd = open(counter_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, &zero, sizeof zero) != (ssize_t)sizeof zero || close(fd) != 0) {
        stage_fail("the counter file");
    }
}

static FaultCounter read_counter(void)
{
    FaultCounter c = {0};
    int fd = open(counter_path(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &c, sizeof c) != (ssize_t)sizeof c || close(fd) != 0) {
        stage_fail("the counter file");
    }
    return c;
}

/* The scene's command with the fault; its exit status as lab_wait() gives it. */
static int disturbed(const Point *p, FaultCounter *ret)
{
    char text[8][LAB_PATH_BYTES + 32];
    LabEnv env = {.n = 0};
    const char *const value[][2] = {{"LD_PRELOAD", SLAW_FAULTS_LIBRARY},
                                    {"SLAW_FAULTS_COUNTER", counter_path()},
                                    {"SLAW_FAULTS_CALL", p->call},
                                    {"SLAW_FAULTS_DO", p->deed},
                                    {"SLAW_FAULTS_IN", program_names[p->program]},
                                    {"SLAW_FAULTS_BELOW", stage.shaken},
                                    {"SLAW_FAULTS_STAY", p->stays ? "1" : "0"}};
    for (size_t i = 0; i < sizeof value / sizeof value[0]; i++) {
        (void)snprintf(text[env.n], sizeof text[0], "%s=%s", value[i][0], value[i][1]);
        env.text[env.n] = text[env.n];
        env.n++;
    }
    (void)snprintf(text[env.n], sizeof text[0], "SLAW_FAULTS_AT=%" PRIu64, p->n);
    env.text[env.n] = text[env.n];
    env.n++;
    clear_counter();
    scene_words(p->scene, &env);
    const char *what = p->scene->is_of_study ? stage.lab.study : stage.shaken;
    int status = lab_slaw(&stage.lab, &env, p->scene->verb, what,
                          p->scene->is_of_study ? stage.shaken : NULL, LIMIT_MS);
    *ret = read_counter();
    return status;
}

/* Is this how a command may end? */
static bool check_end(const Point *p, int status, Buf *why)
{
    bool may_die = is_kill(p) && p->program == PROGRAM_SLAW;
    if (status == LAB_HANGS) {
        buf_puts(why, "it hangs\n");
    } else if (status < 0 && !(may_die && status == -SIGKILL)) {
        buf_printf(why, "it ends by signal %d\n", -status);
    } else if (status > 0 && (status >= 126 || status == 2)) {
        buf_printf(why, "exit status %d\n", status);
    } else if (status > 0 && !lab_output(&stage.lab)[0]) {
        buf_printf(why, "exit status %d without a word\n", status);
    } else {
        return true;
    }
    return false;
}

/* The undisturbed commands that follow: the study must end, and as if nothing had been. */
static bool check_after(const Point *p, Buf *why)
{
    if (p->scene->restore) {
        p->scene->restore(stage.shaken);
    }
    if (strcmp(p->scene->verb, "run") != 0) {
        LabEnv env = {.n = 0};
        scene_words(p->scene, &env);
        (void)lab_slaw(&stage.lab, &env, p->scene->verb, stage.shaken, NULL, LIMIT_MS);
    }
    int status = lab_slaw(&stage.lab, NULL, "run", stage.lab.study, stage.shaken, LIMIT_MS);
    if (status == 1) { /* it gave up on runs, and said so: that is what retry is for */
        (void)lab_slaw(&stage.lab, NULL, "retry", stage.shaken, NULL, LIMIT_MS);
        status = lab_slaw(&stage.lab, NULL, "run", stage.lab.study, stage.shaken, LIMIT_MS);
    }
    if (status != 0) {
        buf_printf(why, "afterwards run ends with %d: %s\n", status, lab_output(&stage.lab));
        return false;
    }
    if (!scene_same(p->scene, why)) {
        buf_puts(why, "(after running again without faults)\n");
        return false;
    }
    status = lab_slaw(&stage.lab, NULL, "verify", stage.shaken, NULL, LIMIT_MS);
    if (status != 0) {
        buf_printf(why, "afterwards verify ends with %d: %s\n", status, lab_output(&stage.lab));
    }
    return status == 0;
}

static void report_bad(const Point *p, int status, const char *why, const char *said)
{
    (void)fprintf(stderr, "--- %s: status %d: %s%s\n", point_text(p), status, why, said);
    (void)json_array_append_new(
        failures, json_pack("{s:s,s:i,s:s}", "point", point_text(p), "status", status, "why", why));
}

/* Tries a point; false when the fault never came because there are fewer calls. */
static bool try_point(const Point *p)
{
    Buf why = BUF_INIT;
    FaultCounter count;
    stage_choose(p->program);
    lab_remove(stage.shaken);
    if (p->scene->prepare) {
        p->scene->prepare(stage.shaken);
    }
    int status = disturbed(p, &count);
    char *said = strdup(lab_output(&stage.lab));
    bool is_good = check_end(p, status, &why);
    if (is_good && status == 0 && p->scene->is_complete) {
        is_good = scene_same(p->scene, &why);
    }
    if (!is_good) {
        lab_kill_workers(stage.shaken);
    }
    is_good = is_good && check_after(p, &why);
    Tally *t = tally_of(p);
    t->tried++;
    t->fired += count.fired > 0;
    t->succeeded += status == 0;
    t->stopped += status > 0;
    t->killed += status == -SIGKILL;
    t->bad += !is_good;
    if (!is_good) {
        report_bad(p, status, buf_str(&why), said);
    }
    free(said);
    buf_release(&why);
    return count.fired > 0;
}

/* ---- choosing points ---------------------------------------------------------------------------- */

static FaultCounter counts[N_SCENES][N_PROGRAMS];
static bool has_counts[N_SCENES][N_PROGRAMS];

/* A signal that interrupts every call for ever would be no fault of ours to survive. */
static bool can_stay(size_t c, const char *deed)
{
    return c != PLAN_FILES && strcmp(deed, "EINTR") != 0;
}

/* How many calls of plan[c] the scene makes undisturbed. */
static uint64_t n_calls(const Scene *scene, Program program, size_t c)
{
    size_t s = (size_t)(scene - scenes);
    const Point p = {.scene = scene, .program = program, .call = "write", .deed = "EIO"};
    if (!has_counts[s][program]) {
        stage_choose(program);
        lab_remove(stage.shaken);
        if (scene->prepare) {
            scene->prepare(stage.shaken);
        }
        (void)disturbed(&p, &counts[s][program]);
        has_counts[s][program] = true;
    }
    const FaultCounter *k = &counts[s][program];
    if (c == PLAN_FILES) {
        return k->by_class[0] + k->by_class[1] + k->by_class[2] + k->by_class[3] + k->by_class[4] +
               k->by_class[5] + k->by_class[9];
    }
    return k->by_class[c];
}

static size_t n_deeds(size_t c)
{
    size_t n = 0;
    while (n < N_DEEDS_MAX && plan[c].deed[n]) {
        n++;
    }
    return n;
}

static bool is_usable(const Scene *s, Program program)
{
    return program == PROGRAM_SLAW || s->has_worker;
}

static void draw_points(uint64_t seed, double seconds, bool kills_only)
{
    MonoNs until = clock_mono_ns() + (MonoNs)(seconds * (double)NS_PER_S);
    for (uint64_t i = 0; clock_mono_ns() < until; i++) {
        const Scene *s = &scenes[rng_u64(seed, 1, i) % 2 ? 0 : rng_u64(seed, 2, i) % N_SCENES];
        Program program = (Program)(rng_u64(seed, 3, i) % N_PROGRAMS);
        bool kills = kills_only || rng_u64(seed, 4, i) % 3 == 0;
        size_t c = kills ? PLAN_FILES : rng_u64(seed, 5, i) % PLAN_FILES;
        uint64_t n = is_usable(s, program) ? n_calls(s, program, c) : 0;
        if (n > 0) {
            const char *deed = plan[c].deed[rng_u64(seed, 6, i) % n_deeds(c)];
            const Point p = {.scene = s,
                             .program = program,
                             .call = plan[c].call,
                             .deed = deed,
                             .stays = can_stay(c, deed) && rng_u64(seed, 7, i) % 2,
                             .n = 1 + rng_u64(seed, 8, i) % n};
            (void)try_point(&p);
        }
    }
}

/* `points` of one combination, spread over its calls; 0: all, until one does not come. */
static void all_of(Point p, size_t c, uint64_t points)
{
    uint64_t n = n_calls(p.scene, p.program, c);
    for (uint64_t i = 0; points == 0 || (i < points && i < n); i++) {
        p.n = points == 0 || n <= points ? i + 1 : 1 + i * n / points;
        if (!try_point(&p) && points == 0) {
            break;
        }
    }
}

static void every_combination(uint64_t points, bool kills_only)
{
    for (size_t s = 0; s < N_SCENES; s++) {
        for (int program = 0; program < N_PROGRAMS; program++) {
            for (size_t c = kills_only ? PLAN_FILES : 0;
                 is_usable(&scenes[s], (Program)program) && c < N_PLAN; c++) {
                for (size_t d = 0; d < n_deeds(c); d++) {
                    for (int stays = 0; stays <= can_stay(c, plan[c].deed[d]); stays++) {
                        all_of((Point){.scene = &scenes[s],
                                       .program = (Program)program,
                                       .call = plan[c].call,
                                       .deed = plan[c].deed[d],
                                       .stays = stays},
                               c, points);
                    }
                }
            }
        }
    }
}

static bool one_point(const char *text)
{
    char word[5][32];
    unsigned long long n = 0;
    if (sscanf(text, "%31[^:]:%31[^:]:%31[^:]:%31[^:]:%31[^:]:%llu", word[0], word[1], word[2],
               word[3], word[4], &n) != 6) {
        return false;
    }
    Point p = {.call = word[2], .deed = word[3], .stays = word[4][0] == 's', .n = n};
    for (size_t s = 0; s < N_SCENES; s++) {
        p.scene = strcmp(word[0], scenes[s].name) == 0 ? &scenes[s] : p.scene;
    }
    p.program = strcmp(word[1], "slaw") == 0 ? PROGRAM_SLAW : PROGRAM_WORKER;
    if (p.scene) {
        (void)try_point(&p);
        (void)fprintf(stderr, "%s\n", lab_output(&stage.lab));
    }
    return p.scene != NULL;
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* What was tried as JSON; returns how many points were bad. */
static long print_result(uint64_t seed, double seconds)
{
    long tried = 0, bad = 0;
    json_t *by = json_array();
    for (size_t i = 0; i < n_tallies; i++) {
        const Tally *t = &tallies[i];
        tried += t->tried;
        bad += t->bad;
        (void)json_array_append_new(
            by,
            json_pack("{s:s,s:s,s:s,s:s,s:b,s:i,s:i,s:i,s:i,s:i,s:i}", "scene", t->of.scene->name,
                      "program", program_names[t->of.program], "call", t->of.call, "deed",
                      t->of.deed, "stays", t->of.stays, "tried", (int)t->tried, "fired",
                      (int)t->fired, "succeeded", (int)t->succeeded, "stopped", (int)t->stopped,
                      "killed", (int)t->killed, "bad", (int)t->bad));
    }
    json_t *all =
        json_pack("{s:i,s:I,s:f,s:i,s:i,s:O,s:o}", "schema", 1, "seed", (json_int_t)seed, "seconds",
                  seconds, "points", (int)tried, "bad", (int)bad, "failures", failures, "by", by);
    lab_print(all);
    return bad;
}

int main(int argc, char **argv)
{
    LabOptions o = {.seconds = 20, .seed = 1};
    if (!lab_options(argc, argv, "--kills-only", "tests/system/faults.c", &o)) {
        return 2;
    }
    MonoNs began = clock_mono_ns();
    failures = json_array();
    stage_open();
    if (o.only) {
        if (!one_point(o.only)) {
            return 2;
        }
    } else if (o.has_points) {
        every_combination(o.points, o.has_flag);
    } else {
        draw_points(o.seed, o.seconds, o.has_flag);
    }
    long bad = print_result(o.seed, (double)(clock_mono_ns() - began) / (double)NS_PER_S);
    free(tallies);
    json_decref(failures);
    stage_close();
    return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
