#include "tensor/panel_bf16.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/panel_bf16_kernel.h"

#include <string.h>

struct panel_bf16 {
    int64_t n, k, words; /* words: pairs along k */
    uint32_t *columns;   /* [panel][word][48] */
    int owned;           /* columns */
    const panel_bf16_kernel *kernel;
};

static const panel_bf16_kernel *const kernels[] = {
#if defined(__x86_64__)
    &panel_bf16_kernel_avx512,
    &panel_bf16_kernel_avx2,
#endif
    &panel_bf16_kernel_plain,
};

const panel_bf16_kernel *panel_bf16_kernel_at(size_t i)
{
    return i < sizeof kernels / sizeof *kernels ? kernels[i] : NULL;
}

const panel_bf16_kernel *panel_bf16_kernel_best(void)
{
    size_t i = 0;
    while (kernels[i]->isa > isa_best() || !kernels[i]->supported()) i++;
    return kernels[i];
}

int panel_bf16_create(panel_bf16 **out, const float *b, int64_t n, int64_t k)
{
    return panel_bf16_create_for(out, b, n, k, panel_bf16_kernel_best());
}

int panel_bf16_bytes(int64_t n, int64_t k, size_t *bytes)
{
    if (k == INT64_MAX) k--; /* too many either way */
    return panel_bytes(n, (k + 1) / 2, bytes);
}

static int create(panel_bf16 **out, void *memory, const panel_bf16_kernel *kernel)
{
    int rc = MEM_ALLOC(*out, 1);
    if (rc == OK) **out = (panel_bf16){.columns = memory, .kernel = kernel};
    return rc;
}

int panel_bf16_create_for(panel_bf16 **out, const float *b, int64_t n, int64_t k, const panel_bf16_kernel *kernel)
{
    int rc = OK;
    size_t bytes;
    *out = NULL;
    TRY(panel_bf16_bytes(n, k, &bytes));
    TRY(create(out, NULL, kernel));
    (*out)->owned = 1;
    TRY(mem_alloc((void **)&(*out)->columns, bytes, 1));
    panel_bf16_pack(*out, b, n, k, k, 1);
done:
    if (rc != OK) panel_bf16_free(out);
    return rc;
}

int panel_bf16_create_at(panel_bf16 **out, void *memory) { return create(out, memory, panel_bf16_kernel_best()); }

void panel_bf16_shape(panel_bf16 *p, int64_t n, int64_t k)
{
    p->n = n;
    p->k = k;
    p->words = (k + 1) / 2;
}

void panel_bf16_pack(panel_bf16 *p, const float *b, int64_t n, int64_t k, int64_t row_stride, int64_t column_stride)
{
    panel_bf16_shape(p, n, k);
    memset(p->columns, 0,
           (size_t)((n + PANEL_COLUMNS - 1) / PANEL_COLUMNS * PANEL_COLUMNS * p->words) * sizeof(uint32_t));
    for (int64_t j = 0; j < n; j++) {
        uint32_t *column = p->columns + j / PANEL_COLUMNS * PANEL_COLUMNS * p->words + j % PANEL_COLUMNS;
        for (int64_t w = 0; w < k; w++)
            column[w / 2 * PANEL_COLUMNS] |= (uint32_t)bf16_from_float(b[j * row_stride + w * column_stride])
                                             << (w % 2 ? 16 : 0);
    }
}

/* Word w of some columns of one panel. */
static void pack_word(uint32_t *to, const uint16_t *b, int64_t n, int odd, int64_t row_stride, int64_t column_stride)
{
    const uint16_t *next = b + column_stride;
    for (int64_t j = 0; j < n; j++) to[j] = b[j * row_stride] | (odd ? 0 : (uint32_t)next[j * row_stride] << 16);
    for (int64_t j = n; j < PANEL_COLUMNS; j++) to[j] = 0;
}

void panel_bf16_pack_half(panel_bf16 *p, const uint16_t *b, int64_t n, int64_t k, int64_t row_stride,
                          int64_t column_stride)
{
    panel_bf16_shape(p, n, k);
    for (int64_t j = 0; j < n; j += PANEL_COLUMNS) {
        int64_t columns = n - j < PANEL_COLUMNS ? n - j : PANEL_COLUMNS;
        for (int64_t w = 0; w < p->words; w++) {
            const uint16_t *from = b + j * row_stride + 2 * w * column_stride;
            uint32_t *to = p->columns + j * p->words + w * PANEL_COLUMNS;
            if (row_stride == 1)
                pack_word(to, from, columns, 2 * w + 1 == k, 1, column_stride);
            else
                pack_word(to, from, columns, 2 * w + 1 == k, row_stride, column_stride);
        }
    }
}

void panel_bf16_free(panel_bf16 **p)
{
    if (*p && (*p)->owned) mem_free(&(*p)->columns);
    mem_free(p);
}

int64_t panel_bf16_rows(const panel_bf16 *p) { return p->n; }

int64_t panel_bf16_depth(const panel_bf16 *p) { return p->k; }

void panel_bf16_layer(const panel_bf16 *p, const uint16_t *a, int64_t a_stride, int64_t m, const panel_finish *finish,
                      float *out, int64_t out_stride)
{
    int64_t step = panel_rows_at_once(p->k < a_stride ? p->words : (a_stride + 1) / 2);
    for (int64_t i = 0; i < m; i += step)
        for (int64_t j = 0; j < p->n; j += PANEL_COLUMNS) {
            panel_finish part;
            panel_bf16_task task = {.a = a + i * a_stride,
                                    .lda = a_stride,
                                    .m = m - i < step ? m - i : step,
                                    .k = p->k,
                                    .columns = p->columns + j * p->words,
                                    .n_columns = p->n - j < PANEL_COLUMNS ? p->n - j : PANEL_COLUMNS,
                                    .finish = panel_finish_at(finish, i, j, &part),
                                    .out = out ? out + i * out_stride + j : NULL,
                                    .ldo = out_stride};
            p->kernel->run(&task);
        }
}

void panel_bf16_multiply(const panel_bf16 *p, const uint16_t *a, int64_t m, float *out)
{
    panel_bf16_layer(p, a, p->k, m, NULL, out, p->n);
}
