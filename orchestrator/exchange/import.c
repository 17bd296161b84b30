#include "orchestrator/exchange/import.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/json.h"
#include "orchestrator/exchange/import_row.h"

enum { DIGEST_SHOWN = 12, MAX_IMPORT_NAME = 80 };

static ErrCode check(const ImportOptions *o, Err *err)
{
    if (o->n_files == 0) {
        return err_set(err, ERR_USAGE, "nothing to import: --csv, --jsonl or --log FILE");
    }
    if ((o->format == IMPORT_LOG) != (o->pattern != NULL)) {
        return err_set(err, ERR_USAGE,
                       o->pattern ? "--pattern goes with --log"
                                  : "--log needs a --pattern with named groups");
    }
    return ERR_OK;
}

static ErrCode no_rows(const ImportTotals *t, Err *err)
{
    return err_set(err, ERR_INVALID,
                   "no row to import: of %" PRId64 " read, %" PRId64 " without a loss, %" PRId64
                   " with one that is not finite, %" PRId64 " malformed",
                   t->lines, t->no_loss, t->not_finite, t->malformed);
}

ErrCode import_table(const ImportOptions *o, OutFile *out, ImportTotals *ret, json_t **ret_columns,
                     Err *err)
{
    ImportRows *r = calloc(1, sizeof *r);
    ErrCode rc = ERR_OK;
    if (!r) {
        return err_nomem(err, "import");
    }
    TRY(check(o, err));
    TRY(o->format == IMPORT_CSV     ? import_csv(r, o, out, err)
        : o->format == IMPORT_JSONL ? import_jsonl(r, o, out, err)
                                    : import_log(r, o, out, err));
    TRY(table_out_finish(&r->out, err));
    TRY(r->totals.rows ? ERR_OK : no_rows(&r->totals, err));
    *ret = r->totals;
    *ret_columns = json_texts(r->name, r->n_columns);
done:
    table_out_release(&r->out);
    free(r);
    return rc;
}

/* ---- where it comes from ---- */

static ErrCode file_json(const char *path, json_t *files, Err *err)
{
    struct stat st;
    char digest[SHA256_HEX_BYTES];
    ErrCode rc = hash_sha256_file(path, digest, err);
    if (rc == ERR_OK && stat(path, &st) != 0) {
        rc = err_sys(err, "stat %s", path);
    }
    if (rc == ERR_OK) {
        (void)json_array_append_new(files, json_pack("{s:s, s:I, s:s}", "path", path, "bytes",
                                                     (json_int_t)st.st_size, "sha256", digest));
    }
    return rc;
}

ErrCode import_provenance(const ImportOptions *o, const ImportTotals *t, json_t *columns,
                          json_t **ret, Err *err)
{
    static const char *const format[] = {"csv", "jsonl", "log"};
    json_t *files = json_array();
    for (size_t i = 0; i < o->n_files; i++) {
        ErrCode rc = file_json(o->file[i], files, err);
        if (rc != ERR_OK) {
            json_decref(files);
            return rc;
        }
    }
    *ret = json_pack(
        "{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}, s:O}",
        "schema", 1, "version", SLAW_VERSION, "format", format[o->format], "files", files,
        "pattern", o->pattern ? json_string(o->pattern) : json_null(), "map",
        json_texts(o->map, o->n_map), "set", json_texts(o->set, o->n_set), "keep",
        json_texts(o->keep, o->n_keep), "per_file", o->is_per_file, "lines", (json_int_t)t->lines,
        "rows", (json_int_t)t->rows, "left_out", "no_match", (json_int_t)t->no_match, "no_loss",
        (json_int_t)t->no_loss, "not_finite", (json_int_t)t->not_finite, "malformed",
        (json_int_t)t->malformed, "too_long", (json_int_t)t->too_long, "columns", columns);
    return *ret ? ERR_OK : err_nomem(err, "import");
}

static ErrCode add_observations(json_t *manifest, const char *name, const char *digest, Err *err)
{
    int bad = json_object_set_new(manifest, "observations", json_string(name));
    bad |= json_object_set_new(manifest, "sha256", json_string(digest));
    return bad ? err_nomem(err, "import") : ERR_OK;
}

ErrCode import_to_file(const ImportOptions *o, const char *path, json_t **ret_manifest, Err *err)
{
    OutFile out = {0};
    ImportTotals totals;
    char manifest_path[FSX_PATH_BYTES], digest[SHA256_HEX_BYTES];
    const char *slash = strrchr(path, '/');
    json_t *columns = NULL, *m = NULL;
    ErrCode rc = ERR_OK;
    TRY(fsx_path(manifest_path, err, "%s.json", path));
    TRY(outfile_open(&out, path, err));
    TRY(import_table(o, &out, &totals, &columns, err));
    TRY(import_provenance(o, &totals, columns, &m, err));
    TRY(outfile_commit(&out, err));
    TRY(hash_sha256_file(path, digest, err));
    TRY(add_observations(m, slash ? slash + 1 : path, digest, err));
    TRY(json_write_file(manifest_path, m, err));
    *ret_manifest = json_incref(m);
done:
    outfile_abandon(&out);
    json_decref(columns);
    json_decref(m);
    return rc;
}

/* ---- beside a study ---- */

static ErrCode check_name(const char *name, Err *err)
{
    size_t n = strlen(name);
    bool is_good = n > 0 && n <= MAX_IMPORT_NAME && name[0] != '.' && name[0] != '-';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        is_good = is_good && (isalnum(c) || strchr("._-", name[i]) != NULL);
    }
    if (!is_good) {
        (void)err_set(err, ERR_INVALID, "\"%.80s\" cannot name an import", name);
        return err_hint(err,
                        "--name takes letters, digits, dots, dashes and underscores, at most %d",
                        MAX_IMPORT_NAME);
    }
    return ERR_OK;
}

static bool has_column(const json_t *columns, const char *name)
{
    for (size_t i = 0; i < json_array_size(columns); i++) {
        if (strcmp(json_string_value(json_array_get(columns, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

/* The CSV of an earlier import of this name, which nothing points to any more. */
static void remove_old(const char *dir, const char *old, const char *now)
{
    char path[FSX_PATH_BYTES];
    Err ignored = ERR_INIT;
    if (old && strcmp(old, now) != 0 && !strchr(old, '/') &&
        fsx_join(path, dir, old, &ignored) == ERR_OK) {
        (void)unlink(path);
    }
}

/* Writes the table under a name that holds its digest. */
static ErrCode write_named(const ImportOptions *o, const char *dir, const char *name,
                           ImportTotals *totals, json_t **ret_columns, char file[FSX_PATH_BYTES],
                           char digest[SHA256_HEX_BYTES], Err *err)
{
    char path[FSX_PATH_BYTES], target[FSX_PATH_BYTES];
    OutFile out = {0};
    ErrCode rc = ERR_OK;
    TRY(fsx_path(path, err, "%s/.%s.part", dir, name));
    TRY(outfile_open(&out, path, err));
    TRY(import_table(o, &out, totals, ret_columns, err));
    if (!has_column(*ret_columns, "architecture")) {
        rc = err_set(err, ERR_INVALID,
                     "the import says no architecture, and a study is fitted by it");
        (void)err_hint(err, "--set architecture=NAME, or --map architecture=FIELD");
        goto done;
    }
    TRY(outfile_commit(&out, err));
    TRY(hash_sha256_file(path, digest, err));
    TRY(fsx_path(file, err, "%s-%.*s.csv", name, DIGEST_SHOWN, digest));
    TRY(fsx_join(target, dir, file, err));
    if (rename(path, target) != 0) {
        rc = err_sys(err, "rename %s to %s", path, target);
        (void)unlink(path);
        goto done;
    }
    TRY(fsx_sync_dir(dir, err));
done:
    outfile_abandon(&out);
    return rc;
}

ErrCode import_to_study(const ImportOptions *o, const char *study_dir, const char *name,
                        bool is_replaced, json_t **ret_manifest, Err *err)
{
    char dir[FSX_PATH_BYTES], manifest_path[FSX_PATH_BYTES], file[FSX_PATH_BYTES];
    char digest[SHA256_HEX_BYTES];
    ImportTotals totals;
    json_t *columns = NULL, *m = NULL, *old = NULL;
    Err ignored = ERR_INIT;
    ErrCode rc = ERR_OK;
    TRY(check_name(name, err));
    TRY(fsx_join(dir, study_dir, "imports", err));
    TRY(fsx_path(manifest_path, err, "%s/%s.json", dir, name));
    if (fsx_exists(manifest_path) && !is_replaced) {
        rc = err_set(err, ERR_CONFLICT, "the study has an import \"%s\" already", name);
        (void)err_hint(err, "--replace it, or give this one another --name");
        goto done;
    }
    TRY(fsx_mkdirs(dir, err));
    TRY(write_named(o, dir, name, &totals, &columns, file, digest, err));
    TRY(import_provenance(o, &totals, columns, &m, err));
    TRY(add_observations(m, file, digest, err));
    (void)json_object_set_new(m, "name", json_string(name));
    (void)json_read_file(manifest_path, &old, &ignored);
    TRY(json_write_file(manifest_path, m, err));
    remove_old(dir, json_string_value(json_object_get(old, "observations")), file);
    *ret_manifest = json_incref(m);
done:
    json_decref(columns);
    json_decref(m);
    json_decref(old);
    return rc;
}
