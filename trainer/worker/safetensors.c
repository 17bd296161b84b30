#include "trainer/worker/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fsx.h"
#include "common/json.h"
#include "common/order.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tensors are stored as they lie in memory");
_Static_assert(sizeof(float) == 4, "F32");

enum { LENGTH_BYTES = 8, ALIGN_BYTES = 8, MAX_HEADER_BYTES = 100 * 1000 * 1000 };

/* ---------------------------------------------------------------- writing */

/* The product of no dimensions is 1. */
static int64_t tensor_out_elements(const TensorOut *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++) {
        n *= t->dim[i];
    }
    return n;
}

static size_t tensor_bytes(const TensorOut *t)
{
    return (size_t)tensor_out_elements(t) * sizeof(float);
}

static json_t *header_object(const char *kind, const TensorOut *t, size_t n)
{
    json_t *header = json_pack("{s:{s:s}}", "__metadata__", "format", kind);
    int64_t at = 0;
    for (size_t i = 0; header && i < n; i++) {
        int64_t end = at + (int64_t)tensor_bytes(&t[i]);
        json_t *shape = json_array();
        for (int k = 0; k < t[i].rank; k++) {
            (void)json_array_append_new(shape, json_integer(t[i].dim[k]));
        }
        json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", "F32", "shape", shape,
                                  "data_offsets", (json_int_t)at, (json_int_t)end);
        if (json_object_set_new(header, t[i].name, entry) != 0) {
            json_decref(header);
            return NULL;
        }
        at = end;
    }
    return header;
}

/* Appends length and padded header of such a file to out. */
static ErrCode safetensors_header(const char *kind, const TensorOut *t, size_t n, Buf *out,
                                  Err *err)
{
    json_t *header = header_object(kind, t, n);
    if (!header) {
        return err_nomem(err, "a tensor header");
    }
    if (json_object_size(header) != n + 1) {
        json_decref(header);
        return err_set(err, ERR_INVALID, "two tensors of a file have the same name");
    }
    Buf text = BUF_INIT;
    json_canonical(header, &text);
    json_decref(header);
    while (text.len % ALIGN_BYTES != 0) {
        buf_putc(&text, ' ');
    }
    uint64_t length = text.len;
    buf_add(out, &length, sizeof length);
    buf_add(out, buf_str(&text), text.len);
    ErrCode rc = buf_ok(&text, err);
    buf_release(&text);
    return rc == ERR_OK ? buf_ok(out, err) : rc;
}

ErrCode safetensors_write(const char *path, const char *kind, const TensorOut *t, size_t n,
                          FileSum *ret, Err *err)
{
    ErrCode rc = ERR_OK;
    FileSum sum = {0};
    Buf header = BUF_INIT;
    Span *piece = calloc(n + 1, sizeof *piece);

    if (!piece) {
        rc = err_nomem(err, "writing tensors");
        goto done;
    }
    TRY(safetensors_header(kind, t, n, &header, err));
    piece[0] = (Span){header.data, header.len};
    sum.bytes = (int64_t)header.len;
    for (size_t i = 0; i < n; i++) {
        piece[i + 1] = (Span){t[i].data, tensor_bytes(&t[i])};
        sum.bytes += (int64_t)piece[i + 1].n;
    }
    TRY(hash_xxh128_spans(piece, n + 1, sum.xxh128, err));
    TRY(fsx_replace_spans(path, piece, n + 1, err));
    *ret = sum;

done:
    free(piece);
    buf_release(&header);
    return rc;
}

/* ---------------------------------------------------------------- reading */

static ErrCode read_shape(const char *name, const json_t *shape, TensorIn *t, Err *err)
{
    if (!json_is_array(shape) || json_array_size(shape) > SAFETENSORS_MAX_RANK) {
        return err_set(err, ERR_FORMAT, "tensor %.80s: shape must be an array of at most %d sizes",
                       name, SAFETENSORS_MAX_RANK);
    }
    t->rank = (int)json_array_size(shape);
    t->n = 1;
    for (int i = 0; i < t->rank; i++) {
        const json_t *d = json_array_get(shape, (size_t)i);
        if (!json_is_integer(d) || json_integer_value(d) < 0 ||
            __builtin_mul_overflow(t->n, json_integer_value(d), &t->n)) {
            return err_set(err, ERR_FORMAT, "tensor %.80s: impossible shape", name);
        }
        t->dim[i] = json_integer_value(d);
    }
    return ERR_OK;
}

static ErrCode read_entry(const char *name, const json_t *entry, int64_t data_bytes, TensorIn *t,
                          Err *err)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!dtype || strcmp(dtype, "F32") != 0) {
        return err_set(err, ERR_FORMAT, "tensor %.80s: dtype must be F32, not %.20s", name,
                       dtype ? dtype : "missing");
    }
    ErrCode rc = read_shape(name, json_object_get(entry, "shape"), t, err);
    if (rc != ERR_OK) {
        return rc;
    }
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(begin) || !json_is_integer(end)) {
        return err_set(err, ERR_FORMAT, "tensor %.80s: data_offsets must be [begin, end]", name);
    }
    int64_t b = json_integer_value(begin), e = json_integer_value(end);
    if (b < 0 || e < b || e > data_bytes) {
        return err_set(err, ERR_FORMAT,
                       "tensor %.80s: data_offsets [%" PRId64 ", %" PRId64
                       "] leave the data of %" PRId64 " bytes",
                       name, b, e, data_bytes);
    }
    if (t->n > INT64_MAX / 4 || e - b != 4 * t->n) {
        return err_set(err, ERR_FORMAT, "tensor %.80s: its shape does not fill its data_offsets",
                       name);
    }
    t->begin = b;
    t->name = strdup(name);
    return t->name ? ERR_OK : err_nomem(err, "a tensor name");
}

static int by_begin(const void *a, const void *b)
{
    const TensorIn *x = a, *y = b;
    int order = ORDER(x->begin, y->begin);
    return order ? order : ORDER(x->n, y->n); /* an empty tensor before its neighbour */
}

/* Sorted tensors must join end to begin, from 0 to the end of the file. */
static ErrCode check_cover(const TensorIndex *x, Err *err)
{
    int64_t at = 0;
    for (size_t i = 0; i < x->n; i++) {
        const TensorIn *t = &x->tensor[i];
        if (t->begin != at) {
            return err_set(err, ERR_FORMAT, "tensor %.80s: its data %s", t->name,
                           t->begin < at ? "overlaps another's" : "leaves a gap before it");
        }
        at += 4 * t->n;
    }
    if (at != x->data_bytes) {
        return err_set(err, ERR_FORMAT, "%" PRId64 " bytes of data, but the tensors have %" PRId64,
                       x->data_bytes, at);
    }
    return ERR_OK;
}

static ErrCode index_fill(json_t *header, TensorIndex *x, Err *err)
{
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0) {
            continue;
        }
        if (!json_is_object(entry)) {
            return err_set(err, ERR_FORMAT, "tensor %.80s: its entry must be an object", name);
        }
        ErrCode rc = read_entry(name, entry, x->data_bytes, &x->tensor[x->n++], err);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    if (x->n > 0) {
        qsort(x->tensor, x->n, sizeof *x->tensor, by_begin);
    }
    return check_cover(x, err);
}

ErrCode tensor_index_parse(const char *json, size_t n, int64_t data_bytes, TensorIndex *ret,
                           Err *err)
{
    ErrCode rc = ERR_OK;
    TensorIndex x = {.data_bytes = data_bytes};
    json_error_t why;
    json_t *header = json_loadb(json, n, JSON_REJECT_DUPLICATES, &why);

    if (!json_is_object(header)) {
        rc = err_set(err, ERR_FORMAT, "header is not a JSON object: %s",
                     header ? "another value" : why.text);
        goto done;
    }
    x.tensor = calloc(json_object_size(header) + 1, sizeof *x.tensor);
    if (!x.tensor) {
        rc = err_nomem(err, "a tensor index");
        goto done;
    }
    TRY(index_fill(header, &x, err));
    *ret = x;
    x = TENSOR_INDEX_INIT;

done:
    tensor_index_release(&x);
    json_decref(header);
    return rc;
}

void tensor_index_release(TensorIndex *x)
{
    for (size_t i = 0; i < x->n; i++) {
        free(x->tensor[i].name);
    }
    free(x->tensor);
    *x = TENSOR_INDEX_INIT;
}

const TensorIn *tensor_index_find(const TensorIndex *x, const char *name)
{
    for (size_t i = 0; i < x->n; i++) {
        if (strcmp(x->tensor[i].name, name) == 0) {
            return &x->tensor[i];
        }
    }
    return NULL;
}

struct Safetensors {
    char path[FSX_PATH_BYTES];
    int fd;
    int64_t data_at; /* file offset of the data */
    TensorIndex index;
};

/* pread(2) until all is read; a file that ends early is ERR_FORMAT. */
static ErrCode read_at(const Safetensors *s, int64_t at, void *into, size_t n, Err *err)
{
    char *p = into;
    while (n > 0) {
        ssize_t k = pread(s->fd, p, n, (off_t)at);
        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0) {
            return err_sys(err, "read %s", s->path);
        }
        if (k == 0) {
            return err_set(err, ERR_FORMAT, "%s: ends too early", s->path);
        }
        p += k;
        at += k;
        n -= (size_t)k;
    }
    return ERR_OK;
}

static ErrCode read_header(Safetensors *s, int64_t file_bytes, Err *err)
{
    uint64_t length = 0;
    ErrCode rc = read_at(s, 0, &length, sizeof length, err);
    if (rc != ERR_OK) {
        return rc;
    }
    if (length > MAX_HEADER_BYTES || (int64_t)length > file_bytes - LENGTH_BYTES) {
        return err_set(err, ERR_FORMAT,
                       "%s: a header of %" PRIu64 " bytes does not fit a file of %" PRId64, s->path,
                       length, file_bytes);
    }
    char *json = malloc((size_t)length + 1);
    if (!json) {
        return err_nomem(err, "a tensor header");
    }
    s->data_at = LENGTH_BYTES + (int64_t)length;
    rc = read_at(s, LENGTH_BYTES, json, (size_t)length, err);
    if (rc == ERR_OK) {
        rc = tensor_index_parse(json, (size_t)length, file_bytes - s->data_at, &s->index, err);
        if (rc != ERR_OK) {
            (void)err_wrap(err, "%s", s->path);
        }
    }
    free(json);
    return rc;
}

ErrCode safetensors_open(const char *path, Safetensors **ret, Err *err)
{
    ErrCode rc = ERR_OK;
    struct stat st;
    Safetensors *s = calloc(1, sizeof *s);

    if (!s) {
        return err_nomem(err, "a tensor file");
    }
    s->fd = -1;
    TRY(fsx_path(s->path, err, "%s", path));
    s->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0) {
        bool is_missing = errno == ENOENT;
        rc = err_sys(err, "%s", path);
        if (is_missing) {
            rc = err->code = ERR_NOTFOUND;
        }
        goto done;
    }
    if (fstat(s->fd, &st) != 0) {
        rc = err_sys(err, "stat %s", path);
        goto done;
    }
    if (!S_ISREG(st.st_mode)) {
        rc = err_set(err, ERR_FORMAT, "%s: not a regular file", path);
        goto done;
    }
    TRY(read_header(s, st.st_size, err));
    *ret = s;
    s = NULL;

done:
    safetensors_close(s);
    return rc;
}

void safetensors_close(Safetensors *s)
{
    if (!s) {
        return;
    }
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    tensor_index_release(&s->index);
    free(s);
}

const TensorIndex *safetensors_index(const Safetensors *s)
{
    return &s->index;
}

ErrCode safetensors_read(const Safetensors *s, const char *name, int rank, const int64_t *dim,
                         float *out, Err *err)
{
    const TensorIn *t = tensor_index_find(&s->index, name);
    if (!t) {
        return err_set(err, ERR_FORMAT, "%s: has no tensor %s", s->path, name);
    }
    if (t->rank != rank || memcmp(t->dim, dim, (size_t)rank * sizeof *dim) != 0) {
        return err_set(err, ERR_FORMAT, "%s: tensor %s has another shape than the model", s->path,
                       name);
    }
    return read_at(s, s->data_at + t->begin, out, (size_t)t->n * sizeof *out, err);
}
