/* nemesis -- strikes what trains, at random, and demands that nobody can tell afterwards.
 *
 *     system_nemesis [--kills N] [--seed S] [--seconds LIMIT] [--study long|many]
 *
 * A study runs once in peace: four architectures (long), or 200 runs that take no time (many);
 * without --study both, half of the kills each.  Then, as often as it takes to have struck N times,
 * it runs again while workers, the scheduler or both get SIGKILL or SIGTERM and workers are held
 * by SIGSTOP, at moments drawn from the seed: at once after the start, milliseconds or tenths of a
 * second later, and twice in a row.  After each of these rounds every table of the catalog (without
 * times, pids, hosts and numbers of attempts) and every byte below checkpoints/ must be those of
 * the undisturbed study, `slaw verify` must be content, another `slaw run` must find nothing to
 * do, and no worker may be left.
 *
 * Prints what was struck as JSON; exit status 1 after a difference.  The seed fixes what is struck
 * and how long is waited, not what the kernel does in that time.  After LIMIT seconds the round at
 * work is finished in peace and the rest left out. */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/rng.h"
#include "tests/system/lab.h"

enum { MAX_WORKERS = 8, MAX_STARTS = 2000, ROUND_LIMIT_MS = 180000, EXIT_INTERRUPTED = 75 };

/* What is struck, and with what: the rows and columns of the account. */
enum { WORKER, SCHEDULER, BOTH, N_VICTIMS };
enum { BY_KILL, BY_TERM, N_SIGNALS };
static const char *const victim_names[] = {"worker", "scheduler", "both"};
static const int signals[] = {SIGKILL, SIGTERM};

typedef struct Account {
    long strikes[N_VICTIMS][N_SIGNALS];
    long kills, held, starts, rounds, differences;
    json_t *failures;
} Account;

static Lab lab;
static char calm[LAB_PATH_BYTES], shaken[LAB_PATH_BYTES];
static char *want;
static uint64_t seed, drawn;
static MonoNs until;
static Account account;

static uint64_t draw(uint64_t below)
{
    return rng_u64(seed, 1, drawn++) % below;
}

/* A quarter of the blows come at once, a quarter within the start of a process. */
static int64_t draw_delay_ms(void)
{
    uint64_t kind = draw(4);
    return kind == 0 ? 0 : kind == 1 ? (int64_t)draw(20) : (int64_t)draw(500);
}

/* ---- striking ------------------------------------------------------------------------------ */

/* Holds the victim for a while; it may be struck while it is held. */
static void hold(pid_t victim)
{
    account.held += kill(victim, SIGSTOP) == 0;
    lab_sleep_ms((int64_t)draw(100));
    if (draw(2)) {
        (void)kill(victim, SIGCONT);
    }
}

/* One blow.  *scheduler becomes 0 when it has ended; what is not there is not struck. */
static void strike(pid_t *scheduler)
{
    pid_t worker[MAX_WORKERS];
    int n = lab_find_workers(shaken, worker, MAX_WORKERS);
    pid_t victim = n ? worker[draw((uint64_t)n)] : 0;
    int by = draw(3) == 0 ? BY_TERM : BY_KILL;
    uint64_t whom = draw(N_VICTIMS);
    if (victim > 0 && draw(4) == 0) {
        hold(victim);
    }
    bool hits_worker = victim > 0 && whom != SCHEDULER && kill(victim, signals[by]) == 0;
    bool hits_scheduler = (whom != WORKER || !hits_worker) && kill(*scheduler, signals[by]) == 0;
    if (hits_scheduler && by == BY_KILL) {
        (void)lab_wait(*scheduler, ROUND_LIMIT_MS);
        *scheduler = 0;
    }
    if (hits_worker || hits_scheduler) {
        int row = !hits_scheduler ? WORKER : hits_worker ? BOTH : SCHEDULER;
        account.strikes[row][by]++;
        account.kills += hits_worker + hits_scheduler;
    }
    if (victim > 0) {
        (void)kill(victim, SIGCONT);
    }
}

static void note_difference(const char *why)
{
    account.differences++;
    (void)fprintf(stderr, "nemesis: seed %" PRIu64 ", round %ld: %s\n", seed, account.rounds, why);
    (void)json_array_append_new(account.failures, json_string(why));
}

/* Half of the blows are for a study at work, however long a busy machine takes to get there. */
static void wait_for_work(pid_t scheduler)
{
    enum { LOOK_MS = 10, LOOKS = 1000 };
    pid_t worker;
    siginfo_t ended = {.si_pid = 0};
    for (int i = 0; i < LOOKS && lab_find_workers(shaken, &worker, 1) == 0; i++) {
        (void)waitid(P_PID, (id_t)scheduler, &ended, WEXITED | WNOHANG | WNOWAIT);
        if (ended.si_pid != 0) {
            return;
        }
        lab_sleep_ms(LOOK_MS);
    }
}

/* Runs the study to its end, striking while fewer than `kills` were counted.  False: it does not
 * end, or not well. */
static bool one_round(long kills)
{
    pid_t pid = 0;
    for (int starts = 0; starts < MAX_STARTS;) {
        bool strikes = account.kills < kills && clock_mono_ns() < until;
        if (pid == 0) {
            pid = lab_start(&lab, NULL, "run", lab.study, shaken);
            starts++;
            account.starts++;
        }
        int status = 0;
        if (strikes) {
            if (draw(2)) {
                wait_for_work(pid);
            }
            lab_sleep_ms(draw_delay_ms());
            status = waitpid(pid, &status, WNOHANG) == 0 ? LAB_HANGS
                     : WIFEXITED(status)                 ? WEXITSTATUS(status)
                                                         : -WTERMSIG(status);
        } else {
            status = lab_wait(pid, ROUND_LIMIT_MS);
        }
        if (status == 0) {
            return true;
        }
        if (status == EXIT_INTERRUPTED || status == -SIGTERM) {
            pid = 0; /* it was asked to stop, and did; or had not yet begun to listen */
        } else if (strikes && status == LAB_HANGS) {
            for (uint64_t blows = 1 + draw(4) / 3; blows > 0 && pid > 0; blows--) {
                strike(&pid);
                lab_sleep_ms(blows > 1 ? (int64_t)draw(6) : 0);
            }
        } else {
            Buf why = BUF_INIT;
            buf_printf(&why, "slaw run: %d\n%s", status, lab_output(&lab));
            note_difference(buf_str(&why));
            buf_release(&why);
            return false;
        }
    }
    note_difference("the study does not end");
    return false;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static void check_verb(const char *verb, const char *what, const char *dir, const char *say,
                       Buf *why)
{
    int status = lab_slaw(&lab, NULL, verb, what, dir, ROUND_LIMIT_MS);
    if (status != 0 || !strstr(lab_output(&lab), say)) {
        buf_printf(why, "slaw %s: %d: %s\n", verb, status, lab_output(&lab));
    }
}

static void compare(void)
{
    pid_t worker[MAX_WORKERS];
    Buf why = BUF_INIT;
    (void)lab_same(LAB_EVERYTHING, want, calm, shaken, &why);
    check_verb("verify", shaken, NULL, "", &why);
    check_verb("run", lab.study, shaken, "nothing to do", &why);
    if (lab_find_workers(shaken, worker, MAX_WORKERS) > 0) {
        buf_puts(&why, "a worker is left\n");
    }
    if (why.len > 0) {
        note_difference(buf_str(&why));
    }
    buf_release(&why);
}

/* Until the account has so many kills. */
static void shake(const char *study_text, long kills)
{
    lab_open(&lab, study_text);
    (void)snprintf(calm, sizeof calm, "%s", lab_path(&lab, "calm"));
    int status = lab_slaw(&lab, NULL, "run", lab.study, calm, ROUND_LIMIT_MS);
    if (status != 0) {
        (void)fprintf(stderr, "nemesis: the undisturbed study: %d\n%s\n", status, lab_output(&lab));
        exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    want = lab_dump(calm, LAB_EVERYTHING);
    while (account.kills < kills && clock_mono_ns() < until && account.differences < 20) {
        (void)snprintf(shaken, sizeof shaken, "%s", lab_path(&lab, "shaken"));
        if (one_round(kills)) {
            compare();
        }
        account.rounds++;
        lab_kill_workers(shaken);
        lab_remove(shaken);
    }
    free(want);
    lab_close(&lab);
}

static void print_account(double seconds)
{
    json_t *strikes = json_object();
    for (int v = 0; v < N_VICTIMS; v++) {
        (void)json_object_set_new(strikes, victim_names[v],
                                  json_pack("{s:i,s:i}", "kill", (int)account.strikes[v][BY_KILL],
                                            "term", (int)account.strikes[v][BY_TERM]));
    }
    json_t *all = json_pack("{s:i,s:I,s:f,s:i,s:i,s:i,s:i,s:o,s:i,s:o}", "schema", 1, "seed",
                            (json_int_t)seed, "seconds", seconds, "kills", (int)account.kills,
                            "rounds", (int)account.rounds, "starts", (int)account.starts, "held",
                            (int)account.held, "strikes", strikes, "differences",
                            (int)account.differences, "failures", account.failures);
    char *text = json_dumps(all, JSON_COMPACT);
    (void)puts(text ? text : "");
    free(text);
    json_decref(all);
}

int main(int argc, char **argv)
{
    long kills = 25;
    double limit_s = 1e6;
    const char *study = "";
    seed = (uint64_t)time(NULL);
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--kills") == 0) {
            kills = strtol(value, NULL, 10);
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(value, NULL, 10);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            limit_s = strtod(value, NULL);
        } else if (strcmp(argv[i], "--study") == 0) {
            study = value;
        } else {
            (void)fprintf(stderr, "usage: see the top of tests/system/nemesis.c\n");
            return 2;
        }
    }
    MonoNs began = clock_mono_ns();
    until = began + (MonoNs)(limit_s * (double)NS_PER_S);
    account.failures = json_array();
    if (strcmp(study, "many") != 0) {
        shake(lab_long_study, study[0] ? kills : kills / 2);
    }
    if (strcmp(study, "long") != 0) {
        shake(lab_many_study, kills);
    }
    print_account((double)(clock_mono_ns() - began) / (double)NS_PER_S);
    return account.differences == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
