#include "tensor/panel_bf16.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/panel_bf16_kernel.h"

struct panel_bf16 {
    int64_t n, k, words; /* words: pairs along k */
    uint32_t *columns;   /* [panel][word][48] */
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

static void pack_row(const float *b, int64_t k, uint32_t *column)
{
    for (int64_t w = 0; w < k; w++)
        column[w / 2 * PANEL_COLUMNS] |= (uint32_t)bf16_from_float(b[w]) << (w % 2 ? 16 : 0);
}

int panel_bf16_create_for(panel_bf16 **out, const float *b, int64_t n, int64_t k, const panel_bf16_kernel *kernel)
{
    int rc = OK;
    size_t size;
    panel_bf16 *p = NULL;
    *out = NULL;
    if (n < 0 || k < 0 || n > INT64_MAX - PANEL_COLUMNS || k == INT64_MAX)
        FAIL(ERR_LIMIT, "a matrix of %lld x %lld", (long long)n, (long long)k);
    int64_t n_panels = (n + PANEL_COLUMNS - 1) / PANEL_COLUMNS, words = (k + 1) / 2;
    TRY(size_mul((size_t)n_panels * PANEL_COLUMNS, (size_t)words, &size));
    TRY(MEM_ALLOC(p, 1));
    *p = (panel_bf16){.n = n, .k = k, .words = words, .kernel = kernel};
    TRY(MEM_ALLOC(p->columns, size));
    for (int64_t j = 0; j < n; j++)
        pack_row(b + j * k, k, p->columns + j / PANEL_COLUMNS * PANEL_COLUMNS * words + j % PANEL_COLUMNS);
    *out = p;
    p = NULL;
done:
    panel_bf16_free(&p);
    return rc;
}

void panel_bf16_free(panel_bf16 **p)
{
    if (*p) mem_free(&(*p)->columns);
    mem_free(p);
}

int64_t panel_bf16_rows(const panel_bf16 *p) { return p->n; }

int64_t panel_bf16_depth(const panel_bf16 *p) { return p->k; }

void panel_bf16_layer(const panel_bf16 *p, const uint16_t *a, int64_t a_stride, int64_t m, const panel_finish *finish,
                      float *out, int64_t out_stride)
{
    int64_t step = panel_rows_at_once(p->words);
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
                                    .out = out + i * out_stride + j,
                                    .ldo = out_stride};
            p->kernel->run(&task);
        }
}

void panel_bf16_multiply(const panel_bf16 *p, const uint16_t *a, int64_t m, float *out)
{
    panel_bf16_layer(p, a, p->k, m, NULL, out, p->n);
}
