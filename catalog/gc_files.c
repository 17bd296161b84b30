#include "catalog/gc_files.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "catalog/record.h"
#include "common/arena.h"
#include "common/fsx.h"
#include "common/hash.h"
#include "common/json.h"

static const char manifest_name[] = "manifest.json";
enum { OLD_S = 3600 };

/* ---------------------------------------------------------------- one file, one tree */

static ErrCode delete_file(GcFiles *f, const char *path, Err *err)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        return errno == ENOENT ? ERR_OK : err_sys(err, "stat %s", path);
    }
    if (!f->is_dry && unlink(path) != 0 && errno != ENOENT) {
        return err_sys(err, "remove %s", path);
    }
    f->count.bytes += st.st_size;
    return ERR_OK;
}

/* The files of a folder without folders in it, `first` (may be NULL) before the others, and the
 * folder.  Other things in it are not ours: they, and it, stay. */
static ErrCode delete_folder(GcFiles *f, const char *dir, const char *first, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    const char **names = NULL;
    size_t n = 0;
    char path[FSX_PATH_BYTES];
    if (first) {
        TRY(fsx_join(path, dir, first, err));
        TRY(delete_file(f, path, err));
    }
    TRY(fsx_list(dir, &a, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        TRY(fsx_join(path, dir, names[i], err));
        if ((!first || strcmp(names[i], first) != 0) && !fsx_is_dir(path)) {
            TRY(delete_file(f, path, err));
        }
    }
    if (!f->is_dry && rmdir(dir) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST) {
        rc = err_sys(err, "remove %s", dir);
    }
done:
    arena_release(&a);
    return rc;
}

/* ---------------------------------------------------------------- weights */

static ErrCode file_of(const GcFiles *f, const CatalogCheckpoint *k, const char *name,
                       char out[FSX_PATH_BYTES], Err *err)
{
    return fsx_path(out, err, "%s/%s/%s", f->run_dir, k->path, name);
}

ErrCode gc_check_manifest(const GcFiles *f, const CatalogCheckpoint *k, Err *err)
{
    char path[FSX_PATH_BYTES], digest[XXH128_HEX_BYTES];
    int64_t bytes = 0;
    ErrCode rc = file_of(f, k, manifest_name, path, err);
    if (rc == ERR_OK) {
        rc = hash_xxh128_file(path, digest, &bytes, err);
    }
    if (rc == ERR_NOTFOUND || (rc == ERR_OK && strcmp(digest, k->digest) != 0)) {
        rc = err_set(err, ERR_FORMAT, "%s %s", path,
                     rc == ERR_NOTFOUND ? "is missing" : "has other bytes than were written");
    }
    return rc;
}

bool gc_is_announced(const GcFiles *f, const CatalogCheckpoint *k)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    return file_of(f, k, RECORD_REMOVED, path, &ignored) == ERR_OK && fsx_exists(path);
}

static ErrCode read_files(const GcFiles *f, const CatalogCheckpoint *k, const char *name,
                          json_t **ret_object, json_t **ret_files, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = file_of(f, k, name, path, err);
    if (rc == ERR_OK) {
        rc = json_read_file(path, ret_object, err);
    }
    if (rc == ERR_OK) {
        rc = json_get_obj(*ret_object, "files", ret_files, err);
    }
    return rc;
}

ErrCode gc_announce(const GcFiles *f, const CatalogCheckpoint *k, Keep keep, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES], rule[KEEP_TEXT_BYTES];
    json_t *manifest = NULL, *files = NULL, *v = NULL;
    TRY(read_files(f, k, manifest_name, &manifest, &files, err));
    TRY(file_of(f, k, RECORD_REMOVED, path, err));
    v = json_pack("{s:i, s:s, s:O}", "schema", RECORD_SCHEMA, "rule", keep_text(keep, rule),
                  "files", files);
    rc = v ? json_write_file(path, v, err) : err_nomem(err, RECORD_REMOVED);
done:
    json_decref(v);
    json_decref(manifest);
    return rc;
}

ErrCode gc_take_back(const GcFiles *f, const CatalogCheckpoint *k, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = file_of(f, k, RECORD_REMOVED, path, err);
    if (rc == ERR_OK && unlink(path) != 0 && errno != ENOENT) {
        rc = err_sys(err, "remove %s", path);
    }
    return rc;
}

static bool may_go(const char *name)
{
    return name[0] != '.' && name[0] != '\0' && !strchr(name, '/') &&
           strcmp(name, manifest_name) != 0 && strcmp(name, RECORD_REMOVED) != 0;
}

ErrCode gc_delete_weights(GcFiles *f, const CatalogCheckpoint *k, Err *err)
{
    ErrCode rc = ERR_OK;
    char path[FSX_PATH_BYTES];
    json_t *object = NULL, *files = NULL, *entry;
    const char *name;
    int64_t before = f->count.bytes;
    rc = read_files(f, k, gc_is_announced(f, k) ? RECORD_REMOVED : manifest_name, &object, &files,
                    err);
    if (rc == ERR_NOTFOUND) { /* somebody took the whole folder away */
        rc = ERR_OK;
        goto done;
    }
    TRY(rc);
    json_object_foreach(files, name, entry)
    {
        if (may_go(name)) {
            TRY(file_of(f, k, name, path, err));
            TRY(delete_file(f, path, err));
        }
    }
    f->count.checkpoints += f->count.bytes > before;
done:
    json_decref(object);
    return rc;
}

/* ---------------------------------------------------------------- states */

/* "step-00001220" -> 1220; -1 for anything else. */
static int64_t step_of(const char *name)
{
    if (strncmp(name, "step-", 5) != 0 || !name[5] || strlen(name + 5) > 18 ||
        strspn(name + 5, "0123456789") != strlen(name + 5)) {
        return -1;
    }
    return strtoll(name + 5, NULL, 10);
}

/* How many of them are of a later step. */
static int64_t n_newer(const char *const *names, size_t n, int64_t step)
{
    int64_t newer = 0;
    for (size_t i = 0; i < n; i++) {
        newer += step_of(names[i]) > step;
    }
    return newer;
}

ErrCode gc_delete_states(GcFiles *f, int64_t kept, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    const char **names = NULL;
    size_t n = 0;
    char dir[FSX_PATH_BYTES], state[FSX_PATH_BYTES];
    TRY(fsx_join(dir, f->run_dir, "state", err));
    TRY(fsx_list(dir, &a, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        int64_t step = step_of(names[i]);
        if (step >= 0 && n_newer(names, n, step) >= kept) {
            TRY(fsx_join(state, dir, names[i], err));
            TRY(delete_folder(f, state, "state.json", err));
            f->count.states++;
        }
    }
    if (!f->is_dry && kept == 0) {
        (void)rmdir(dir); /* not empty: something else is in it */
    }
done:
    arena_release(&a);
    return rc;
}

/* ---------------------------------------------------------------- leftovers */

/* NAME.tmp.PID, as fsx_replace() writes it. */
static bool is_temporary(const char *name)
{
    const char *at = strstr(name, ".tmp.");
    return at && at[5] && strspn(at + 5, "0123456789") == strlen(at + 5);
}

static bool is_old(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && st.st_mtime + OLD_S < time(NULL);
}

/* Of a folder itself. */
static ErrCode delete_temporary(GcFiles *f, const char *dir, bool only_old, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    const char **names = NULL;
    size_t n = 0;
    char path[FSX_PATH_BYTES];
    TRY(fsx_list(dir, &a, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        TRY(fsx_join(path, dir, names[i], err));
        if (is_temporary(names[i]) && (!only_old || is_old(path))) {
            TRY(delete_file(f, path, err));
            f->count.leftovers++;
        }
    }
done:
    arena_release(&a);
    return rc;
}

ErrCode gc_delete_old_leftovers(GcFiles *f, Err *err)
{
    return delete_temporary(f, f->run_dir, true, err);
}

/* One checkpoint's folder: all of it without a manifest, else its temporary files. */
static ErrCode clean_checkpoint(GcFiles *f, const char *dir, Err *err)
{
    char path[FSX_PATH_BYTES];
    struct stat st;
    ErrCode rc = fsx_join(path, dir, manifest_name, err);
    if (rc != ERR_OK || stat(path, &st) == 0 || errno != ENOENT) {
        return rc == ERR_OK ? delete_temporary(f, dir, false, err) : rc;
    }
    f->count.leftovers++;
    return delete_folder(f, dir, NULL, err);
}

ErrCode gc_delete_leftovers(GcFiles *f, Err *err)
{
    ErrCode rc = ERR_OK;
    Arena a = ARENA_INIT;
    const char **names = NULL;
    size_t n = 0;
    char dir[FSX_PATH_BYTES], one[FSX_PATH_BYTES];
    TRY(delete_temporary(f, f->run_dir, false, err));
    TRY(fsx_list(f->run_dir, &a, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (strncmp(names[i], "attempt-", 8) == 0) {
            TRY(fsx_join(one, f->run_dir, names[i], err));
            TRY(delete_temporary(f, one, false, err));
        }
    }
    TRY(fsx_join(dir, f->run_dir, "checkpoints", err));
    TRY(fsx_list(dir, &a, &names, &n, err));
    for (size_t i = 0; i < n; i++) {
        if (step_of(names[i]) >= 0) {
            TRY(fsx_join(one, dir, names[i], err));
            TRY(clean_checkpoint(f, one, err));
        }
    }
done:
    arena_release(&a);
    return rc;
}
