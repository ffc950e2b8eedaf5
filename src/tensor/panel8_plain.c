#include "tensor/panel8_kernel.h"

#include <math.h>

/* The definition of the scores: what the other kernels must equal bit for bit. */
static void scores(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out, int64_t ldo)
{
    const int32_t *start = panel8_start(panel);
    const float *f = panel8_floats(panel);
    const int8_t *p = panel8_bytes(l, panel);
    for (int i = 0; i < PANEL8_ROWS; i++) {
        for (int j = 0; j < PANEL8_COLUMNS; j++) {
            int32_t dot = start[j];
            for (int64_t w = 0; w < l->words; w++)
                for (int b = 0; b < 4; b++) dot += t->bytes[i][4 * w + b] * p[(w * PANEL8_COLUMNS + j) * 4 + b];
            float score = fmaf(t->floats[i][0], (float)dot * panel8_z(panel)[j], f[j]);
            for (int64_t r = 1; r < l->n_floats; r++) score = fmaf(t->floats[i][r], f[r * PANEL8_COLUMNS + j], score);
            out[i * ldo + j] = score;
        }
    }
}

static void filter(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out,
                   uint64_t below[PANEL8_ROWS], float least[PANEL8_ROWS])
{
    scores(l, panel, t, out, PANEL8_COLUMNS);
    for (int i = 0; i < PANEL8_ROWS; i++) {
        below[i] = 0;
        least[i] = INFINITY;
        for (int j = 0; j < PANEL8_COLUMNS; j++) {
            float score = out[i * PANEL8_COLUMNS + j];
            if (score <= t->limit[i])
                below[i] |= (uint64_t)1 << j;
            else if (score < least[i])
                least[i] = score;
        }
    }
}

const panel8_kernel panel8_plain = {"plain", ISA_PLAIN, scores, filter};
