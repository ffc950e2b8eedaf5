#include "codebook/kmeans_sums.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* |value * 2^24| < 2^40, so 2^22 vectors stay below 2^62 in the low limb */
enum { LOW_BITS = 20, CARRY_EVERY = 1 << 22, LIMB_BITS = 32 };
static const double units = 0x1p24;

int kmeans_sums_create(kmeans_sums *s, int64_t k, int64_t d, int64_t n_others)
{
    int rc = OK;
    size_t vectors, all;
    *s = (kmeans_sums){.k = k, .d = d, .n_others = n_others};
    TRY(size_mul((size_t)k, (size_t)d, &vectors));
    TRY(size_mul(2, vectors, &all));
    TRY(size_add(all, (size_t)k + (size_t)n_others, &all));
    TRY(MEM_ALLOC(s->all, all));
    s->n_all = all;
    s->low = s->all;
    s->high = s->low + vectors;
    s->counts = s->high + vectors;
    s->others = s->counts + k;
done:
    return rc;
}

void kmeans_sums_free(kmeans_sums *s)
{
    mem_free(&s->all);
    *s = (kmeans_sums){0};
}

void kmeans_sums_clear(kmeans_sums *s)
{
    memset(s->all, 0, s->n_all * sizeof *s->all);
    s->since_carry = 0;
}

static void carry(int64_t *low, int64_t *high, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t up = low[i] >> LOW_BITS; /* rounds down, also below zero */
        high[i] += up;
        low[i] -= up * ((int64_t)1 << LOW_BITS);
    }
}

/* Integers below 2^51 through the bits of a double near 1.5 * 2^52, whose last bit counts one: vectorises on every
 * processor. */
static inline int64_t integer_of(float x)
{
    const double near = 0x1.8p52;
    double shifted = (double)x * units + near;
    int64_t bits, base;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&base, &near, sizeof base);
    return bits - base;
}

void kmeans_sums_add(kmeans_sums *s, int64_t cluster, const float *x)
{
    int64_t *low = s->low + cluster * s->d;
    for (int64_t w = 0; w < s->d; w++) low[w] += integer_of(x[w]);
    s->counts[cluster]++;
    if (++s->since_carry < CARRY_EVERY) return;
    carry(s->low, s->high, (size_t)(s->k * s->d));
    s->since_carry = 0;
}

void kmeans_sums_subtract(kmeans_sums *s, int64_t cluster, const float *x)
{
    int64_t *low = s->low + cluster * s->d;
    for (int64_t w = 0; w < s->d; w++) low[w] -= integer_of(x[w]);
    s->counts[cluster]--;
    carry(low, s->high + cluster * s->d, (size_t)s->d);
}

void kmeans_sums_reduce(par *p, kmeans_sums *s)
{
    carry(s->low, s->high, (size_t)(s->k * s->d));
    par_sum(p, s->all, s->n_all);
    carry(s->low, s->high, (size_t)(s->k * s->d));
    s->since_carry = 0;
}

double kmeans_sums_mean_at(const kmeans_sums *s, int64_t cluster, int64_t w)
{
    int64_t i = cluster * s->d + w;
    __int128 sum = (__int128)s->high[i] * ((int64_t)1 << LOW_BITS) + s->low[i];
    return (double)sum / (double)s->counts[cluster] / units;
}

void kmeans_sums_mean(const kmeans_sums *s, int64_t cluster, float *mean)
{
    for (int64_t w = 0; w < s->d; w++) mean[w] = (float)kmeans_sums_mean_at(s, cluster, w);
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
