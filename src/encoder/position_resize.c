#include "encoder/position_resize.h"

#include <math.h>

enum { TAPS = 4 };

/* Neighbours and weights of a place on an axis that is resized. */
typedef struct taps {
    int64_t at[TAPS];
    double weight[TAPS];
} taps;

static taps taps_of(int64_t place, int64_t from, int64_t to)
{
    const double a = -0.75;
    double s = (double)from / (double)to * ((double)place + 0.5) - 0.5, whole = floor(s), t = s - whole;
    taps r;
    for (int i = 0; i < TAPS; i++) {
        int64_t at = (int64_t)whole - 1 + i;
        double x = fabs(t + 1 - i);
        r.at[i] = at < 0 ? 0 : at >= from ? from - 1 : at;
        r.weight[i] = x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    }
    return r;
}

void position_resize(const float *from, int64_t side, int64_t width, int64_t rows, int64_t columns, float *to)
{
    for (int64_t y = 0; y < rows; y++)
        for (int64_t x = 0; x < columns; x++, to += width) {
            taps down = taps_of(y, side, rows), across = taps_of(x, side, columns);
            for (int64_t w = 0; w < width; w++) {
                double sum = 0;
                for (int i = 0; i < TAPS; i++) {
                    const float *row = from + down.at[i] * side * width + w;
                    double part = 0;
                    for (int j = 0; j < TAPS; j++) part += across.weight[j] * (double)row[across.at[j] * width];
                    sum += down.weight[i] * part;
                }
                to[w] = (float)sum;
            }
        }
}
