/* scenes.h -- the commands that tests/system/faults.c disturbs: what a study's folder is like before
 * each of them, and what it must be like at last. */
#ifndef TESTS_SYSTEM_SCENES_H
#define TESTS_SYSTEM_SCENES_H

#include <stdbool.h>

#include "tests/system/lab.h"

enum { LIMIT_MS = 50000 };

/* Whose calls fail.  Slaw's scenes use the fake worker: they are about slaw. */
typedef enum Program { PROGRAM_SLAW, PROGRAM_WORKER, N_PROGRAMS } Program;

typedef struct Scene {
    const char *name;
    const char *verb;
    bool is_of_study;                 /* slaw VERB STUDY --dir DIR, else slaw VERB DIR */
    bool has_worker;                  /* the trainer's calls are worth failing, too */
    bool is_complete;                 /* when it succeeds, nothing is missing */
    bool is_collected;                /* what must be there at last: gc has been */
    void (*prepare)(const char *dir); /* the study's folder before it; NULL: none */
    void (*restore)(const char *dir); /* between it and the undisturbed commands; NULL: nothing */
} Scene;

enum { N_SCENES = 6 };
extern const Scene scenes[N_SCENES];

/* The undisturbed studies: as run left it, and as gc left that. */
enum { AS_RUN, AS_COLLECTED, N_CALM };

typedef struct Stage {
    Lab lab;
    char calm[N_CALM][N_PROGRAMS][LAB_PATH_BYTES], *want[N_CALM][N_PROGRAMS];
    char shaken[LAB_PATH_BYTES]; /* the study that is disturbed */
    Program current;
} Stage;
extern Stage stage;

/* Runs the undisturbed studies. */
void stage_open(void);
void stage_close(void);

/* Now it is this program's turn. */
void stage_choose(Program p);

/* The test itself cannot go on. */
_Noreturn void stage_fail(const char *what);

/* The rest of the scene's command line. */
void scene_words(const Scene *s, LabEnv *env);

/* The disturbed study is as the undisturbed one. */
bool scene_same(const Scene *s, Buf *why);

#endif
