/* Inner kernels of panel products, one per instruction set; all give the same bits. Used by panel.c and its test.
 * Local. */
#pragma once

#include "tensor/isa.h"
#include "tensor/panel.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PANEL_COLUMNS = 48, /* outputs side by side in a panel: for each k 48 floats, zeros behind the last row of B */
    PANEL_BLOCK = 256   /* k per chain of fused multiply-adds */
};

/* One panel, one block of k (1 .. PANEL_BLOCK): for each of m rows of a (row stride lda) and the first n_columns (1 ..
 * 48) of the panel the chain of k multiply-adds from zero, which is stored in out (row stride ldo) or, with `add`,
 * added to it. */
typedef void panel_block(const float *a, int64_t lda, int64_t m, const float *columns, int64_t k, int64_t n_columns,
                         int add, float *out, int64_t ldo);

typedef struct panel_kernel {
    const char *name; /* that of `isa` */
    enum isa isa;
    panel_block *block;
} panel_kernel;

extern const panel_kernel panel_kernel_plain;
#if defined(__x86_64__)
extern const panel_kernel panel_kernel_avx2, panel_kernel_avx512;
#endif

/* Kernel i, fastest first, whether or not this processor has it; NULL behind the last. */
const panel_kernel *panel_kernel_at(size_t i);

/* The one of isa_best(). */
const panel_kernel *panel_kernel_best(void);

/* panel_create with a kernel of the caller's choice; the processor must have it. */
int panel_create_for(panel **out, const float *b, int64_t n, int64_t k, const panel_kernel *kernel);
