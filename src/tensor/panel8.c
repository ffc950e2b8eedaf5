#include "tensor/panel8.h"

#include "tensor/panel8_kernel.h"

#include <string.h>

static const panel8_kernel *const kernels[] = {
#if defined(__x86_64__)
    &panel8_avx512,
    &panel8_avx2,
#endif
    &panel8_plain,
};
enum { N_KERNELS = sizeof kernels / sizeof *kernels };

const panel8_kernel *panel8_kernel_at(size_t i) { return i < N_KERNELS ? kernels[i] : NULL; }

int panel8_kernel_usable(const panel8_kernel *k)
{
    return k->isa <= isa_best() && (k->isa != ISA_AVX512 || isa_vnni());
}

const panel8_kernel *panel8_kernel_best(void)
{
    size_t i = 0;
    while (!panel8_kernel_usable(kernels[i])) i++;
    return kernels[i];
}

panel8_layout panel8_layout_of(int64_t depth, int64_t n_floats)
{
    panel8_layout l = {.words = (depth + 3) / 4, .n_floats = n_floats};
    l.bytes = PANEL8_FLOATS_AT + (size_t)n_floats * PANEL8_COLUMNS * sizeof(float) +
              (size_t)l.words * PANEL8_COLUMNS * sizeof(int32_t);
    return l;
}

void panel8_pack(const panel8_layout *l, const int8_t *p, int64_t n, int64_t depth, const float *z, const float *f,
                 void *panel)
{
    int32_t *start = panel;
    int8_t *words = (int8_t *)(uintptr_t)panel8_bytes(l, panel);
    memset(panel, 0, l->bytes);
    memcpy((char *)panel + PANEL8_Z_AT, z, PANEL8_COLUMNS * sizeof *z);
    memcpy((char *)panel + PANEL8_FLOATS_AT, f, (size_t)l->n_floats * PANEL8_COLUMNS * sizeof *f);
    for (int64_t j = 0; j < n; j++) {
        int32_t sum = 0;
        for (int64_t w = 0; w < depth; w++) {
            words[w / 4 * 4 * PANEL8_COLUMNS + j * 4 + w % 4] = p[j * depth + w];
            sum += p[j * depth + w];
        }
        start[j] = -128 * sum;
    }
}
