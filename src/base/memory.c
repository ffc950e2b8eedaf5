#include "base/memory.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Blocks of this size begin and end with large pages. */
enum { HUGE_PAGE = 1 << 21, HUGE_FROM = 8 * HUGE_PAGE };

int size_mul(size_t a, size_t b, size_t *out)
{
    int rc = OK;
    if (__builtin_mul_overflow(a, b, out)) FAIL(ERR_LIMIT, "size %zu x %zu is too large", a, b);
done:
    return rc;
}

int size_add(size_t a, size_t b, size_t *out)
{
    int rc = OK;
    if (__builtin_add_overflow(a, b, out)) FAIL(ERR_LIMIT, "size %zu + %zu is too large", a, b);
done:
    return rc;
}

int mem_reserve(void **out, size_t n, size_t size)
{
    int rc = OK;
    size_t total;
    *out = NULL;
    if (__builtin_mul_overflow(n, size, &total) || total > SIZE_MAX / 2 - 64)
        FAIL(ERR_MEMORY, "no memory for %zu elements of %zu bytes", n, size);
    size_t unit = total < HUGE_FROM ? 64 : HUGE_PAGE;
    total = (total + unit - 1) / unit * unit;
    *out = aligned_alloc(total < HUGE_FROM ? 64 : HUGE_PAGE, total ? total : 64);
    if (!*out) FAIL(ERR_MEMORY, "no memory for %zu bytes", total);
    if (total >= HUGE_FROM) madvise(*out, total, MADV_HUGEPAGE); /* fewer faults; no matter if refused */
done:
    return rc;
}

int mem_alloc(void **out, size_t n, size_t size)
{
    int rc = mem_reserve(out, n, size);
    if (rc == OK) memset(*out, 0, n * size);
    return rc;
}

int mem_grow(void **p, size_t *capacity, size_t need, size_t size)
{
    int rc = OK;
    if (need <= *capacity) return OK;
    size_t n = *capacity < 16 ? 16 : *capacity, bytes, old = *capacity * size;
    while (n < need) {
        if (n > SIZE_MAX / 2) FAIL(ERR_MEMORY, "no memory for %zu elements", need);
        n *= 2;
    }
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2 - 64)
        FAIL(ERR_MEMORY, "no memory for %zu elements of %zu bytes", n, size);
    void *q = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!q) FAIL(ERR_MEMORY, "no memory for %zu bytes", bytes);
    if (*p) memcpy(q, *p, old);
    free(*p);
    *p = q;
    *capacity = n;
done:
    return rc;
}

int mem_copy(char **out, const void *bytes, size_t n)
{
    int rc = OK;
    TRY(mem_alloc((void **)out, n + 1, 1));
    if (n) memcpy(*out, bytes, n);
    (*out)[n] = 0;
done:
    return rc;
}

int mem_string(char **out, const char *text) { return mem_copy(out, text, strlen(text)); }

int mem_format(char **out, const char *format, ...)
{
    int rc = OK;
    va_list args;
    *out = NULL;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) FAIL(ERR_INTERNAL, "cannot format a text");
    TRY(mem_alloc((void **)out, (size_t)n + 1, 1));
    va_start(args, format);
    vsnprintf(*out, (size_t)n + 1, format, args);
    va_end(args);
done:
    return rc;
}

void mem_free_at(void **p)
{
    free(*p);
    *p = NULL;
}

int64_t mem_peak(void)
{
    struct rusage use;
    return getrusage(RUSAGE_SELF, &use) == 0 ? (int64_t)use.ru_maxrss * 1024 : 0;
}
