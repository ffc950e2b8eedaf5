/* Layer normalisation of rows (Ba et al. 2016, arXiv:1607.06450) into what the next layer takes. Local. */
#pragma once

#include "encoder/rows.h"

typedef struct norm {
    int64_t n;
    const float *weight, *bias; /* (n) */
    float epsilon;
} norm;

/* x (m, n) -> out (m, n), fp32 or bf16 or, where both of its pointers are set, both (their stride is the same); x may
 * be out.whole. */
void norm_run(const norm *l, const float *x, int64_t x_stride, int64_t m, rows out);
