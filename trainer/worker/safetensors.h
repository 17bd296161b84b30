/* safetensors.h -- tensors on disk, in the format that every other tool reads.
 *
 *   8 bytes    n, little-endian
 *   n bytes    JSON: {"__metadata__":{...}, "name":{"dtype":"F32","shape":[..],
 *              "data_offsets":[begin,end]}, ...}, padded with spaces
 *   the rest   the data, little-endian, row-major; offsets count from its start
 *
 * What we write: F32 only, tensors without gaps in the order given, keys of the
 * header sorted, the data 8-byte aligned.  The bytes depend on the tensors alone.
 *
 * What we read: F32 only.  The header is believed in nothing: every number in it
 * is checked against the file's size before a byte of data is read, and tensors
 * must neither overlap nor leave gaps (as the format demands).
 * Format: https://huggingface.co/docs/safetensors
 */
#ifndef TRAINER_WORKER_SAFETENSORS_H
#define TRAINER_WORKER_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/hash.h"

enum { SAFETENSORS_MAX_RANK = 4, SAFETENSORS_NAME_BYTES = 128 };

/* One tensor to write; all is borrowed. */
typedef struct TensorOut {
    char name[SAFETENSORS_NAME_BYTES];
    int rank;
    int64_t dim[SAFETENSORS_MAX_RANK];
    const float *data; /* [product of dim] */
} TensorOut;

/* What was written, for a manifest. */
typedef struct FileSum {
    int64_t bytes;
    char xxh128[XXH128_HEX_BYTES];
} FileSum;

/* Writes the n tensors by fsx_replace(); `kind` becomes __metadata__.format ("pt" is what
 * Hugging Face's loaders expect).  ERR_INVALID (a name twice), ERR_NOMEM, ERR_IO. */
ErrCode safetensors_write(const char *path, const char *kind, const TensorOut *t, size_t n,
                          FileSum *ret, Err *err);

/* ---- reading */

typedef struct TensorIn {
    char *name;
    int rank;
    int64_t dim[SAFETENSORS_MAX_RANK];
    int64_t n;     /* elements */
    int64_t begin; /* byte offset in the data */
} TensorIn;

/* A parsed header; `tensor` is in the order of the data. */
typedef struct TensorIndex {
    TensorIn *tensor;
    size_t n;
    int64_t data_bytes;
} TensorIndex;

#define TENSOR_INDEX_INIT ((TensorIndex){0})

/* Parses a header's JSON; the file holds data_bytes after it.  ERR_FORMAT with the
 * reason, ERR_NOMEM. */
ErrCode tensor_index_parse(const char *json, size_t n, int64_t data_bytes, TensorIndex *ret,
                           Err *err);
void tensor_index_release(TensorIndex *x);

/* NULL if there is none of this name. */
const TensorIn *tensor_index_find(const TensorIndex *x, const char *name);

typedef struct Safetensors Safetensors;

/* Opens a file and checks its header.  ERR_NOTFOUND, ERR_IO, ERR_FORMAT. */
ErrCode safetensors_open(const char *path, Safetensors **ret, Err *err);
void safetensors_close(Safetensors *s); /* NULL is fine */
const TensorIndex *safetensors_index(const Safetensors *s);

/* Reads tensor `name` into out [n].  ERR_FORMAT if it is missing or its shape is not
 * dim[rank]; ERR_IO. */
ErrCode safetensors_read(const Safetensors *s, const char *name, int rank, const int64_t *dim,
                         float *out, Err *err);

#endif
