/* Memory that is first measured, then taken from one block: the same code runs twice. Pieces are aligned to 64 bytes.
 * Local. */
#pragma once

#include <stddef.h>

typedef struct arena {
    char *base;  /* NULL: only measured */
    size_t used; /* bytes; SIZE_MAX once they are more than a size_t holds */
} arena;

/* Room for n elements of `size` bytes; NULL while measuring, or when the sum overflows. */
void *arena_take(arena *a, size_t n, size_t size);

#define ARENA_TAKE(a, pointer, n) ((pointer) = arena_take((a), (size_t)(n), sizeof *(pointer)))
