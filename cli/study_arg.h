/* study_arg.h -- the STUDY of a command line: a study file or a study directory. */
#ifndef CLI_STUDY_ARG_H
#define CLI_STUDY_ARG_H

#include "cli/command.h"
#include "common/fsx.h"
#include "orchestrator/spec/study.h"

/* A directory is a study directory when it holds study.yaml.  For a study file the directory
 * is --dir, else runs/<study> below the working directory; it need not exist.  A file named
 * study.yaml inside a study directory (beside catalog.db, lock or runs/) means that directory. */
typedef struct StudyArg {
    char file[FSX_PATH_BYTES];
    char dir[FSX_PATH_BYTES];
    Study *study;
} StudyArg;

/* Finds and opens a study.  `dir_option` is --dir or NULL.  What is wrong with the file goes to
 * s->problems, for command.c to print; its text is there also on success.
 * ERR_INVALID (bad file), ERR_NOTFOUND, ERR_USAGE (--dir with a directory), ERR_IO. */
ErrCode study_arg_open(const Session *s, const char *arg, const char *dir_option, StudyArg *ret,
                       Err *err);
void study_arg_close(StudyArg *a);

/* The study directory alone, for verbs that read what is in it: the study file is read only
 * when its name is needed.  ERR_NOTFOUND also when the directory does not exist. */
ErrCode study_arg_dir(const Session *s, const char *arg, const char *dir_option,
                      char dir[FSX_PATH_BYTES], Err *err);

#endif
