/* spawn_bare -- the least that starting processes can cost: fork, exec, wait, and nothing else.
 *
 *   spawn_bare SLOTS PROGRAM CORPUS < LIST
 *
 * LIST has a run's folder a line.  Runs `PROGRAM run FOLDER --corpus CORPUS` for each, SLOTS at a
 * time, with output thrown away, and prints the seconds that all took together. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

static void start(const char *program, const char *dir, const char *corpus)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        (void)execl(program, program, "run", dir, "--corpus", corpus, (char *)NULL);
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
}

static void reap(void)
{
    int status = 0;
    if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)fprintf(stderr, "spawn_bare: a process ended with wait status %d\n", status);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static char line[4096];
    long slots = argc == 4 ? strtol(argv[1], NULL, 10) : 0, live = 0, n = 0;
    if (slots < 1) {
        (void)fprintf(stderr, "usage: %s SLOTS PROGRAM CORPUS < LIST\n", argv[0]);
        return 2;
    }
    MonoNs began = clock_mono_ns();
    for (; fgets(line, sizeof line, stdin); n++) {
        line[strcspn(line, "\n")] = '\0';
        if (live == slots) {
            reap();
            live--;
        }
        start(argv[2], line, argv[3]);
        live++;
    }
    for (; live > 0; live--) {
        reap();
    }
    printf("%.6f\n", (double)(clock_mono_ns() - began) / (double)NS_PER_S);
    return n > 0 ? 0 : 1;
}
