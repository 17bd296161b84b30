#include "trainer/worker/step_dir.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/grow.h"
#include "common/hash.h"
#include "common/json.h"
#include "common/order.h"
#include "trainer/worker/attempt.h"

static const char step_format[] = "step-%08" PRId64;

/* ---------------------------------------------------------------- folders */

/* Step of a folder's name, or -1 if it is not of the form that we write. */
static int64_t step_of_name(const char *name)
{
    char *end = NULL;
    if (strncmp(name, "step-", 5) != 0 || name[5] < '0' || name[5] > '9') {
        return -1;
    }
    errno = 0;
    int64_t step = strtoll(name + 5, &end, 10);
    char again[32];
    (void)snprintf(again, sizeof again, step_format, step);
    return errno == 0 && strcmp(again, name) == 0 ? step : -1;
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return ORDER(y, x);
}

/* Appends every step that `d` names.  ERR_NOMEM, ERR_IO. */
static ErrCode collect(DIR *d, const char *dir, int64_t **step, size_t *n, Err *err)
{
    size_t cap = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(d); /* NOLINT(concurrency-mt-unsafe): our own */
        if (!entry) {
            return errno != 0 ? err_sys(err, "read %s", dir) : ERR_OK;
        }
        int64_t s = step_of_name(entry->d_name);
        if (s < 0) {
            continue;
        }
        int64_t *more = grow_array(*step, *n, &cap, sizeof *more, 64);
        if (!more) {
            return err_nomem(err, "a list of checkpoints");
        }
        *step = more;
        (*step)[(*n)++] = s;
    }
}

ErrCode step_dirs_list(const char *run_dir, const char *kind, int64_t **ret, size_t *ret_n,
                       Err *err)
{
    char dir[FSX_PATH_BYTES];
    int64_t *step = NULL;
    size_t n = 0;
    DIR *d = NULL;
    ErrCode rc = fsx_join(dir, run_dir, kind, err);
    if (rc != ERR_OK) {
        return rc;
    }
    d = opendir(dir);
    if (!d && errno != ENOENT) {
        return err_sys(err, "open %s", dir);
    }
    rc = d ? collect(d, dir, &step, &n, err) : ERR_OK;
    if (d) {
        (void)closedir(d);
    }
    if (rc != ERR_OK) {
        free(step);
        return rc;
    }
    if (n > 0) {
        qsort(step, n, sizeof *step, newest_first);
    }
    *ret = step;
    *ret_n = n;
    return ERR_OK;
}

void step_dir_name(int64_t step, char out[STEP_NAME_BYTES])
{
    (void)snprintf(out, STEP_NAME_BYTES, step_format, step);
}

ErrCode step_dir_path(const char *run_dir, const char *kind, int64_t step, char out[FSX_PATH_BYTES],
                      Err *err)
{
    char name[STEP_NAME_BYTES];
    step_dir_name(step, name);
    return fsx_path(out, err, "%s/%s/%s", run_dir, kind, name);
}

/* Who made the run wrote its description as a note (fsx_note): from the first checkpoint on it must
 * last as long as that. */
static ErrCode sync_description(const char *run_dir, Err *err)
{
    static const char *const name[] = {"config.json", "run.json"};
    char path[FSX_PATH_BYTES];
    ErrCode rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i < sizeof name / sizeof name[0]; i++) {
        rc = fsx_join(path, run_dir, name[i], err);
        if (rc == ERR_OK) {
            rc = fsx_sync_file(path, err);
        }
    }
    return rc;
}

ErrCode step_dir_fresh(const char *run_dir, const char *kind, int64_t step,
                       char out[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = ERR_OK;
    char parent[FSX_PATH_BYTES];
    TRY(fsx_join(parent, run_dir, kind, err));
    TRY(step_dir_path(run_dir, kind, step, out, err));
    TRY(fsx_remove_tree(out, err));
    TRY(fsx_mkdirs(out, err));
    TRY(fsx_sync_dir(parent, err));
    TRY(sync_description(run_dir, err));
    TRY(fsx_sync_dir(run_dir, err));
done:
    return rc;
}

void step_dir_abandon(const char *run_dir, int64_t attempt, const char *dir)
{
    Err ignored = ERR_INIT;
    if (attempt_check(run_dir, attempt, &ignored) == ERR_OK) {
        (void)fsx_remove_tree(dir, &ignored);
    }
}

ErrCode step_dirs_clean(const char *run_dir, const char *kind, const char *seal, Err *err)
{
    int64_t *step = NULL;
    size_t n = 0;
    ErrCode rc = step_dirs_list(run_dir, kind, &step, &n, err);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        char dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
        struct stat st;
        TRY(step_dir_path(run_dir, kind, step[i], dir, err));
        TRY(fsx_join(path, dir, seal, err));
        if (stat(path, &st) != 0 && errno == ENOENT) { /* any other failure proves nothing */
            rc = fsx_remove_tree(dir, err);
        }
    }
done:
    free(step);
    return rc;
}

/* ---------------------------------------------------------------- sums of files */

json_t *step_dir_entry(const FileSum *s)
{
    return json_pack("{s:I, s:s}", "bytes", (json_int_t)s->bytes, "xxh128", s->xxh128);
}

/* Its size, and with STEP_BYTES its digest.  ERR_NOTFOUND, ERR_IO. */
static ErrCode measure(const char *path, StepLook how, char digest[XXH128_HEX_BYTES],
                       int64_t *bytes, Err *err)
{
    struct stat st;
    if (how == STEP_BYTES) {
        return hash_xxh128_file(path, digest, bytes, err);
    }
    if (stat(path, &st) != 0) {
        bool is_missing = errno == ENOENT;
        ErrCode rc = err_sys(err, "stat %s", path);
        return is_missing ? (err->code = ERR_NOTFOUND) : rc;
    }
    *bytes = st.st_size;
    return ERR_OK;
}

static ErrCode check_file(const char *dir, const char *name, const json_t *entry, StepLook how,
                          Err *err)
{
    char path[FSX_PATH_BYTES], got[XXH128_HEX_BYTES];
    int64_t bytes = 0, got_bytes = 0;
    const char *want = NULL;
    ErrCode rc = ERR_OK;
    if (name[0] == '.' || strchr(name, '/')) {
        return err_set(err, ERR_FORMAT, "%s: \"%s\" is not the name of a file here", dir, name);
    }
    TRY(json_get_i64(entry, "bytes", &bytes, err));
    TRY(json_get_str(entry, "xxh128", &want, err));
    TRY(fsx_join(path, dir, name, err));
    rc = measure(path, how, got, &got_bytes, err);
    if (rc == ERR_NOTFOUND) {
        rc = err_set(err, ERR_FORMAT, "%s: is missing", path);
    } else if (rc == ERR_OK && got_bytes != bytes) {
        rc = err_set(err, ERR_FORMAT, "%s: is damaged (its size differs)", path);
    } else if (rc == ERR_OK && how == STEP_BYTES && strcmp(got, want) != 0) {
        rc = err_set(err, ERR_FORMAT, "%s: is damaged (its digest differs)", path);
    }
done:
    return rc;
}

ErrCode step_dir_check(const char *dir, const json_t *object, StepLook how, int64_t *bytes,
                       Err *err)
{
    json_t *files = NULL, *entry;
    const char *name;
    ErrCode rc = json_get_obj(object, "files", &files, err);
    if (rc != ERR_OK) {
        return rc;
    }
    json_object_foreach(files, name, entry)
    {
        rc = check_file(dir, name, entry, how, err);
        if (rc != ERR_OK) {
            return rc;
        }
        *bytes += json_integer_value(json_object_get(entry, "bytes"));
    }
    return json_object_size(files) > 0 ? ERR_OK
                                       : err_set(err, ERR_FORMAT, "%s: names no files", dir);
}

/* ---------------------------------------------------------------- members */

ErrCode step_get_text(const json_t *object, const char *key, char *out, size_t n, Err *err)
{
    const char *s = NULL;
    ErrCode rc = json_get_str(object, key, &s, err);
    if (rc == ERR_OK && strlen(s) >= n) {
        rc = err_set(err, ERR_FORMAT, "\"%s\" is too long", key);
    }
    if (rc == ERR_OK) {
        memcpy(out, s, strlen(s) + 1);
    }
    return rc;
}

ErrCode step_get_text_or_none(const json_t *object, const char *key, char *out, size_t n, Err *err)
{
    out[0] = '\0';
    return json_object_get(object, key) ? step_get_text(object, key, out, n, err) : ERR_OK;
}

ErrCode step_get_real(const json_t *object, const char *key, double *ret, Err *err)
{
    return json_to_real(json_object_get(object, key), ret)
               ? ERR_OK
               : err_set(err, ERR_FORMAT, "\"%s\" must be a number", key);
}
