/* Where the parts of a panel lie; used by the kernels of tensor/panel8.h. Local. */
#pragma once

#include "tensor/panel8.h"

enum { PANEL8_Z_AT = PANEL8_COLUMNS * 4, PANEL8_FLOATS_AT = PANEL8_COLUMNS * 8 };

static inline const int32_t *panel8_start(const void *panel) { return panel; }
static inline const float *panel8_z(const void *panel) { return (const float *)((const char *)panel + PANEL8_Z_AT); }
static inline const float *panel8_floats(const void *panel)
{
    return (const float *)((const char *)panel + PANEL8_FLOATS_AT);
}
static inline const int8_t *panel8_bytes(const panel8_layout *l, const void *panel)
{
    return (const int8_t *)panel + PANEL8_FLOATS_AT + (size_t)l->n_floats * PANEL8_COLUMNS * sizeof(float);
}

extern const panel8_kernel panel8_plain;
#if defined(__x86_64__)
extern const panel8_kernel panel8_avx2, panel8_avx512;
#endif
