#include "encoder/norm.h"

#include "tensor/row_norm.h"

void norm_run(const norm *l, const float *x, int64_t x_stride, int64_t m, rows out)
{
    row_norm(x, x_stride, m, l->n, l->weight, l->bias, l->epsilon, out.whole, out.stride, out.half, out.stride);
}
