/* The horizontal pass takes 16 rows at a time and turns them, so that the 16 pixels of one column lie side by side, 4
 * bytes each; then both passes are the same: many independent sums side by side, one weight for all. */
#include "feature/image_pass.h"

#include "base/memory.h"

#include <string.h>

enum { ROWS = 16, PIXEL = 4, COLUMN = ROWS * PIXEL };
_Static_assert(ROWS *PIXEL == (int)IMAGE_SUM_GROUP, "a column is one group of sums");

void image_pass_vertical(const image_axis *a, const image_sum *sum, const uint8_t *in, size_t in_stride, size_t width,
                         uint8_t *out, size_t out_stride)
{
    const size_t even = width / IMAGE_SUM_GROUP * IMAGE_SUM_GROUP;
    for (int64_t y = 0; y < a->count; y++) {
        const uint8_t *from = in + (size_t)(a->lo[y] - a->lo[0]) * in_stride;
        const int32_t *k = a->k + (size_t)y * a->taps, n = a->n[y];
        uint8_t *to = out + (size_t)y * out_stride;
        sum->all(from, in_stride, even, k, n, to);
        for (size_t x = even; x < width; x++) to[x] = image_sum_one(from + x, in_stride, k, n);
    }
}

/* Turn rows of RGB: pixel x of row r to column x, bytes 4 r to 4 r + 2. The fourth byte may be anything. Rows behind
 * the last repeat it. */
static void turn(const uint8_t *in, size_t stride, int64_t rows, int64_t begin, int64_t end, uint8_t *columns)
{
    const uint8_t *row[ROWS];
    for (int64_t r = 0; r < ROWS; r++) row[r] = in + (size_t)(r < rows ? r : rows - 1) * stride;
    for (int64_t x = begin; x < end - 1; x++, columns += COLUMN)
        for (int r = 0; r < ROWS; r++) memcpy(columns + PIXEL * r, row[r] + 3 * x, PIXEL);
    for (int r = 0; r < ROWS; r++) {
        memcpy(columns + PIXEL * r, row[r] + 3 * (end - 1), 3);
        columns[PIXEL * r + 3] = 0;
    }
}

/* A column back to one pixel of each row. Four bytes are quicker than three, and the next pixel overwrites the fourth.
 */
static void turn_back(const uint8_t *column, int64_t rows, uint8_t *out, size_t stride)
{
    for (int64_t r = 0; r < rows; r++) memcpy(out + (size_t)r * stride, column + PIXEL * r, PIXEL);
}

static void turn_back_last(const uint8_t *column, int64_t rows, uint8_t *out, size_t stride)
{
    for (int64_t r = 0; r < rows; r++) memcpy(out + (size_t)r * stride, column + PIXEL * r, 3);
}

static void sum_columns(const image_axis *a, const image_sum *sum, const uint8_t *columns, int64_t rows, uint8_t *out,
                        size_t stride)
{
    uint8_t column[COLUMN];
    for (int64_t x = 0; x < a->count; x++) {
        const uint8_t *from = columns + (size_t)(a->lo[x] - a->lo[0]) * COLUMN;
        sum->of_three(from, COLUMN, COLUMN, a->k + (size_t)x * a->taps, a->n[x], column);
        if (x + 1 < a->count)
            turn_back(column, rows, out + 3 * x, stride);
        else
            turn_back_last(column, rows, out + 3 * x, stride);
    }
}

int image_pass_scratch(const image_axis *a, size_t *n)
{
    int64_t begin, end;
    image_axis_span(a, &begin, &end);
    return size_mul((size_t)(end - begin), COLUMN, n);
}

void image_pass_horizontal(const image_axis *a, const image_sum *sum, const uint8_t *in, size_t in_stride, int64_t rows,
                           uint8_t *scratch, uint8_t *out, size_t out_stride)
{
    int64_t begin, end;
    image_axis_span(a, &begin, &end);
    for (int64_t y = 0; y < rows; y += ROWS) {
        int64_t n = rows - y < ROWS ? rows - y : ROWS;
        turn(in + (size_t)y * in_stride, in_stride, n, begin, end, scratch);
        sum_columns(a, sum, scratch, n, out + (size_t)y * out_stride, out_stride);
    }
}
