/* Any bytes as the header of a safetensors file: refused or parsed, never believed. */
#include <stdint.h>
#include <stdlib.h>

#include "trainer/worker/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = ERR_INIT;
    TensorIndex x = TENSOR_INDEX_INIT;
    if (size < 1) {
        return 0;
    }
    const int64_t data_bytes = 4 * (int64_t)data[0]; /* the first byte: how much data follows */
    if (tensor_index_parse((const char *)data + 1, size - 1, data_bytes, &x, &err) == ERR_OK) {
        int64_t at = 0;
        for (size_t i = 0; i < x.n; i++) { /* what it promises: a cover without gaps */
            if (x.tensor[i].begin != at || x.tensor[i].n < 0) {
                abort();
            }
            at += 4 * x.tensor[i].n;
        }
        if (at != data_bytes) {
            abort();
        }
    }
    tensor_index_release(&x);
    return 0;
}
