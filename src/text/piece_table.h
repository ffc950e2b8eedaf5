/* The pieces of a vocabulary: bytes of an id, and the id of bytes. A zeroed struct is empty and safe to free. All
 * Local.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PIECE_IDS_MAX = 1 << 21 }; /* ids are below */

typedef struct piece_table {
    char *bytes; /* of all pieces */
    size_t n_bytes, bytes_capacity;
    struct piece_place {
        size_t start, n;
    } * places; /* by id; ids without a piece have n = 0 */
    size_t n_ids, places_capacity;
    uint32_t *slots; /* id + 1; 0: empty */
    size_t n_slots, used;
} piece_table;

/* Give an id its piece. ERR_CONFIG when the id is too large, ERR_MEMORY. */
int piece_table_set(piece_table *t, uint32_t id, const char *bytes, size_t n);

/* Let piece_table_find find an id. Of equal pieces the first stays. ERR_MEMORY. */
int piece_table_index(piece_table *t, uint32_t id);

/* Id of these bytes among those indexed; -1 if there is none. */
int64_t piece_table_find(const piece_table *t, const char *bytes, size_t n);

/* Bytes of an id; n = 0 when it has none. */
const char *piece_table_get(const piece_table *t, uint32_t id, size_t *n);

void piece_table_free(piece_table *t);
