#include "codebook/kmeans_masses.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/filter_parts.h"

#include <math.h>
#include <string.h>

enum { SUM_BITS = 62, BLOCK = 512 };

/* Vectors from which each mass lies below 2^50, since the sum lies below 2^62. */
enum { MANY = 1 << 12 };

int kmeans_masses_create(kmeans_masses *m, int64_t n, int64_t d, int64_t n_trials)
{
    int rc = OK;
    size_t size;
    *m = (kmeans_masses){.n = n, .d = d, .n_trials = n_trials};
    m->n_parts = (n + KMEANS_MASS_PART - 1) / KMEANS_MASS_PART;
    TRY(MEM_ALLOC(m->parts, (size_t)m->n_parts));
    TRY(MEM_ALLOC(m->lengths, (size_t)n));
    TRY(MEM_ALLOC(m->mass, (size_t)n));
    TRY(MEM_ALLOC(m->blocks, (size_t)(n / BLOCK + 1)));
    TRY(MEM_ALLOC(m->trial_lengths, (size_t)n_trials));
    TRY(size_mul((size_t)n, (size_t)n_trials, &size));
    TRY(MEM_ALLOC(m->products, size));
    for (int64_t i = 0; i < n; i++) m->mass[i] = INT64_MAX;
done:
    return rc;
}

void kmeans_masses_free(kmeans_masses *m)
{
    for (int64_t part = 0; m->parts && part < m->n_parts; part++) panel_free(&m->parts[part]);
    mem_free(&m->parts);
    mem_free(&m->lengths);
    mem_free(&m->mass);
    mem_free(&m->blocks);
    mem_free(&m->trial_lengths);
    mem_free(&m->products);
    *m = (kmeans_masses){0};
}

static int64_t part_size(const kmeans_masses *m, int64_t part)
{
    int64_t left = m->n - part * KMEANS_MASS_PART;
    return left < KMEANS_MASS_PART ? left : KMEANS_MASS_PART;
}

/* The chain of a panel product of x with itself (tensor/panel.h). */
static float chained_length(const float *x, int64_t d)
{
    float sum = 0;
    for (int64_t first = 0; first < d; first += 256) {
        float chain = 0;
        for (int64_t w = first; w < d && w < first + 256; w++) chain = fmaf(x[w], x[w], chain);
        sum = first ? sum + chain : chain;
    }
    return sum;
}

int kmeans_masses_load(kmeans_masses *m, int64_t part, const float *x)
{
    int64_t n = part_size(m, part);
    for (int64_t i = 0; i < n; i++) m->lengths[part * KMEANS_MASS_PART + i] = chained_length(x + i * m->d, m->d);
    return panel_create(&m->parts[part], x, n, m->d);
}

double kmeans_masses_longest(const kmeans_masses *m)
{
    double longest = 0;
    for (int64_t i = 0; i < m->n; i++) longest = fmax(longest, m->lengths[i]);
    return longest;
}

void kmeans_masses_scale(kmeans_masses *m, int64_t n_all, double longest)
{
    int exponent = 0;
    frexp(4.01 * longest * (double)n_all, &exponent);
    m->scale = ldexp(1, SUM_BITS - exponent);
    m->small = n_all >= MANY;
}

/* Mass of a vector if a trial of this length and product with it became a seed. */
static inline int64_t mass_with(float own, double length, float product, double scale, int64_t mass)
{
    double distance = (double)own + length - 2 * (double)product;
    int64_t with = distance > 0 ? (int64_t)(distance * scale) : 0;
    return with < mass ? with : mass;
}

static inline int64_t bits_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double double_of(int64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The same where it is below 2^51, without branches and conversions, so that it vectorises on every processor. Doubles
 * that are not negative are ordered as their bits. Near 2^52 the last bit of a double counts one: the sum is rounded to
 * nearest, and one is taken away where that was up. */
static inline int64_t small_mass_with(float own, double length, float product, double scale, int64_t mass)
{
    const double near = 0x1p52;
    int64_t bits = bits_of(((double)own + length - 2 * (double)product) * scale);
    int64_t scaled = bits & ~(bits >> 63); /* zero where negative */
    double shifted = double_of(scaled) + near;
    int64_t with = bits_of(shifted) - bits_of(near) - (bits_of(shifted - near) > scaled);
    return with < mass ? with : mass;
}

FILTER_VARIANTS static int64_t sum_small(const float *own, const float *products, const int64_t *mass, int64_t n,
                                         double length, double scale)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += small_mass_with(own[i], length, products[i], scale, mass[i]);
    return sum;
}

FILTER_VARIANTS static int64_t take_small(const float *own, const float *products, int64_t *mass, int64_t n,
                                          double length, double scale)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += mass[i] = small_mass_with(own[i], length, products[i], scale, mass[i]);
    return sum;
}

/* Sum over vectors first .. first + n - 1 of the masses that trial t would leave. */
static int64_t sum_with(const kmeans_masses *m, int64_t t, int64_t first, int64_t n)
{
    const float *own = m->lengths + first, *products = m->products + t * m->n + first;
    const int64_t *mass = m->mass + first;
    double length = m->trial_lengths[t];
    int64_t sum = 0;
    if (m->small) return sum_small(own, products, mass, n, length, m->scale);
    for (int64_t i = 0; i < n; i++) sum += mass_with(own[i], length, products[i], m->scale, mass[i]);
    return sum;
}

void kmeans_masses_try(kmeans_masses *m, const float *trials, int64_t n, int64_t *sums)
{
    memset(sums, 0, (size_t)n * sizeof *sums);
    for (int64_t t = 0; t < n; t++) m->trial_lengths[t] = chained_length(trials + t * m->d, m->d);
    for (int64_t part = 0; part < m->n_parts; part++) {
        int64_t first = part * KMEANS_MASS_PART;
        panel_layer(m->parts[part], trials, m->d, n, NULL, m->products + first, m->n);
        for (int64_t t = 0; t < n; t++) sums[t] += sum_with(m, t, first, part_size(m, part));
    }
}

void kmeans_masses_take(kmeans_masses *m, int64_t t)
{
    double length = m->trial_lengths[t];
    for (int64_t i = 0; i < m->n; i += BLOCK) {
        const float *own = m->lengths + i, *products = m->products + t * m->n + i;
        int64_t n = m->n - i < BLOCK ? m->n - i : BLOCK, *mass = m->mass + i, sum = 0;
        if (m->small)
            sum = take_small(own, products, mass, n, length, m->scale);
        else
            for (int64_t v = 0; v < n; v++) sum += mass[v] = mass_with(own[v], length, products[v], m->scale, mass[v]);
        m->blocks[i / BLOCK] = sum;
    }
}

int64_t kmeans_masses_find(const kmeans_masses *m, int64_t target)
{
    int64_t b = 0, i;
    while (target >= m->blocks[b]) target -= m->blocks[b++];
    for (i = b * BLOCK; target >= m->mass[i]; i++) target -= m->mass[i];
    return i;
}
