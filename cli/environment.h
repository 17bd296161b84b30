/* environment.h -- every variable of the environment that slaw and slaw-worker read or set; the manual
 * and docs/environment.md are held against it. */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

typedef struct EnvironmentVariable {
    const char *name, *help; /* one or more sentences */
} EnvironmentVariable;

/* Ends with {NULL, NULL}. */
extern const EnvironmentVariable environment_variables[];

#endif
