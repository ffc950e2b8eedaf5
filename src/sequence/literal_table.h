/* The literal texts of a template with their ids. An index file carries the table of its block:
 *
 *   /literals/ids u32, offsets i64 (n + 1)           ids of the text tokenizer
 *   /literals/text u8, text_offsets i64 (n + 1)      the texts, UTF-8
 *
 * Local. */
#pragma once

#include "store/h5.h"
#include "text/tokenizer.h"

typedef struct literal_table {
    text_tokenizer *text; /* borrowed; NULL: texts that are not there cannot be added */
    uint32_t *ids;
    char *bytes;
    int64_t *offsets, *text_offsets; /* (n + 1) into ids and bytes */
    size_t n, ids_capacity, bytes_capacity, offsets_capacity, text_capacity;
    uint32_t *slots; /* numbers + 1 by hash of the text */
    size_t n_slots;
} literal_table;

enum { LITERAL_TABLE_MAX = 1 << 20 };

int literal_table_make(literal_table *t, text_tokenizer *text); /* ERR_MEMORY */
void literal_table_free(literal_table *t);

/* Number of a text, which is tokenised and added when it is new. ERR_MISSING (new, and there is no tokenizer),
 * ERR_LIMIT (too many), ERR_MEMORY, errors of the tokenizer. */
int literal_table_find(literal_table *t, const char *text, size_t n, int64_t *number);

/* Tokens of literal `number`. */
static inline int64_t literal_table_length(const literal_table *t, int64_t number)
{
    return t->offsets[number + 1] - t->offsets[number];
}

/* Write to a file; add those of a file. ERR_CORRUPT (damaged, or other ids for a text that is there). */
int literal_table_save(const literal_table *t, h5_file *f);
int literal_table_load(literal_table *t, h5_file *f);
