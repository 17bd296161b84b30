#include "catalog/location.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "catalog/network_fs.h"
#include "common/buf.h"

#define ID_FILE    "study.id"
#define PLACE_FILE "catalog.place"
#define OWNER_FILE "study"

enum { ID_BYTES = 128, ID_DIGITS = 16, NOTE_BYTES = FSX_PATH_BYTES + 300 };

static const char *variable(const char *name)
{
    const char *v = getenv(name); /* NOLINT(concurrency-mt-unsafe): nobody changes it */
    return v && v[0] ? v : NULL;
}

/* ---- small files ------------------------------------------------------------------------ */

/* First line of dir/name; false when there is none or it does not fit. */
static bool read_line(const char *dir, const char *name, char *out, size_t n)
{
    char path[FSX_PATH_BYTES];
    Buf text = BUF_INIT;
    Err none = ERR_INIT;
    bool is =
        fsx_join(path, dir, name, &none) == ERR_OK && fsx_read(path, n, &text, &none) == ERR_OK;
    size_t length = is ? strcspn(buf_str(&text), "\n") : 0;
    is = is && length > 0 && length < n;
    if (is) {
        (void)snprintf(out, n, "%.*s", (int)length, buf_str(&text));
    }
    buf_release(&text);
    return is;
}

static ErrCode write_line(const char *dir, const char *name, const char *line, Err *err)
{
    char path[FSX_PATH_BYTES], text[NOTE_BYTES + 1];
    int n = snprintf(text, sizeof text, "%s\n", line);
    ErrCode rc = fsx_join(path, dir, name, err);
    return rc == ERR_OK ? fsx_replace(path, text, (size_t)n, err) : rc;
}

static bool is_id(const char *id)
{
    size_t n = strlen(id);
    return n > ID_DIGITS + 1 && id[0] != '.' && !strchr(id, '/') && id[n - ID_DIGITS - 1] == '-' &&
           strspn(id + n - ID_DIGITS, "0123456789abcdef") == ID_DIGITS;
}

static bool read_id(const char *study_dir, char id[ID_BYTES])
{
    return read_line(study_dir, ID_FILE, id, ID_BYTES) && is_id(id);
}

/* The folder's own name and 64 random bits. */
static ErrCode make_id(const char *study_dir, char id[ID_BYTES], Err *err)
{
    enum { NAME_BYTES = 64 };
    char real[FSX_PATH_BYTES];
    uint64_t bits = 0;
    if (!realpath(study_dir, real)) {
        return err_sys(err, "%s", study_dir);
    }
    if (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits) {
        return err_sys(err, "random numbers");
    }
    const char *slash = strrchr(real, '/');
    const char *name = slash && slash[1] && slash[1] != '.' ? slash + 1 : "study";
    (void)snprintf(id, ID_BYTES, "%.*s-%016llx", NAME_BYTES, name, (unsigned long long)bits);
    return write_line(study_dir, ID_FILE, id, err);
}

/* ---- folders ---------------------------------------------------------------------------- */

/* /var/tmp belongs to all: the folder in it must be ours alone. */
static ErrCode shared_temporary(char out[FSX_PATH_BYTES], Err *err)
{
    struct stat st;
    ErrCode rc = fsx_path(out, err, "/var/tmp/slaw-%lu", (unsigned long)geteuid());
    if (rc != ERR_OK) {
        return rc;
    }
    if (mkdir(out, 0700) != 0 && errno != EEXIST) {
        return err_sys(err, "make %s", out);
    }
    if (lstat(out, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
        (void)err_set(err, ERR_UNAVAILABLE, "%s is not a folder of ours", out);
        return err_hint(err, "set " CATALOG_ENV_DIR " to a folder on a local disk");
    }
    return ERR_OK;
}

/* $XDG_STATE_HOME/slaw, by the rules of the XDG base directory specification. */
static ErrCode state_folder(char out[FSX_PATH_BYTES], Err *err)
{
    const char *state = variable("XDG_STATE_HOME"), *home = variable("HOME");
    if (state && state[0] == '/') {
        return fsx_path(out, err, "%s/slaw", state);
    }
    if (home && home[0] == '/') {
        return fsx_path(out, err, "%s/.local/state/slaw", home);
    }
    return shared_temporary(out, err);
}

/* The folder that is there of a path that may not exist yet. */
static const char *network_of(const char *path)
{
    char at[FSX_PATH_BYTES];
    (void)snprintf(at, sizeof at, "%s", path);
    for (char *slash; !fsx_is_dir(at) && (slash = strrchr(at, '/')) != NULL && slash != at;) {
        *slash = '\0';
    }
    return network_fs_name(fsx_is_dir(at) ? at : "/");
}

typedef enum Where {
    BESIDE,
    IN_STATE,
    AS_ASKED,
} Where;

static Where where(const char *study_dir)
{
    const char *asked = variable(CATALOG_ENV_DIR);
    if (asked) {
        return strcmp(asked, "study") == 0 ? BESIDE : AS_ASKED;
    }
    return network_fs_name(study_dir) ? IN_STATE : BESIDE;
}

/* The folder that holds the folders of catalogs. */
static ErrCode parent_folder(Where w, char out[FSX_PATH_BYTES], Err *err)
{
    if (w == AS_ASKED) {
        return fsx_path(out, err, "%s", variable(CATALOG_ENV_DIR));
    }
    ErrCode rc = state_folder(out, err);
    return rc == ERR_OK && network_of(out) ? shared_temporary(out, err) : rc;
}

/* ---- whose it is ------------------------------------------------------------------------- */

/* The folder belongs to another study that still has this id: ours is a copy of it. */
static bool is_of_another(const char *folder, const char *study_dir, const char *id)
{
    char owner[FSX_PATH_BYTES], theirs[ID_BYTES];
    struct stat a, b;
    return read_line(folder, OWNER_FILE, owner, sizeof owner) && stat(owner, &a) == 0 &&
           stat(study_dir, &b) == 0 && (a.st_dev != b.st_dev || a.st_ino != b.st_ino) &&
           read_id(owner, theirs) && strcmp(theirs, id) == 0;
}

static ErrCode claim(const char *folder, const char *study_dir, Err *err)
{
    char real[FSX_PATH_BYTES], owner[FSX_PATH_BYTES];
    if (!realpath(study_dir, real)) {
        return err_sys(err, "%s", study_dir);
    }
    if (read_line(folder, OWNER_FILE, owner, sizeof owner) && strcmp(owner, real) == 0) {
        return ERR_OK;
    }
    return write_line(folder, OWNER_FILE, real, err);
}

static void place_of(const char *path, char out[NOTE_BYTES])
{
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1); /* "" when it has none */
    (void)snprintf(out, NOTE_BYTES, "%s %s", host, path);
}

/* The catalog that was written last is another one. */
static bool is_out_of_date(const char *study_dir, const char *path)
{
    char last[NOTE_BYTES], ours[NOTE_BYTES];
    place_of(path, ours);
    return read_line(study_dir, PLACE_FILE, last, sizeof last) && strcmp(last, ours) != 0;
}

/* ---- moving ------------------------------------------------------------------------------ */

static ErrCode set_aside(const char *path, const char *suffix, Err *err)
{
    static const char *const side[] = {"-wal", "-shm", "-journal"};
    char to[FSX_PATH_BYTES];
    ErrCode rc = fsx_path(to, err, "%s%s", path, suffix);
    if (rc != ERR_OK) {
        return rc;
    }
    if (rename(path, to) != 0) {
        return err_sys(err, "rename %s to %s", path, to);
    }
    for (size_t i = 0; i < sizeof side / sizeof side[0]; i++) {
        char file[FSX_PATH_BYTES];
        rc = fsx_path(file, err, "%s%s", path, side[i]);
        if (rc == ERR_OK) {
            (void)unlink(file); /* mostly not there; it belonged to what is aside now */
        }
    }
    return rc;
}

/* A whole copy of `from`, with what waits in its log, at `to`; `from` is then set aside.  One
 * that cannot be read stays where it is: the new one is made from the files. */
static ErrCode bring_over(const char *from, const char *to, Err *err)
{
    char part[FSX_PATH_BYTES];
    Catalog *old = NULL;
    Err why = ERR_INIT;
    ErrCode rc = fsx_path(part, err, "%s.part", to);
    if (rc != ERR_OK || catalog_open(from, &old, &why) != ERR_OK) {
        return rc;
    }
    (void)unlink(part); /* of an earlier try */
    Stmt q = stmt_begin(old->db, "VACUUM INTO ?1");
    stmt_bind_text(&q, part);
    rc = stmt_run(&q, err);
    catalog_close(old);
    if (rc == ERR_OK && rename(part, to) != 0) {
        rc = err_sys(err, "rename %s to %s", part, to);
    }
    return rc == ERR_OK ? set_aside(from, ".moved", err) : rc;
}

static ErrCode settle(const char *study_dir, const char *folder, const char *path, Err *err)
{
    ErrCode rc = ERR_OK;
    char beside[FSX_PATH_BYTES], place[NOTE_BYTES], last[NOTE_BYTES];
    TRY(fsx_mkdirs(folder, err));
    TRY(claim(folder, study_dir, err));
    if (fsx_exists(path) && is_out_of_date(study_dir, path)) {
        TRY(set_aside(path, ".stale", err));
    }
    TRY(fsx_join(beside, study_dir, CATALOG_FILE, err));
    if (!fsx_exists(path) && fsx_exists(beside)) {
        TRY(bring_over(beside, path, err));
    }
    place_of(path, place);
    if (!read_line(study_dir, PLACE_FILE, last, sizeof last) || strcmp(last, place) != 0) {
        TRY(write_line(study_dir, PLACE_FILE, place, err));
    }

done:
    return rc;
}

/* Back beside the study, or there all the time. */
static ErrCode settle_beside(const char *study_dir, const char *path, Err *err)
{
    char place[FSX_PATH_BYTES], last[NOTE_BYTES];
    if (!read_line(study_dir, PLACE_FILE, last, sizeof last)) {
        return ERR_OK;
    }
    ErrCode rc = fsx_join(place, study_dir, PLACE_FILE, err);
    if (rc == ERR_OK && fsx_exists(path)) {
        rc = set_aside(path, ".stale", err); /* another was written since */
    }
    if (rc == ERR_OK && unlink(place) != 0) {
        rc = err_sys(err, "remove %s", place);
    }
    return rc;
}

/* ---- the answer --------------------------------------------------------------------------- */

static ErrCode find_folder(const char *study_dir, Where w, const char *id,
                           char folder[FSX_PATH_BYTES], Err *err)
{
    char parent[FSX_PATH_BYTES];
    ErrCode rc = parent_folder(w, parent, err);
    return rc == ERR_OK ? fsx_join(folder, parent, id, err)
                        : err_wrap(err, "a place for the catalog of %s", study_dir);
}

ErrCode catalog_location(const char *study_dir, char out[FSX_PATH_BYTES], bool *ret_elsewhere,
                         Err *err)
{
    ErrCode rc = ERR_OK;
    char id[ID_BYTES], folder[FSX_PATH_BYTES];
    Where w = where(study_dir);
    if (ret_elsewhere) {
        *ret_elsewhere = w != BESIDE;
    }
    if (w == BESIDE) {
        TRY(fsx_join(out, study_dir, CATALOG_FILE, err));
        TRY(settle_beside(study_dir, out, err));
        return ERR_OK;
    }
    if (!read_id(study_dir, id)) {
        TRY(make_id(study_dir, id, err));
    }
    TRY(find_folder(study_dir, w, id, folder, err));
    if (is_of_another(folder, study_dir, id)) {
        TRY(make_id(study_dir, id, err));
        TRY(find_folder(study_dir, w, id, folder, err));
    }
    TRY(fsx_join(out, folder, CATALOG_FILE, err));
    TRY(settle(study_dir, folder, out, err));

done:
    return rc;
}

ErrCode catalog_location_read(const char *study_dir, char out[FSX_PATH_BYTES], Err *err)
{
    ErrCode rc = ERR_OK;
    char id[ID_BYTES], folder[FSX_PATH_BYTES], beside[FSX_PATH_BYTES], last[NOTE_BYTES];
    Where w = where(study_dir);
    bool has_place = read_line(study_dir, PLACE_FILE, last, sizeof last);
    TRY(fsx_join(beside, study_dir, CATALOG_FILE, err));
    TRY(fsx_path(out, err, "%s", beside));
    if (w != BESIDE && read_id(study_dir, id)) {
        TRY(find_folder(study_dir, w, id, folder, err));
        TRY(fsx_join(out, folder, CATALOG_FILE, err));
        if (!fsx_exists(out) && !has_place && fsx_exists(beside)) {
            TRY(fsx_path(out, err, "%s", beside));
        }
    }
    if (has_place && (strcmp(out, beside) == 0 || is_out_of_date(study_dir, out))) {
        rc = err_set(err, ERR_FORMAT,
                     "%s: the catalog of this study that was written last is another one: %s", out,
                     last);
        (void)err_hint(err, "look there, or make it again here: slaw reindex %s", study_dir);
    }

done:
    return rc;
}

void catalog_location_notice(const char *study_dir, const char *path, char *out, size_t n)
{
    const char *name = network_fs_name(study_dir);
    (void)snprintf(out, n, "the catalog is %s%s%s", path,
                   name ? ", because the study is on a network file system: "
                        : ", as " CATALOG_ENV_DIR " asks",
                   name ? name : "");
}
