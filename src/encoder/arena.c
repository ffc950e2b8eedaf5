#include "encoder/arena.h"

#include "base/memory.h"
#include "base/status.h"

enum { ALIGNMENT = 64 };

void *arena_take(arena *a, size_t n, size_t size)
{
    size_t bytes, end, at = a->used;
    if (at == SIZE_MAX || size_mul(n, size, &bytes) != OK || size_add(bytes, ALIGNMENT - 1, &bytes) != OK ||
        size_add(at, bytes / ALIGNMENT * ALIGNMENT, &end) != OK) {
        a->used = SIZE_MAX;
        return NULL;
    }
    a->used = end;
    return a->base ? a->base + at : NULL;
}
