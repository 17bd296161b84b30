#include "cli/study_arg.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static ErrCode open_file(const Session *s, StudyArg *a, Err *err)
{
    ErrCode rc = study_open_list(a->file, &a->study, s->problems, err);
    assert(rc != ERR_OK || a->study);
    return rc;
}

/* The folder of a path named study.yaml, if it is a study directory. */
static bool is_inside_study(const char *file, char dir[FSX_PATH_BYTES])
{
    static const char *const sign[] = {"catalog.db", "lock", "runs"};
    const char *slash = strrchr(file, '/');
    if (strcmp(slash ? slash + 1 : file, "study.yaml") != 0) {
        return false;
    }
    (void)snprintf(dir, FSX_PATH_BYTES, "%.*s", slash ? (int)(slash - file) : 1,
                   slash ? file : ".");
    for (size_t i = 0; i < sizeof sign / sizeof sign[0]; i++) {
        char path[FSX_PATH_BYTES];
        Err err = ERR_INIT;
        if (fsx_join(path, dir, sign[i], &err) == ERR_OK && fsx_exists(path)) {
            return true;
        }
    }
    return false;
}

/* Fills a->file, and a->dir where it follows without reading the file (else empty). */
static ErrCode locate(const char *arg, const char *dir_option, StudyArg *a, Err *err)
{
    ErrCode rc = ERR_OK;
    if (fsx_is_dir(arg)) {
        if (dir_option) {
            return err_set(err, ERR_USAGE, "%s is a study directory already; --dir is for a file",
                           arg);
        }
        TRY(fsx_path(a->dir, err, "%s", arg));
        TRY(fsx_join(a->file, arg, "study.yaml", err));
        if (!fsx_exists(a->file)) {
            (void)err_set(err, ERR_NOTFOUND, "%s: no such file", a->file);
            return err_hint(err, "a study directory is what `slaw run FILE` made");
        }
        return ERR_OK;
    }
    if (!fsx_exists(arg)) {
        return fsx_no_such(arg, arg, err);
    }
    TRY(fsx_path(a->file, err, "%s", arg));
    if (dir_option) {
        TRY(fsx_path(a->dir, err, "%s", dir_option));
    } else if (!is_inside_study(arg, a->dir)) {
        a->dir[0] = '\0';
    }
done:
    return rc;
}

ErrCode study_arg_open(const Session *s, const char *arg, const char *dir_option, StudyArg *ret,
                       Err *err)
{
    ErrCode rc = ERR_OK;
    *ret = (StudyArg){0};
    TRY(locate(arg, dir_option, ret, err));
    TRY(open_file(s, ret, err));
    if (ret->dir[0] == '\0') {
        TRY(fsx_join(ret->dir, "runs", ret->study->name, err));
    }
done:
    return rc;
}

void study_arg_close(StudyArg *a)
{
    study_close(a->study);
    a->study = NULL;
}

ErrCode study_arg_dir(const Session *s, const char *arg, const char *dir_option,
                      char dir[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = ERR_OK;
    StudyArg a = {0};
    TRY(locate(arg, dir_option, &a, err));
    if (a.dir[0] == '\0') {
        TRY(open_file(s, &a, err));
        TRY(fsx_join(a.dir, "runs", a.study->name, err));
    }
    if (!fsx_is_dir(a.dir)) {
        rc = err_set(err, ERR_NOTFOUND, "%s: no such folder: the study has not been run", a.dir);
        (void)err_hint(err, "slaw run %s", arg);
        goto done;
    }
    TRY(fsx_path(dir, err, "%s", a.dir));
done:
    study_arg_close(&a);
    return rc;
}
