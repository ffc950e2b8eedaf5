/* Checked sizes and memory. Sizes that come from files go through size_mul and size_add before they are used. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* *out = a * b or a + b; ERR_LIMIT on overflow. Local. */
int size_mul(size_t a, size_t b, size_t *out);
int size_add(size_t a, size_t b, size_t *out);

/* Allocate n elements of `size` bytes, zeroed, aligned to 64 bytes; n = 0 gives a valid pointer. ERR_MEMORY on overflow
 * or when there is none. *out is NULL on error; the caller frees it with mem_free. Local. */
int mem_alloc(void **out, size_t n, size_t size);

/* The same, not zeroed: memory is taken page by page as it is written, so a size that a damaged header claims costs
 * nothing yet. */
int mem_reserve(void **out, size_t n, size_t size);

/* Grow *p, which holds *capacity elements, to hold at least `need`, at least doubling; the new part is not zeroed. *p
 * may be NULL with *capacity 0. On error *p and *capacity are unchanged. Free with mem_free. Local. */
int mem_grow(void **p, size_t *capacity, size_t need, size_t size);

/* Copy n bytes (mem_copy) or a string (mem_string) into new memory with a final zero byte. Local. */
int mem_copy(char **out, const void *bytes, size_t n);
int mem_string(char **out, const char *text);

/* printf into new memory. Local. */
int mem_format(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Free *p and set it to NULL; NULL is allowed. Local. */
void mem_free_at(void **p);
#define mem_free(p) mem_free_at((void **)(p))

/* Highest resident size of this process so far, bytes. Local. */
int64_t mem_peak(void);

#define MEM_ALLOC(pointer, n) mem_alloc((void **)&(pointer), (n), sizeof *(pointer))
#define MEM_RESERVE(pointer, n) mem_reserve((void **)&(pointer), (n), sizeof *(pointer))
#define MEM_GROW(pointer, capacity, need) mem_grow((void **)&(pointer), (capacity), (need), sizeof *(pointer))
