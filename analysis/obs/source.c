/* Which of the three kinds a SOURCE is: a folder, a database, a table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "analysis/obs/imports.h"
#include "analysis/obs/obs.h"
#include "catalog/catalog.h"
#include "catalog/location.h"
#include "common/fsx.h"

/* Does the file begin as every SQLite database does? */
static bool is_database(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char head[16] = {0};
    FILE *f = fopen(path, "rbe");
    bool is_one = f && fread(head, 1, sizeof head, f) == sizeof head &&
                  memcmp(head, magic, sizeof magic) == 0;
    if (f) {
        (void)fclose(f);
    }
    return is_one;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

static ErrCode open_study(const char *dir, const char *catalog, ObsSource *ret, Err *err)
{
    ObsSource s = {.is_study = true, .dir = strdup(dir)};
    if (!s.dir) {
        return err_nomem(err, "source");
    }
    ErrCode rc = study_frame_read(catalog, &s.frame, &s.analysis, err);
    rc = rc == ERR_OK ? imports_append(dir, &s.frame, err) : rc;
    if (rc != ERR_OK) {
        obs_source_release(&s);
        return rc;
    }
    *ret = s;
    return ERR_OK;
}

ErrCode obs_source_open(const char *path, ObsSource *ret, Err *err)
{
    if (fsx_is_dir(path)) {
        char catalog[FSX_PATH_BYTES];
        ErrCode rc = catalog_location_read(path, catalog, err);
        if (rc == ERR_OK && !fsx_exists(catalog)) {
            (void)err_set(err, ERR_NOTFOUND, "%s: no such file", catalog);
            return err_hint(err, "slaw run makes one; a study lives in runs/<study>");
        }
        return rc == ERR_OK ? open_study(path, catalog, ret, err) : rc;
    }
    if (is_database(path)) {
        char *dir = folder_of(path);
        if (!dir) {
            return err_nomem(err, "source");
        }
        ErrCode rc = open_study(dir, path, ret, err);
        free(dir);
        return rc;
    }
    ObsSource s = {0};
    ErrCode rc = frame_read_csv(path, &s.frame, err);
    if (rc == ERR_OK) {
        *ret = s;
    }
    return rc;
}

void obs_source_release(ObsSource *s)
{
    frame_release(&s->frame);
    study_analysis_release(&s->analysis);
    free(s->dir);
    *s = (ObsSource){0};
}
