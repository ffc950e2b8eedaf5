/* Multi-head self-attention of one sequence: softmax(scale q k^T) v, for each head (Vaswani et al. 2017,
 * arXiv:1706.03762). A block of query rows meets all keys at once: row maximum, exp, sum, then the values in ascending
 * order of the keys. So there is no T x T matrix, and no number depends on the block. Local. */
#pragma once

#include "encoder/arena.h"
#include "encoder/rows.h"
#include "tensor/panel.h"
#include "tensor/panel_bf16.h"

/* Workspace of a thread. */
typedef struct attention {
    int64_t heads, size;  /* numbers of a head */
    panel *keys, *values; /* of a head; NULL: bf16 */
    panel_bf16 *half_keys, *half_values;
    float *scores; /* of a block */
    uint16_t *half_scores;
    float *sums; /* of each row of a block */
} attention;

/* For sequences of up to t_max rows. Nothing is created while the arena measures. ERR_MEMORY. */
int attention_create(attention *a, arena *memory, int half, int64_t heads, int64_t size, int64_t t_max);
void attention_free(attention *a);

/* q, k, v (t, heads * size) -> out (t, heads * size), all bf16 or all fp32; out overlaps none of them. */
void attention_run(attention *a, rows q, rows k, rows v, int64_t t, float scale, rows out);
