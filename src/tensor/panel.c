#include "tensor/panel.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/panel_kernel.h"

struct panel {
    int64_t n, k;
    float *columns; /* [panel][k][48] */
    int owned;      /* columns */
    const panel_kernel *kernel;
};

enum { ROWS_BYTES = 1 << 18, ROWS_STEP = 24, ROWS_MOST = 480 };

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

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

int panel_bytes(int64_t n, int64_t k, size_t *bytes)
{
    int rc = OK;
    if (n < 0 || k < 0 || n > INT64_MAX - PANEL_COLUMNS)
        FAIL(ERR_LIMIT, "a matrix of %lld x %lld", (long long)n, (long long)k);
    TRY(size_mul((size_t)((n + PANEL_COLUMNS - 1) / PANEL_COLUMNS) * PANEL_COLUMNS, (size_t)k, bytes));
    TRY(size_mul(*bytes, sizeof(float), bytes));
done:
    return rc;
}

static int create(panel **out, void *memory, const panel_kernel *kernel)
{
    int rc = MEM_ALLOC(*out, 1);
    if (rc == OK) **out = (panel){.columns = memory, .kernel = kernel};
    return rc;
}

int panel_create_for(panel **out, const float *b, int64_t n, int64_t k, const panel_kernel *kernel)
{
    int rc = OK;
    size_t bytes;
    *out = NULL;
    TRY(panel_bytes(n, k, &bytes));
    TRY(create(out, NULL, kernel));
    (*out)->owned = 1;
    TRY(mem_alloc((void **)&(*out)->columns, bytes, 1));
    panel_pack(*out, b, n, k, k, 1);
done:
    if (rc != OK) panel_free(out);
    return rc;
}

int panel_create_at(panel **out, void *memory) { return create(out, memory, panel_kernel_best()); }

void panel_shape(panel *p, int64_t n, int64_t k)
{
    p->n = n;
    p->k = k;
}

/* One panel: value w of its column j is b[j * row_stride + w * column_stride]. */
static void pack(float *columns, const float *b, int64_t n, int64_t k, int64_t row_stride, int64_t column_stride)
{
    if (row_stride == 1)
        for (int64_t w = 0; w < k; w++)
            for (int64_t j = 0; j < n; j++) columns[w * PANEL_COLUMNS + j] = b[j + w * column_stride];
    else
        for (int64_t j = 0; j < n; j++)
            for (int64_t w = 0; w < k; w++) columns[w * PANEL_COLUMNS + j] = b[j * row_stride + w * column_stride];
    for (int64_t w = 0; w < k && n < PANEL_COLUMNS; w++)
        for (int64_t j = n; j < PANEL_COLUMNS; j++) columns[w * PANEL_COLUMNS + j] = 0;
}

void panel_pack(panel *p, const float *b, int64_t n, int64_t k, int64_t row_stride, int64_t column_stride)
{
    panel_shape(p, n, k);
    for (int64_t j = 0; j < n; j += PANEL_COLUMNS)
        pack(p->columns + j * k, b + j * row_stride, smaller(PANEL_COLUMNS, n - j), k, row_stride, column_stride);
}

void panel_free(panel **p)
{
    if (*p && (*p)->owned) mem_free(&(*p)->columns);
    mem_free(p);
}

int64_t panel_rows(const panel *p) { return p->n; }

int64_t panel_depth(const panel *p) { return p->k; }

int64_t panel_rows_at_once(int64_t words)
{
    int64_t rows = words ? ROWS_BYTES / (words * (int64_t)sizeof(float)) / ROWS_STEP * ROWS_STEP : ROWS_MOST;
    return rows < ROWS_STEP ? ROWS_STEP : smaller(rows, ROWS_MOST);
}

const panel_finish *panel_finish_at(const panel_finish *finish, int64_t row, int64_t column, panel_finish *part)
{
    if (!finish) return NULL;
    *part = *finish;
    if (part->bias) part->bias += column;
    if (part->residual) part->residual += row * part->residual_stride + column;
    if (part->half) part->half += row * part->half_stride + column;
    return part;
}

void panel_layer(const panel *p, const float *a, int64_t a_stride, int64_t m, const panel_finish *finish, float *out,
                 int64_t out_stride)
{
    int64_t step = panel_rows_at_once(smaller(p->k, a_stride));
    for (int64_t i = 0; i < m; i += step)
        for (int64_t j = 0; j < p->n; j += PANEL_COLUMNS) {
            panel_finish part;
            panel_task task = {.a = a + i * a_stride,
                               .lda = a_stride,
                               .m = smaller(step, m - i),
                               .k = p->k,
                               .columns = p->columns + j * p->k,
                               .n_columns = smaller(PANEL_COLUMNS, p->n - j),
                               .finish = panel_finish_at(finish, i, j, &part),
                               .out = out ? out + i * out_stride + j : NULL,
                               .ldo = out_stride};
            p->kernel->run(&task);
        }
}

void panel_multiply(const panel *p, const float *a, int64_t m, float *out)
{
    panel_layer(p, a, p->k, m, NULL, out, p->n);
}
