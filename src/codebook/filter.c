#include "codebook/filter.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/eigen.h"

#include <math.h>
#include <string.h>

static const double u = 0x1p-24, largest_squared = 1e36;

/* ||R R^T - I|| in the Frobenius norm, rounded up. */
static int measure_delta(filter *f, const float *basis)
{
    int rc = OK;
    int64_t n = f->lead + f->depth, d = f->d;
    double *columns = NULL, *gram = NULL, sum = 0;
    TRY(MEM_ALLOC(columns, (size_t)(n * d)));
    TRY(MEM_ALLOC(gram, (size_t)(n * n)));
    for (int64_t i = 0; i < n; i++)
        for (int64_t w = 0; w < d; w++) columns[w * n + i] = basis[i * d + w];
    TRY(eigen_add_products(columns, d, n, gram));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i; j < n; j++) {
            double off = gram[i * n + j] - (i == j);
            sum += (i == j ? 1 : 2) * off * off;
        }
    f->delta = sqrt(sum) * 1.01 + (double)n * (double)(d + 8) * 0x1p-52;
    if (!(f->delta < 0.01)) FAIL(ERR_INVALID, "a basis of %lld rows is not orthonormal", (long long)n);
done:
    mem_free(&columns);
    mem_free(&gram);
    return rc;
}

int filter_create(filter **out, int64_t k, int64_t d, const float *centre, const float *basis, int64_t lead,
                  int64_t depth)
{
    int rc = OK;
    filter *f = NULL;
    *out = NULL;
    if (k < 1 || k > INT32_MAX - PANEL8_COLUMNS || d < 1 || depth < 0 || lead + depth > d || depth > PANEL8_MAX_DEPTH ||
        (!basis && (lead || depth != d)))
        FAIL(ERR_LIMIT, "a filter of %lld and %lld values for %lld x %lld", (long long)lead, (long long)depth,
             (long long)k, (long long)d);
    TRY(MEM_ALLOC(f, 1));
    *f = (filter){.k = k, .d = d, .lead = lead, .depth = depth, .kernel = panel8_kernel_best()};
    f->quantise = quantise_kernel_best();
    f->distance = distance_kernel_best();
    f->has_tail = lead + depth < d;
    f->n_panels = (k + PANEL8_COLUMNS - 1) / PANEL8_COLUMNS;
    int64_t n_floats = FILTER_WHOLE + (basis != NULL) + f->has_tail + lead;
    if (n_floats > PANEL8_MAX_FLOATS) FAIL(ERR_LIMIT, "a lead of %lld values", (long long)lead);
    f->layout = panel8_layout_of(depth, n_floats);
    TRY(mem_copy((char **)&f->centre, centre, (size_t)d * sizeof *centre));
    TRY(mem_alloc((void **)&f->panels, (size_t)f->n_panels, f->layout.bytes));
    TRY(MEM_ALLOC(f->codes, (size_t)(f->n_panels * PANEL8_COLUMNS)));
    TRY(MEM_ALLOC(f->panel_of, (size_t)k));
    for (int64_t c = 0; c < f->n_panels * PANEL8_COLUMNS; c++) {
        f->codes[c] = c < k ? (int32_t)c : FILTER_NONE;
        if (c < k) f->panel_of[c] = (int32_t)(c / PANEL8_COLUMNS);
    }
    f->projection = 1.02 * u;
    if (basis) {
        double roundings = (double)(d < 256 ? d : 256) + ceil((double)d / 256);
        TRY(measure_delta(f, basis));
        TRY(panel_create(&f->basis, basis, lead + depth, d));
        f->projection = sqrt((double)(lead + depth)) * (1 + f->delta) * (roundings + 3) * 1.02 * u;
    }
    *out = f;
    f = NULL;
done:
    filter_free(&f);
    return rc;
}

void filter_free(filter **pf)
{
    filter *f = *pf;
    if (!f) return;
    mem_free(&f->centre);
    panel_free(&f->basis);
    if (!f->borrowed) mem_free(&f->panels);
    mem_free(&f->codes);
    mem_free(&f->panel_of);
    mem_free(pf);
}

size_t filter_panel_bytes(const filter *f) { return (size_t)f->n_panels * f->layout.bytes; }

void filter_use_memory(filter *f, void *panels)
{
    if (!f->borrowed) mem_free(&f->panels);
    f->panels = panels;
    f->borrowed = 1;
}

float filter_limit(const filter *f, const filter_rows *r, int64_t i, double distance)
{
    double squared = r->squared[i], eps = (double)(f->d + 16) * 0x1p-53;
    if (!(squared < largest_squared)) return INFINITY;
    return filter_up(distance * (1 + 2 * eps) - squared + filter_slack(f, squared));
}
