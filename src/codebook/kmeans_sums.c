#include "codebook/kmeans_sums.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/filter_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* |value * units| < 2^40, so 2^22 vectors stay below 2^62 in the low limb */
enum { LOW_BITS = 20, CARRY_EVERY = 1 << 22, LIMB_BITS = 32 };

double kmeans_units_for(double largest)
{
    int exponent = 0;
    frexp(largest, &exponent);
    return ldexp(1, 39 - exponent);
}

int kmeans_sums_create(kmeans_sums *s, int64_t k, int64_t d, double units, int64_t n_vectors)
{
    int rc = OK;
    size_t size;
    *s = (kmeans_sums){.k = k, .d = d, .units = units, .wide = n_vectors > CARRY_EVERY};
    TRY(size_mul((size_t)k, (size_t)d, &size));
    TRY(MEM_ALLOC(s->low, size));
    TRY(MEM_ALLOC(s->change, size));
    if (s->wide) TRY(MEM_ALLOC(s->high, size));
    if (s->wide) TRY(MEM_ALLOC(s->change_high, size));
    TRY(MEM_ALLOC(s->counts, (size_t)k));
    TRY(MEM_ALLOC(s->change_counts, (size_t)k));
    TRY(MEM_ALLOC(s->touched, (size_t)k));
    TRY(MEM_ALLOC(s->message, 2 * (size_t)k + KMEANS_MAX_OTHERS));
done:
    return rc;
}

void kmeans_sums_free(kmeans_sums *s)
{
    mem_free(&s->low);
    mem_free(&s->high);
    mem_free(&s->counts);
    mem_free(&s->change);
    mem_free(&s->change_high);
    mem_free(&s->change_counts);
    mem_free(&s->touched);
    mem_free(&s->message);
    *s = (kmeans_sums){0};
}

static void clear_changes(kmeans_sums *s)
{
    size_t bytes = (size_t)s->d * sizeof *s->change;
    for (int64_t c = 0; c < s->k; c++) {
        if (!s->touched[c]) continue;
        memset(s->change + c * s->d, 0, bytes);
        if (s->wide) memset(s->change_high + c * s->d, 0, bytes);
    }
    memset(s->change_counts, 0, (size_t)s->k * sizeof *s->change_counts);
    s->since_carry = 0;
}

void kmeans_sums_clear(kmeans_sums *s)
{
    size_t bytes = (size_t)(s->k * s->d) * sizeof *s->low;
    clear_changes(s);
    memset(s->touched, 0, (size_t)s->k * sizeof *s->touched);
    memset(s->low, 0, bytes);
    if (s->wide) memset(s->high, 0, bytes);
    memset(s->counts, 0, (size_t)s->k * sizeof *s->counts);
}

FILTER_VARIANTS static void carry(int64_t *low, int64_t *high, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t up = low[i] >> LOW_BITS; /* rounds down, also below zero */
        high[i] += up;
        low[i] -= up * ((int64_t)1 << LOW_BITS);
    }
}

/* Integers below 2^51 through the bits of a double near 1.5 * 2^52, whose last bit counts one: vectorises on every
 * processor, and rounds to nearest even. */
static inline int64_t integer_of(float x, double units)
{
    const double near = 0x1.8p52;
    double shifted = (double)x * units + near;
    int64_t bits, base;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&base, &near, sizeof base);
    return bits - base;
}

FILTER_VARIANTS static void add_row(int64_t *sum, const float *x, int64_t d, double units, int64_t weight)
{
    if (weight == 1)
        for (int64_t w = 0; w < d; w++) sum[w] += integer_of(x[w], units);
    else if (weight == -1)
        for (int64_t w = 0; w < d; w++) sum[w] -= integer_of(x[w], units);
    else
        for (int64_t w = 0; w < d; w++) sum[w] += integer_of(x[w], units) * weight;
}

void kmeans_sums_add(kmeans_sums *s, int64_t cluster, const float *x, int64_t weight)
{
    int64_t most = weight < 0 ? -CARRY_EVERY / 2 : CARRY_EVERY / 2;
    s->touched[cluster] = 1;
    s->change_counts[cluster] += weight;
    while (weight) {
        int64_t part = llabs(weight) < CARRY_EVERY / 2 ? weight : most;
        if (s->wide && s->since_carry + llabs(part) > CARRY_EVERY) {
            carry(s->change, s->change_high, s->k * s->d);
            s->since_carry = 0;
        }
        add_row(s->change + cluster * s->d, x, s->d, s->units, part);
        s->since_carry += llabs(part);
        weight -= part;
    }
}

FILTER_VARIANTS static void add_each(int64_t *sum, const int64_t *change, int64_t n)
{
    for (int64_t i = 0; i < n; i++) sum[i] += change[i];
}

/* Rows of clusters that somebody touched, side by side; returns how many. */
static int64_t gather_rows(const kmeans_sums *s, int64_t *rows)
{
    int64_t n = 0;
    for (int64_t c = 0; c < s->k; c++)
        if (s->touched[c]) {
            if (n != c) memmove(rows + n * s->d, rows + c * s->d, (size_t)s->d * sizeof *rows);
            n++;
        }
    return n;
}

/* Gathered rows onto the totals of their clusters; they become zero. */
static void scatter_rows(const kmeans_sums *s, int64_t *rows, int64_t *totals)
{
    int64_t n = 0;
    for (int64_t c = 0; c < s->k; c++)
        if (s->touched[c]) add_each(totals + c * s->d, rows + n++ * s->d, s->d);
    memset(rows, 0, (size_t)(n * s->d) * sizeof *rows);
}

static void sum_over_ranks(par *p, par_node *node, int64_t *values, int64_t n)
{
    if (node)
        par_node_sum(node, values, (size_t)n);
    else
        par_sum(p, values, (size_t)n);
}

void kmeans_sums_reduce(par *p, par_node *node, kmeans_sums *s, int64_t *others, int64_t n_others)
{
    size_t k = (size_t)s->k;
    memcpy(s->message, s->change_counts, k * sizeof *s->message);
    memcpy(s->message + k, s->touched, k * sizeof *s->message);
    memcpy(s->message + 2 * k, others, (size_t)n_others * sizeof *s->message);
    par_sum(p, s->message, 2 * k + (size_t)n_others);
    memcpy(s->touched, s->message + k, k * sizeof *s->message);
    memcpy(others, s->message + 2 * k, (size_t)n_others * sizeof *s->message);
    add_each(s->counts, s->message, s->k);
    if (s->wide) carry(s->change, s->change_high, s->k * s->d);
    int64_t n = gather_rows(s, s->change);
    sum_over_ranks(p, node, s->change, n * s->d);
    scatter_rows(s, s->change, s->low);
    if (s->wide) {
        gather_rows(s, s->change_high);
        sum_over_ranks(p, node, s->change_high, n * s->d);
        scatter_rows(s, s->change_high, s->high);
        for (int64_t c = 0; c < s->k; c++)
            if (s->touched[c]) carry(s->low + c * s->d, s->high + c * s->d, s->d);
    }
    clear_changes(s);
    memset(s->touched, 0, k * sizeof *s->touched);
}

double kmeans_sums_at(const kmeans_sums *s, int64_t cluster, int64_t w)
{
    int64_t i = cluster * s->d + w;
    return s->wide ? (double)((__int128)s->high[i] * ((int64_t)1 << LOW_BITS) + s->low[i]) : (double)s->low[i];
}

/* (double)n of an int64 is rounded once, as that of an __int128 is: both give the same mean. */
FILTER_VARIANTS static void narrow_mean(const int64_t *sum, int64_t d, double count, double units, float *mean)
{
    for (int64_t w = 0; w < d; w++) mean[w] = (float)((double)sum[w] / count / units);
}

void kmeans_sums_mean(const kmeans_sums *s, int64_t cluster, float *mean)
{
    double count = (double)s->counts[cluster];
    if (!s->wide) narrow_mean(s->low + cluster * s->d, s->d, count, s->units, mean);
    for (int64_t w = 0; s->wide && w < s->d; w++) mean[w] = (float)(kmeans_sums_at(s, cluster, w) / count / s->units);
}

void kmeans_split(__int128 value, int64_t limbs[KMEANS_LIMBS])
{
    const uint32_t mask = UINT32_MAX;
    limbs[0] = (int64_t)((uint64_t)value & mask);
    limbs[1] = (int64_t)((uint64_t)(value >> LIMB_BITS) & mask);
    limbs[2] = (int64_t)(value >> 2 * LIMB_BITS);
}

__int128 kmeans_join(const int64_t limbs[KMEANS_LIMBS])
{
    const __int128 one = (__int128)1 << LIMB_BITS;
    return (limbs[2] * one + limbs[1]) * one + limbs[0];
}
