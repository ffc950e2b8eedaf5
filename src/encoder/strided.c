#include "encoder/strided.h"

#include <string.h>

int strided_is_contiguous(int n_dims, const int64_t *shape, const int64_t *strides)
{
    int64_t step = 1;
    for (int i = 0; i < n_dims; i++)
        if (shape[i] == 0) return 1;
    for (int i = n_dims - 1; i >= 0; i--) {
        if (shape[i] != 1 && strides[i] != step) return 0;
        step *= shape[i];
    }
    return 1;
}

/* One dimension; returns where the next element of `to` goes. */
static uint8_t *gather(const uint8_t *from, size_t size, int n_dims, const int64_t *shape, const int64_t *strides,
                       uint8_t *to)
{
    if (n_dims == 0) {
        memcpy(to, from, size);
        return to + size;
    }
    for (int64_t i = 0; i < shape[0]; i++)
        to = gather(from + (size_t)(i * strides[0]) * size, size, n_dims - 1, shape + 1, strides + 1, to);
    return to;
}

void strided_gather(const uint8_t *from, size_t size, int n_dims, const int64_t *shape, const int64_t *strides,
                    uint8_t *to)
{
    gather(from, size, n_dims, shape, strides, to);
}
