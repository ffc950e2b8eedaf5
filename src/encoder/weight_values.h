/* Numbers of a tensor as fp32. Local. */
#pragma once

#include "encoder/weight_list.h"

/* The values of a tensor of type F32, F16 or BF16 as fp32, exactly, in new memory (caller: mem_free). `path` names the
 * file in messages. NULL on error. ERR_CONFIG: one is not finite; ERR_MEMORY. */
int weight_values(const weight_tensor *t, const char *path, float **out);

/* Weight norm: replace v (n, k) by gain[j] * v[i][j] / sqrt(sum over i of v[i][j]^2), in fp64, i ascending.
 * ERR_INVALID: a sum is zero; ERR_MEMORY. */
int weight_fold(float *v, const float *gain, int64_t n, int64_t k);
