/* Distinct texts, numbered in the order of their first appearance. A zeroed struct is empty. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct string_table {
    char *bytes; /* all texts, one after the other */
    size_t n_bytes, bytes_capacity;
    int64_t *offsets; /* (n + 1), of each text and the end; NULL while n is 0 */
    size_t n, offsets_capacity;
    uint32_t *slots; /* code + 1 by hash; 0: free */
    size_t n_slots;  /* a power of two, more than twice n */
} string_table;

/* Number of a text, which is added when it is new. ERR_MEMORY, ERR_LIMIT (2^31 texts). */
int string_table_code(string_table *t, const char *bytes, size_t n, uint32_t *code);
void string_table_free(string_table *t);
