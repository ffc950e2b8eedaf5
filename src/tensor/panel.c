#include "tensor/panel.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/panel_kernel.h"

#include <string.h>

struct panel {
    int64_t n, k;
    float *columns; /* [panel][k][48] */
    const panel_kernel *kernel;
};

/* Rows of a that are multiplied with all panels before the next rows: with 256 k of each they stay in the second-level
 * cache. */
enum { ROWS_AT_ONCE = 240 };

static const panel_kernel *const kernels[] = {
#if defined(__x86_64__)
    &panel_kernel_avx512,
    &panel_kernel_avx2,
#endif
    &panel_kernel_plain,
};
enum { N_KERNELS = sizeof kernels / sizeof *kernels };

const panel_kernel *panel_kernel_at(size_t i) { return i < N_KERNELS ? kernels[i] : NULL; }

const panel_kernel *panel_kernel_best(void)
{
    size_t i = 0;
    while (kernels[i]->isa > isa_best()) i++;
    return kernels[i];
}

int panel_create(panel **out, const float *b, int64_t n, int64_t k)
{
    return panel_create_for(out, b, n, k, panel_kernel_best());
}

int panel_create_for(panel **out, const float *b, int64_t n, int64_t k, const panel_kernel *kernel)
{
    int rc = OK;
    size_t size;
    panel *p = NULL;
    *out = NULL;
    if (n < 0 || k < 0 || n > INT64_MAX - PANEL_COLUMNS)
        FAIL(ERR_LIMIT, "a matrix of %lld x %lld", (long long)n, (long long)k);
    int64_t n_panels = (n + PANEL_COLUMNS - 1) / PANEL_COLUMNS;
    TRY(size_mul((size_t)n_panels * PANEL_COLUMNS, (size_t)k, &size));
    TRY(MEM_ALLOC(p, 1));
    *p = (panel){.n = n, .k = k, .kernel = kernel};
    TRY(MEM_ALLOC(p->columns, size));
    for (int64_t j = 0; j < n; j++) {
        float *column = p->columns + j / PANEL_COLUMNS * PANEL_COLUMNS * k + j % PANEL_COLUMNS;
        for (int64_t w = 0; w < k; w++) column[w * PANEL_COLUMNS] = b[j * k + w];
    }
    *out = p;
    p = NULL;
done:
    panel_free(&p);
    return rc;
}

void panel_free(panel **p)
{
    if (*p) mem_free(&(*p)->columns);
    mem_free(p);
}

int64_t panel_rows(const panel *p) { return p->n; }

int64_t panel_depth(const panel *p) { return p->k; }

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

void panel_multiply(const panel *p, const float *a, int64_t m, float *out)
{
    if (p->k == 0 && m > 0 && p->n > 0) memset(out, 0, (size_t)m * (size_t)p->n * sizeof *out);
    for (int64_t i = 0; i < m; i += ROWS_AT_ONCE)
        for (int64_t w = 0; w < p->k; w += PANEL_BLOCK)
            for (int64_t j = 0; j < p->n; j += PANEL_COLUMNS)
                p->kernel->block(a + i * p->k + w, p->k, smaller(ROWS_AT_ONCE, m - i),
                                 p->columns + j * p->k + w * PANEL_COLUMNS, smaller(PANEL_BLOCK, p->k - w),
                                 smaller(PANEL_COLUMNS, p->n - j), w > 0, out + i * p->n + j, p->n);
}
