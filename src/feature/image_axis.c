#include "feature/image_axis.h"

#include "base/memory.h"
#include "base/status.h"
#include "feature/image_sum.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* sin and cos through long double: no variants per processor, and within the last bit of any good double one. */
static double sinc(double x)
{
    if (x == 0.0) return 1.0;
    x *= pi;
    return (double)sinl((long double)x) / x;
}

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double lanczos(double x) { return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

static double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

static double hamming(double x)
{
    x = fabs(x);
    if (x == 0.0) return 1.0;
    if (x >= 1.0) return 0.0;
    x *= pi;
    /* Pillow's constants are floats. */
    return (double)sinl((long double)x) / x * (0.54f + 0.46f * (double)cosl((long double)x));
}

typedef struct kernel {
    double support;
    double (*value)(double);
} kernel;

static kernel kernel_of(image_filter filter)
{
    switch (filter) {
    case FILTER_LANCZOS: return (kernel){3.0, lanczos};
    case FILTER_BILINEAR: return (kernel){1.0, bilinear};
    case FILTER_BICUBIC: return (kernel){2.0, bicubic};
    case FILTER_BOX: return (kernel){0.5, box};
    case FILTER_HAMMING: return (kernel){1.0, hamming};
    default: return (kernel){0};
    }
}

/* Weights of n samples, made to add up to one, in fixed point. */
static void to_fixed_point(double *w, int32_t n, int32_t *k)
{
    double sum = 0.0;
    for (int32_t j = 0; j < n; j++) sum += w[j];
    for (int32_t j = 0; j < n; j++) {
        double v = sum != 0.0 ? w[j] / sum : w[j];
        k[j] = (int32_t)(v * (1 << IMAGE_WEIGHT_BITS) + (v < 0 ? -0.5 : 0.5));
    }
}

static void fill(image_axis *a, const kernel *f)
{
    const double scale = (double)a->in / (double)a->out, widening = scale < 1.0 ? 1.0 : scale;
    const double support = f->support * widening, inverse = 1.0 / widening;
    for (int64_t i = 0; i < a->count; i++) {
        const double center = ((double)(a->first + i) + 0.5) * scale;
        int32_t lo = (int32_t)(center - support + 0.5), hi = (int32_t)(center + support + 0.5);
        if (lo < 0) lo = 0;
        if (hi > a->in) hi = (int32_t)a->in;
        a->lo[i] = lo;
        a->n[i] = hi - lo;
        for (int32_t j = 0; j < hi - lo; j++) a->weights[j] = f->value(((double)(j + lo) - center + 0.5) * inverse);
        to_fixed_point(a->weights, hi - lo, a->k + (size_t)i * a->taps);
    }
}

int image_axis_prepare(image_axis *a, int64_t in, int64_t out, int64_t first, int64_t count, image_filter filter)
{
    int rc = OK;
    size_t n;
    const kernel f = kernel_of(filter);
    if (a->in == in && a->out == out && a->first == first && a->count == count && a->filter == filter) return OK;
    if (in < 1 || out < 1 || first < 0 || count < 1 || first + count > out || !f.value)
        FAIL(ERR_INTERNAL, "an axis from %lld to %lld samples", (long long)in, (long long)out);
    if (in > IMAGE_MAX_SIDE)
        FAIL(ERR_LIMIT, "a side of %lld pixels, more than the limit of %d", (long long)in, IMAGE_MAX_SIDE);
    a->in = 0; /* until the tables are there */
    a->taps = (size_t)ceil(f.support * (in > out ? (double)in / (double)out : 1.0)) * 2 + 1;
    TRY(size_mul((size_t)count, a->taps, &n));
    TRY(MEM_GROW(a->lo, &a->lo_capacity, (size_t)count));
    TRY(MEM_GROW(a->n, &a->n_capacity, (size_t)count));
    TRY(MEM_GROW(a->k, &a->k_capacity, n));
    TRY(MEM_GROW(a->weights, &a->weights_capacity, a->taps));
    a->in = in;
    a->out = out;
    a->first = first;
    a->count = count;
    a->filter = filter;
    fill(a, &f);
done:
    return rc;
}

void image_axis_free(image_axis *a)
{
    mem_free(&a->lo);
    mem_free(&a->n);
    mem_free(&a->k);
    mem_free(&a->weights);
    *a = (image_axis){0};
}

void image_axis_span(const image_axis *a, int64_t *begin, int64_t *end)
{
    *begin = a->lo[0];
    *end = a->lo[a->count - 1] + a->n[a->count - 1];
}
