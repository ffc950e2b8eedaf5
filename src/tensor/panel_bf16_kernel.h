/* Inner kernels of bf16 panel products; all give the same bits. Used by panel_bf16.c and its test. Local. */
#pragma once

#include "tensor/panel_bf16.h"
#include "tensor/panel_kernel.h"

/* The product of some rows with one panel. A word is a pair of numbers along k, the even k in its lower half. */
typedef struct panel_bf16_task {
    const uint16_t *a; /* (m, k), rows lda apart */
    int64_t lda, m, k;
    const uint32_t *columns;    /* the panel: ((k + 1) / 2, PANEL_COLUMNS) words, 64-byte aligned */
    int64_t n_columns;          /* of the panel that are stored, 1 .. PANEL_COLUMNS */
    const panel_finish *finish; /* of these columns; NULL: none */
    float *out;                 /* (m, n_columns), rows ldo apart */
    int64_t ldo;
} panel_bf16_task;

typedef struct panel_bf16_kernel {
    const char *name;
    enum isa isa;
    int (*supported)(void); /* the processor has what it needs, and its instruction gives the defined bits */
    void (*run)(const panel_bf16_task *task);
} panel_bf16_kernel;

extern const panel_bf16_kernel panel_bf16_kernel_plain;
#if defined(__x86_64__)
extern const panel_bf16_kernel panel_bf16_kernel_avx2, panel_bf16_kernel_avx512;
#endif

/* One pair of each into a sum, which is not subnormal: the definition. */
float panel_bf16_step(uint32_t a, uint32_t b, float sum);

/* Kernel i, fastest first, whether or not this processor has it; NULL behind the last. */
const panel_bf16_kernel *panel_bf16_kernel_at(size_t i);

/* The fastest that is supported and goes no further than isa_best(). */
const panel_bf16_kernel *panel_bf16_kernel_best(void);

/* panel_bf16_create with a kernel of the caller's choice, which must be supported. */
int panel_bf16_create_for(panel_bf16 **out, const float *b, int64_t n, int64_t k, const panel_bf16_kernel *kernel);
