#include "orchestrator/plan/past.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fsx.h"
#include "common/json.h"

/* ---- the list ------------------------------------------------------------------------------ */

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* False unless the text is 64 digits. */
static bool unhex(const char *text, unsigned char out[SHA256_BYTES])
{
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        int high = digit_of(text[2 * i]), low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out[i] = (unsigned char)(high << 4 | low);
    }
    return text[sizeof(char[2 * SHA256_BYTES])] == '\0';
}

ErrCode past_add(Past *p, const PastRun *r, const char *hash, Err *err)
{
    PastRun copy = *r;
    if (!unhex(hash, copy.sha256)) {
        return ERR_OK;
    }
    if (p->n == p->room) {
        size_t room = p->room ? 2 * p->room : 64;
        PastRun *wide = arena_array(p->arena, room, sizeof *wide);
        if (!wide) {
            return err_nomem(err, "the earlier runs");
        }
        if (p->n > 0) {
            memcpy(wide, p->run, p->n * sizeof *wide);
        }
        p->run = wide;
        p->room = room;
    }
    copy.name = arena_strdup(p->arena, r->name);
    copy.dir = arena_strdup(p->arena, r->dir);
    copy.state = arena_strdup(p->arena, r->state);
    copy.reason = arena_strdup(p->arena, r->reason);
    copy.by = arena_strdup(p->arena, r->by);
    if (!copy.name || !copy.dir || !copy.state || (r->reason && !copy.reason) ||
        (r->by && !copy.by)) {
        return err_nomem(err, "the earlier runs");
    }
    p->run[p->n++] = copy;
    return ERR_OK;
}

ErrCode past_index(Past *p, Err *err)
{
    map_reserve(&p->by_identity, p->n);
    for (size_t i = 0; i < p->n && !p->by_identity.is_short; i++) {
        size_t k = map_add(&p->by_identity, p->run[i].sha256, SHA256_BYTES);
        map_set(&p->by_identity, k, &p->run[i]);
    }
    return map_ok(&p->by_identity, "the earlier runs", err);
}

PastRun *past_find(const Past *p, const unsigned char sha256[SHA256_BYTES])
{
    return map_get(&p->by_identity, sha256, SHA256_BYTES);
}

const json_t *past_config(PastRun *r, const char *study_dir)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    if (!r->config && !r->has_no_config) {
        r->has_no_config =
            fsx_path(path, &ignored, "%s/%s/config.json", study_dir, r->dir) != ERR_OK ||
            json_read_file(path, &r->config, &ignored) != ERR_OK;
    }
    return r->config;
}

void past_forget_configs(Past *p)
{
    for (size_t i = 0; i < p->n; i++) {
        json_decref(p->run[i].config);
        p->run[i].config = NULL;
        p->run[i].has_no_config = false;
    }
}

void past_release(Past *p)
{
    past_forget_configs(p);
    map_release(&p->by_identity);
}

/* ---- the files ------------------------------------------------------------------------------- */

/* <name>-<hash12> without its hash; false when it is no such name. */
static bool name_of_folder(const char *folder, char name[RUN_NAME_BYTES])
{
    size_t n = strlen(folder);
    if (n < RUN_HASH_SHOWN + 2 || n - RUN_HASH_SHOWN - 1 >= RUN_NAME_BYTES ||
        folder[n - RUN_HASH_SHOWN - 1] != '-') {
        return false;
    }
    (void)snprintf(name, RUN_NAME_BYTES, "%.*s", (int)(n - RUN_HASH_SHOWN - 1), folder);
    return true;
}

/* status.json is a note that the next `slaw run` makes again: a damaged one is passed over. */
static ErrCode add_folder(Past *p, const char *study_dir, const char *folder, Err *err)
{
    char name[RUN_NAME_BYTES], dir[FSX_PATH_BYTES], path[FSX_PATH_BYTES];
    json_t *status = NULL;
    const char *state = NULL, *hash = NULL;
    PastRun r = {.newest_attempt = -1};
    Err ignored = ERR_INIT;
    ErrCode rc = ERR_OK;
    if (!name_of_folder(folder, name)) {
        return ERR_OK;
    }
    TRY(fsx_join(dir, "runs", folder, err));
    TRY(fsx_path(path, err, "%s/%s/status.json", study_dir, dir));
    rc = json_read_file(path, &status, err);
    if (rc == ERR_NOTFOUND || rc == ERR_FORMAT || rc == ERR_INVALID) {
        *err = ERR_INIT;
        return ERR_OK;
    }
    if (rc == ERR_OK && json_get_str(status, "state", &state, &ignored) == ERR_OK &&
        json_get_str(status, "run", &hash, &ignored) == ERR_OK &&
        json_get_i64(status, "step", &r.step, &ignored) == ERR_OK && r.step >= 0) {
        int64_t complete = 0;
        r.name = name;
        r.dir = dir;
        r.state = state;
        r.reason = json_string_value(json_object_get(status, "reason"));
        r.attempts = json_integer_value(json_object_get(status, "attempts"));
        r.newest_attempt = r.attempts - 1;
        (void)json_get_i64(status, "checkpoints", &complete, &ignored);
        rc = past_add(p, &r, hash, err);
    }
done:
    json_decref(status);
    return rc;
}

ErrCode past_read_files(const char *study_dir, Past *p, Err *err)
{
    char path[FSX_PATH_BYTES];
    ErrCode rc = fsx_join(path, study_dir, "runs", err);
    DIR *d = rc == ERR_OK ? opendir(path) : NULL;
    if (rc == ERR_OK && !d && errno != ENOENT && errno != ENOTDIR) {
        rc = err_sys(err, "%s", path);
    }
    /* One thread reads this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e = d ? readdir(d) : NULL; e && rc == ERR_OK; e = readdir(d)) {
        if (e->d_name[0] != '.') {
            rc = add_folder(p, study_dir, e->d_name, err);
        }
    }
    if (d) {
        (void)closedir(d);
    }
    return rc;
}
