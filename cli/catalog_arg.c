#include "cli/catalog_arg.h"

#include <inttypes.h>
#include <string.h>

#include "catalog/location.h"
#include "catalog/study.h"
#include "cli/study_arg.h"

static ErrCode open_as(const Session *s, const char *arg, const char *dir_option, bool is_writer,
                       CatalogArg *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    *ret = (CatalogArg){0};
    TRY(study_arg_dir(s, arg, dir_option, ret->dir, err));
    if (is_writer) {
        TRY(catalog_location(ret->dir, ret->path, NULL, err));
    } else {
        TRY(catalog_location_read(ret->dir, ret->path, err));
    }
    if (is_writer && fsx_exists(ret->path)) {
        TRY(catalog_open(ret->path, &ret->c, err));
    } else {
        TRY(catalog_open_readonly(ret->path, &ret->c, err));
    }

done:
    return rc;
}

ErrCode catalog_arg_open(const Session *s, const char *arg, const char *dir_option, CatalogArg *ret,
                         Err *err)
{
    return open_as(s, arg, dir_option, false, ret, err);
}

ErrCode catalog_arg_open_writer(const Session *s, const char *arg, const char *dir_option,
                                CatalogArg *ret, Err *err)
{
    return open_as(s, arg, dir_option, true, ret, err);
}

ErrCode catalog_arg_reopen(CatalogArg *a, Err *err)
{
    catalog_arg_close(a);
    return catalog_open_readonly(a->path, &a->c, err);
}

void catalog_arg_close(CatalogArg *a)
{
    catalog_close(a->c);
    a->c = NULL;
    arena_release(&a->arena);
}

ErrCode catalog_arg_name(CatalogArg *a, const char **ret, Err *err)
{
    CatalogStudy study;
    ErrCode rc = catalog_study_get(a->c, &a->arena, &study, err);
    if (rc == ERR_NOTFOUND) {
        const char *slash = strrchr(a->dir, '/');
        *ret = slash ? slash + 1 : a->dir;
        return ERR_OK;
    }
    if (rc == ERR_OK) {
        *ret = study.name;
    }
    return rc;
}

ErrCode catalog_arg_attempt_file(const CatalogArg *a, const char *run_dir, int64_t attempt,
                                 const char *file, char out[FSX_PATH_BYTES], Err *err)
{
    return fsx_path(out, err, "%s/%s/attempt-%03" PRId64 "%s%s", a->dir, run_dir, attempt,
                    file[0] ? "/" : "", file);
}
