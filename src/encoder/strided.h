/* Views of a block of elements: whether they are contiguous, and copies that are. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Whether the elements of a view lie one behind the other in C order; strides in elements. */
int strided_is_contiguous(int n_dims, const int64_t *shape, const int64_t *strides);

/* Copy a view, whose first element is at `from`, to `to` in C order. All its elements must be there; `size` bytes each.
 */
void strided_gather(const uint8_t *from, size_t size, int n_dims, const int64_t *shape, const int64_t *strides,
                    uint8_t *to);
