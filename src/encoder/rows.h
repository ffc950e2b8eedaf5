/* Rows of numbers between the layers of a model: fp32, or bf16 where the model computes in bf16. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* One of the pointers is NULL. */
typedef struct rows {
    float *whole;
    uint16_t *half;
    int64_t stride; /* numbers from one row to the next */
} rows;

/* The rows from (row, column) on. */
static inline rows rows_at(rows r, int64_t row, int64_t column)
{
    int64_t by = row * r.stride + column;
    return (rows){r.whole ? r.whole + by : NULL, r.half ? r.half + by : NULL, r.stride};
}
