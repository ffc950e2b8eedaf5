#include "tensor/bf16.h"
#include "tensor/panel_bf16_kernel.h"
#include "tensor/panel_tile.h"

#include <float.h>
#include <math.h>

static int always(void) { return 1; }

static float flush(float x) { return fabsf(x) < FLT_MIN ? copysignf(0, x) : x; }

/* a * b + c, rounded once as if exponents had no lower end, then flushed. a and b have 8 bits, none is subnormal. */
static float multiply_add(float a, float b, float c)
{
    float x = fmaf(a, b, c);
    if (!(fabsf(x) <= FLT_MIN)) return x; /* also NaN */
    /* A sum that small and not zero has small parts: a product and a c above 1 that cancel leave 2^-23 at least. */
    if (x == 0 && fabsf(c) > 1) return x;
    /* Subnormal results were rounded to fewer bits: again, where there are none, and with the same scale for both. */
    float low = fabsf(a) < fabsf(b) ? a : b, high = fabsf(a) < fabsf(b) ? b : a;
    x = fmaf(low * 0x1p64f, high, c * 0x1p64f);
    return fabsf(x) < FLT_MIN * 0x1p64f ? copysignf(0, x) : x * 0x1p-64f;
}

float panel_bf16_step(uint32_t a, uint32_t b, float sum)
{
    float odd = multiply_add(flush(bf16_to_float((uint16_t)(a >> 16))), flush(bf16_to_float((uint16_t)(b >> 16))), sum);
    return multiply_add(flush(bf16_to_float((uint16_t)a)), flush(bf16_to_float((uint16_t)b)), odd);
}

static void run(const panel_bf16_task *t)
{
    float bias[TILE_COLUMNS], sums[1][TILE_COLUMNS];
    const panel_finish none = {0}, *finish = t->finish ? t->finish : &none;
    tile_bias(finish, t->n_columns, bias);
    for (int64_t i = 0; i < t->m; i++) {
        const uint16_t *a = t->a + i * t->lda;
        memset(sums, 0, sizeof sums);
        for (int64_t first = 0; first < t->k; first += PANEL_BLOCK) {
            int64_t end = t->k - first < PANEL_BLOCK ? t->k : first + PANEL_BLOCK;
            float chain[TILE_COLUMNS] = {0};
            for (int64_t w = first; w < end; w += 2) {
                uint32_t pair = a[w] | (w + 1 < end ? (uint32_t)a[w + 1] << 16 : 0);
                for (int64_t j = 0; j < t->n_columns; j++)
                    chain[j] = panel_bf16_step(pair, t->columns[w / 2 * PANEL_COLUMNS + j], chain[j]);
            }
            for (int j = 0; j < TILE_COLUMNS; j++) sums[0][j] = first ? sums[0][j] + chain[j] : chain[j];
        }
        tile_finish(finish, bias, i, 1, t->n_columns, (const float(*)[TILE_COLUMNS])sums, t->out, t->ldo);
    }
}

const panel_bf16_kernel panel_bf16_kernel_plain = {"plain", ISA_PLAIN, always, run};
