/* Position embeddings for another grid of patches. Local. */
#pragma once

#include <stdint.h>

/* from (side * side, width) -> to (rows * columns, width): bicubic as torch.nn.functional.interpolate without
 * antialiasing and with align_corners=False (A = -0.75, indices clamped to the border; UpSample.h of PyTorch), sums in
 * fp64, rounded once. */
void position_resize(const float *from, int64_t side, int64_t width, int64_t rows, int64_t columns, float *to);
