#include "feature/resample_dot.h"

#include <string.h>

/* Vectors of GCC and Clang: eight lanes, folded to four for each output; then the four outputs change places with the
 * lanes, and are added side by side. A macro, because compilers lower vectors in an inline function before they know
 * the target of its caller. */
#define LOAD(v, p) memcpy(&(v), (p), sizeof(v))
#define DEFINE_DOT(function, attribute)                                                                                \
    attribute static void function(const float *const h[DOT_OUTPUTS], const float *const x[DOT_OUTPUTS], size_t n,     \
                                   float out[DOT_OUTPUTS])                                                             \
    {                                                                                                                  \
        typedef float eight __attribute__((vector_size(32)));                                                          \
        typedef float four __attribute__((vector_size(16)));                                                           \
        const float *h0 = h[0], *h1 = h[1], *h2 = h[2], *h3 = h[3], *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];    \
        eight s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, a, b;                                                            \
        for (size_t k = 0; k < n; k += DOT_LANES) {                                                                    \
            LOAD(a, h0 + k), LOAD(b, x0 + k), s0 += a * b;                                                             \
            LOAD(a, h1 + k), LOAD(b, x1 + k), s1 += a * b;                                                             \
            LOAD(a, h2 + k), LOAD(b, x2 + k), s2 += a * b;                                                             \
            LOAD(a, h3 + k), LOAD(b, x3 + k), s3 += a * b;                                                             \
        }                                                                                                              \
        four f0, f1, f2, f3;                                                                                           \
        FOLD(f0, s0);                                                                                                  \
        FOLD(f1, s1);                                                                                                  \
        FOLD(f2, s2);                                                                                                  \
        FOLD(f3, s3);                                                                                                  \
        four p = SHUFFLE(f0, f1, 0, 4, 1, 5), q = SHUFFLE(f0, f1, 2, 6, 3, 7);                                         \
        four r = SHUFFLE(f2, f3, 0, 4, 1, 5), t = SHUFFLE(f2, f3, 2, 6, 3, 7);                                         \
        four even = p + q, odd = r + t; /* (0+2, 0+2, 1+3, 1+3) of two outputs each */                                 \
        four sums = SHUFFLE(even, odd, 0, 1, 4, 5) + SHUFFLE(even, odd, 2, 3, 6, 7);                                   \
        memcpy(out, &sums, sizeof sums);                                                                               \
    }
#define FOLD(f, s)                                                                                                     \
    do {                                                                                                               \
        four low, high;                                                                                                \
        memcpy(&low, &(s), sizeof low);                                                                                \
        memcpy(&high, (const char *)&(s) + sizeof low, sizeof high);                                                   \
        (f) = low + high;                                                                                              \
    } while (0)
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)

DEFINE_DOT(dot_plain, )
static const resample_dot plain = {"plain", ISA_PLAIN, dot_plain};

#if defined(__x86_64__)
DEFINE_DOT(dot_avx2, __attribute__((target("avx2"))))
DEFINE_DOT(dot_avx512, __attribute__((target("avx512f,avx512vl"))))
static const resample_dot avx2 = {"avx2", ISA_AVX2, dot_avx2};
static const resample_dot avx512 = {"avx512", ISA_AVX512, dot_avx512};
static const resample_dot *const variants[] = {&avx512, &avx2, &plain};
#else
static const resample_dot *const variants[] = {&plain};
#endif

const resample_dot *resample_dot_at(size_t i) { return i < sizeof variants / sizeof *variants ? variants[i] : NULL; }

const resample_dot *resample_dot_best(void)
{
    size_t i = 0;
    while (variants[i]->isa > isa_best()) i++;
    return variants[i];
}
