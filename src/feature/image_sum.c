#include "feature/image_sum.h"

#include <string.h>

/* Round, clip to a byte, bring it to its place in the word. */
#define PLACE(sum, shift)                                                                                              \
    do {                                                                                                               \
        whole v = (whole)(sum) >> IMAGE_WEIGHT_BITS;                                                                   \
        v &= v > 0;                                                                                                    \
        v = (v & (v <= 255)) | ((v > 255) & 255);                                                                      \
        packed |= (words)v << (shift);                                                                                 \
    } while (0)

/* In vectors of `size` bytes as GCC and Clang have them. Sums are kept by place in the 32-bit word (0, 1, 2 and, with
 * `all`, 3), so that no byte has to change its lane. A macro, because compilers lower vectors in an inline function
 * before they know the target of its caller. */
#define DEFINE_SUM(name, attribute, size, all)                                                                         \
    attribute static void name(const uint8_t *in, size_t stride, size_t width, const int32_t *k, int32_t n,            \
                               uint8_t *out)                                                                           \
    {                                                                                                                  \
        typedef uint32_t words __attribute__((vector_size(size)));                                                     \
        typedef int32_t whole __attribute__((vector_size(size)));                                                      \
        for (size_t at = 0; at < width; at += (size)) {                                                                \
            const uint8_t *p = in + at;                                                                                \
            words four, s0 = {0}, s1, s2, s3, packed = {0};                                                            \
            s0 += 1 << (IMAGE_WEIGHT_BITS - 1);                                                                        \
            s1 = s2 = s3 = s0;                                                                                         \
            for (int32_t j = 0; j < n; j++, p += stride) {                                                             \
                const uint32_t weight = (uint32_t)k[j];                                                                \
                memcpy(&four, p, sizeof four);                                                                         \
                s0 += (four & 255) * weight;                                                                           \
                s1 += (four >> 8 & 255) * weight;                                                                      \
                s2 += (four >> 16 & 255) * weight;                                                                     \
                if (all) s3 += (four >> 24) * weight;                                                                  \
            }                                                                                                          \
            PLACE(s0, 0);                                                                                              \
            PLACE(s1, 8);                                                                                              \
            PLACE(s2, 16);                                                                                             \
            if (all) PLACE(s3, 24);                                                                                    \
            memcpy(out + at, &packed, sizeof packed);                                                                  \
        }                                                                                                              \
    }

DEFINE_SUM(plain_all, , 16, 1)
DEFINE_SUM(plain_of_three, , 16, 0)

static const image_sum plain = {"plain", ISA_PLAIN, plain_all, plain_of_three};

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))

DEFINE_SUM(avx2_all, AVX2, 32, 1)
DEFINE_SUM(avx2_of_three, AVX2, 32, 0)
DEFINE_SUM(avx512_all, AVX512, 64, 1)
DEFINE_SUM(avx512_of_three, AVX512, 64, 0)

static const image_sum avx2 = {"avx2", ISA_AVX2, avx2_all, avx2_of_three};
static const image_sum avx512 = {"avx512", ISA_AVX512, avx512_all, avx512_of_three};
static const image_sum *const variants[] = {&avx512, &avx2, &plain};
#else
static const image_sum *const variants[] = {&plain};
#endif

const image_sum *image_sum_at(size_t i) { return i < sizeof variants / sizeof *variants ? variants[i] : NULL; }

const image_sum *image_sum_best(void)
{
    size_t i = 0;
    while (variants[i]->isa > isa_best()) i++;
    return variants[i];
}

uint8_t image_sum_one(const uint8_t *in, size_t stride, const int32_t *k, int32_t n)
{
    int32_t sum = 1 << (IMAGE_WEIGHT_BITS - 1);
    for (int32_t j = 0; j < n; j++) sum += in[(size_t)j * stride] * k[j];
    sum >>= IMAGE_WEIGHT_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}
