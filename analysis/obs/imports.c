#include "analysis/obs/imports.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/obs/frame_csv.h"
#include "common/fsx.h"
#include "common/json.h"
#include "common/quantity.h"
#include "common/words.h"

enum { MAX_IMPORTS = 256 };

typedef struct Imports {
    Arena arena;
    const char *name[MAX_IMPORTS];
    Frame frame[MAX_IMPORTS];
    size_t n;
} Imports;

static void imports_release(Imports *m)
{
    for (size_t i = 0; i < m->n; i++) {
        frame_release(&m->frame[i]);
    }
    arena_release(&m->arena);
    free(m);
}

/* ---- the files ---- */

/* The name of an import by its manifest's, in place; false when the file is none. */
static bool cut_name(char *file)
{
    size_t n = strlen(file);
    bool is_one = n > 5 && strcmp(file + n - 5, ".json") == 0;
    if (is_one) {
        file[n - 5] = '\0';
    }
    return is_one;
}

/* Names of the manifests, sorted. */
static ErrCode list(const char *dir, Imports *m, Err *err)
{
    const char **file;
    size_t n;
    ErrCode rc = fsx_list(dir, &m->arena, &file, &n, err);
    for (size_t i = 0; rc == ERR_OK && i < n; i++) {
        char *name = arena_strdup(&m->arena, file[i]);
        if (!name) {
            rc = err_nomem(err, "imports");
        } else if (cut_name(name) && m->n == MAX_IMPORTS) {
            rc = err_set(err, ERR_INVALID, "%s: more than %d imports", dir, MAX_IMPORTS);
        } else if (strcmp(name, file[i]) != 0) {
            m->name[m->n++] = name;
        }
    }
    return rc;
}

static ErrCode read_one(const char *dir, const char *name, Frame *ret, Err *err)
{
    char path[FSX_PATH_BYTES];
    const char *file, *digest;
    json_t *m = NULL;
    ErrCode rc = ERR_OK;
    TRY(fsx_path(path, err, "%s/%s.json", dir, name));
    TRY(json_read_file(path, &m, err));
    TRY(json_get_str(m, "observations", &file, err));
    TRY(json_get_str(m, "sha256", &digest, err));
    if (strchr(file, '/')) {
        rc = err_set(err, ERR_FORMAT, "\"observations\" is no name of a file beside it");
        goto done;
    }
    TRY(fsx_join(path, dir, file, err));
    TRY(frame_read_csv(path, ret, err));
    if (strcmp(ret->digest, digest) != 0) {
        rc = err_set(err, ERR_FORMAT, "%s was changed after it was imported", path);
        (void)err_hint(err, "import it again: slaw import STUDY --csv FILE --name %s --replace",
                       name);
    }
done:
    json_decref(m);
    return rc == ERR_OK ? rc : err_wrap(err, "import %s", name);
}

/* ---- the frame ---- */

static void add_text(Frame *f, const char *s)
{
    frame_add(f, s, strlen(s));
}

static bool has_column(const Frame *f, const char *name)
{
    return frame_find(f, name) != FRAME_NONE;
}

/* The only axis of the study that a name is the end of, as the matrix may call it. */
static size_t axis_of(const Frame *f, const char *name)
{
    size_t found = FRAME_NONE, n = 0;
    for (size_t c = f->first_axis; c < f->first_axis + f->n_axes; c++) {
        if (words_is_ending(frame_name(f, c), name)) {
            found = c;
            n++;
        }
    }
    return n == 1 ? found : FRAME_NONE;
}

/* Is column c of import i the first of its name among the imports? */
static bool is_new(const Imports *m, const Frame *f, size_t i, size_t c)
{
    const char *name = frame_name(&m->frame[i], c);
    bool is_first =
        !has_column(f, name) && axis_of(f, name) == FRAME_NONE && strcmp(name, "origin") != 0;
    for (size_t k = 0; k < i && is_first; k++) {
        is_first = !has_column(&m->frame[k], name);
    }
    return is_first;
}

/* Columns: the study's, those that imports bring, origin. */
static void add_header(const Imports *m, const Frame *f, Frame *out)
{
    size_t n = f->n_columns;
    for (size_t c = 0; c < f->n_columns; c++) {
        add_text(out, frame_name(f, c));
    }
    for (size_t i = 0; i < m->n; i++) {
        for (size_t c = 0; c < m->frame[i].n_columns; c++) {
            if (is_new(m, f, i, c)) {
                add_text(out, frame_name(&m->frame[i], c));
                n++;
            }
        }
    }
    add_text(out, "origin");
    out->n_columns = n + 1;
    out->first_axis = f->first_axis;
    out->n_axes = f->n_axes;
}

static void add_own_rows(const Frame *f, Frame *out)
{
    for (size_t r = 0; r < f->n_rows; r++) {
        for (size_t c = 0; c < out->n_columns; c++) {
            add_text(out, c < f->n_columns ? frame_cell(f, r, c) : "");
        }
    }
}

/* An import's cell of a name; "" when it has none. */
static const char *cell_of(const Frame *in, size_t row, const char *name)
{
    size_t c = frame_find(in, name);
    return c == FRAME_NONE ? "" : frame_cell(in, row, c);
}

static void add_run(const char *import, const Frame *in, size_t row, Frame *out)
{
    Buf text = BUF_INIT;
    const char *run = cell_of(in, row, "run");
    if (*run) {
        buf_printf(&text, "%s:%s", import, run);
    } else {
        buf_printf(&text, "%s:row %zu", import, row + 1);
    }
    add_text(out, buf_str(&text));
    out->text.is_short = out->text.is_short || text.is_short;
    buf_release(&text);
}

static void add_6nd(const Frame *in, size_t row, Frame *out)
{
    double n, d;
    char text[32] = "";
    if (*cell_of(in, row, "C_6nd")) {
        add_text(out, cell_of(in, row, "C_6nd"));
        return;
    }
    if (quantity_parse(cell_of(in, row, "N"), QUANTITY_COUNT, &n) &&
        quantity_parse(cell_of(in, row, "D"), QUANTITY_COUNT, &d)) {
        json_number_text(6.0 * n * d, text);
    }
    add_text(out, text);
}

/* The name by which an import has column c of the study. */
static const char *name_in(const Frame *in, const Frame *out, size_t c)
{
    const char *name = frame_name(out, c);
    for (size_t k = 0; k < in->n_columns && !has_column(in, name); k++) {
        if (axis_of(out, frame_name(in, k)) == c) {
            return frame_name(in, k);
        }
    }
    return name;
}

static void add_import_rows(const char *import, const Frame *in, Frame *out)
{
    for (size_t r = 0; r < in->n_rows; r++) {
        for (size_t c = 0; c + 1 < out->n_columns; c++) {
            const char *name = frame_name(out, c);
            if (strcmp(name, "run") == 0 || strcmp(name, "name") == 0) {
                add_run(import, in, r, out);
            } else if (strcmp(name, "C_6nd") == 0) {
                add_6nd(in, r, out);
            } else {
                add_text(out, cell_of(in, r, name_in(in, out, c)));
            }
        }
        add_text(out, import);
    }
}

/* Of the study's digest and those of its imports. */
static ErrCode join_digests(const Imports *m, const Frame *f, Frame *out, Err *err)
{
    Buf all = BUF_INIT;
    buf_puts(&all, f->digest);
    for (size_t i = 0; i < m->n; i++) {
        buf_printf(&all, "\n%s %s", m->name[i], m->frame[i].digest);
    }
    ErrCode rc = buf_ok(&all, err);
    rc = rc == ERR_OK ? hash_sha256(buf_str(&all), all.len, out->digest, err) : rc;
    buf_release(&all);
    return rc;
}

static ErrCode merge(const Imports *m, Frame *f, Err *err)
{
    Frame out = {0};
    ErrCode rc = ERR_OK;
    add_header(m, f, &out);
    add_own_rows(f, &out);
    for (size_t i = 0; i < m->n; i++) {
        add_import_rows(m->name[i], &m->frame[i], &out);
    }
    TRY(frame_finish(&out, err));
    TRY(join_digests(m, f, &out, err));
    out.source = f->source;
    f->source = NULL;
    frame_release(f);
    *f = out;
    out = (Frame){0};
done:
    frame_release(&out);
    return rc;
}

ErrCode imports_append(const char *study_dir, Frame *f, Err *err)
{
    char dir[FSX_PATH_BYTES];
    Imports *m = calloc(1, sizeof *m);
    ErrCode rc = ERR_OK;
    if (!m) {
        return err_nomem(err, "imports");
    }
    TRY(fsx_join(dir, study_dir, "imports", err));
    TRY(list(dir, m, err));
    for (size_t i = 0; i < m->n; i++) {
        TRY(read_one(dir, m->name[i], &m->frame[i], err));
    }
    TRY(m->n ? merge(m, f, err) : ERR_OK);
done:
    imports_release(m);
    return rc;
}
