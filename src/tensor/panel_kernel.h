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

/* The product of some rows with one panel. */
typedef struct panel_task {
    const float *a; /* (m, k), rows lda apart */
    int64_t lda, m, k;
    const float *columns;       /* the panel: (k, PANEL_COLUMNS), 64-byte aligned */
    int64_t n_columns;          /* of the panel that are stored, 1 .. PANEL_COLUMNS */
    const panel_finish *finish; /* of these columns; NULL: none */
    float *out;                 /* (m, n_columns), rows ldo apart */
    int64_t ldo;
} panel_task;

typedef struct panel_kernel {
    const char *name; /* that of `isa` */
    enum isa isa;
    void (*run)(const panel_task *task);
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

/* Rows of `words` 4-byte words that are multiplied with all panels before the next rows, so that they stay in the
 * second-level cache; and the finish (NULL: NULL) of the tile that begins at a row and a column, in *part. */
int64_t panel_rows_at_once(int64_t words);
const panel_finish *panel_finish_at(const panel_finish *finish, int64_t row, int64_t column, panel_finish *part);
