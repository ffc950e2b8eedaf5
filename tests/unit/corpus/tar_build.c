#include "tar_build.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, SUM = 148, SUM_N = 8 };

static uint8_t *grow(tar_build *t, size_t n)
{
    if (MEM_GROW(t->bytes, &t->capacity, t->n + n + 1) != 0) abort();
    memset(t->bytes + t->n, 0, n);
    t->n += n;
    return t->bytes + t->n - n;
}

void tar_build_sum(tar_build *t, size_t header)
{
    uint8_t *h = t->bytes + header;
    unsigned sum = 0;
    memset(h + SUM, ' ', SUM_N);
    for (int i = 0; i < BLOCK; i++) sum += h[i];
    snprintf((char *)h + SUM, SUM_N, "%06o", sum);
}

size_t tar_build_add(tar_build *t, const char *name, char type, const void *data, size_t n)
{
    size_t at = t->n;
    uint8_t *h = grow(t, BLOCK);
    memcpy(h, name, strnlen(name, 100));
    snprintf((char *)h + 100, 8, "%07o", 0644);
    snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)n);
    h[156] = (uint8_t)type;
    memcpy(h + 257, "ustar\00000", 8);
    tar_build_sum(t, at);
    if (n) memcpy(grow(t, (n + BLOCK - 1) / BLOCK * BLOCK), data, n);
    return at;
}

size_t tar_build_file(tar_build *t, const char *name, const char *text)
{
    return tar_build_add(t, name, '0', text, strlen(text));
}

void tar_build_pax(tar_build *t, const char *key, const char *value)
{
    char *record = NULL;
    size_t body = strlen(key) + strlen(value) + 3, length = body + 1, digits = 0;
    while (digits != (size_t)snprintf(NULL, 0, "%zu", length)) { /* the length counts its own digits */
        digits = (size_t)snprintf(NULL, 0, "%zu", length);
        length = body + digits;
    }
    if (mem_format(&record, "%zu %s=%s\n", length, key, value) != 0) abort();
    tar_build_add(t, "PaxHeader", 'x', record, strlen(record));
    mem_free(&record);
}

void tar_build_end(tar_build *t) { grow(t, 2 * BLOCK); }
