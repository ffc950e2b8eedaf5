/* Rows as bytes: a record of fixed size, and the texts of the row one after the other. In segments and runs the texts
 * follow their record (an "entry", padded to 8 bytes); in the index they lie in a file of their own. Each record has a
 * hash of itself and its texts, so damage is seen when a row is read. All Local. */
#pragma once

#include "corpus/row.h"

#include "base/hash.h"

/* Flags of a record. */
enum {
    ROW_GROUP_IS_ID = 1, /* the group is not stored again */
    ROW_CAPTION_FILE =
        2 /* segments only: FIELD_TEXT is the path of a file (relative to the root) that holds the text */
};

typedef struct row_record {
    int64_t row, order;
    int32_t split, status;
    double offset_s, duration_s, rate_hz;
    int64_t size[N_MEDIA], mtime_ns[N_MEDIA], tar_offset[N_MEDIA];
    int64_t audio_frames;
    int32_t audio_rate_hz, audio_channels;
    int64_t image_width, image_height;
    int64_t text_start; /* in the file of texts; 0 in an entry */
    uint32_t text_n[N_FIELDS];
    uint32_t flags;
    uint64_t check;
} row_record;
_Static_assert(sizeof(row_record) == 224, "the layout of a record is part of the file format");

/* A growing block of bytes. A zeroed one is empty; free `bytes` with mem_free. */
typedef struct byte_buffer {
    uint8_t *bytes;
    size_t n, capacity;
} byte_buffer;

/* Append the entry of a row. A control of sizes: a text of 4 GiB or more is ERR_LIMIT; ERR_MEMORY. */
int row_encode(const corpus_row *row, uint32_t flags, byte_buffer *out);

/* Check the entry at `entry` (8-byte aligned), of which at most `left` bytes are there; *n is its size. ERR_CORRUPT. */
int row_entry_check(const uint8_t *entry, size_t left, size_t *n);

/* The row of a record whose texts are at `texts`; the views point there. The entry or record was checked. */
void row_decode(const row_record *record, const char *texts, corpus_row *row);
static inline const char *row_entry_texts(const uint8_t *entry) { return (const char *)entry + sizeof(row_record); }

/* Bytes of all texts of a record. */
size_t row_text_size(const row_record *record);

/* The hash that record->check must have; check a record and its texts. */
uint64_t row_record_hash(const row_record *record, const char *texts);

/* Add what is content in the row (all but times and places in files) to a hash. */
void row_content_hash(const row_record *record, const char *texts, hash_stream *h);

/* Order of the index for two entries: (split, group, order, row). <0, 0, >0. */
int row_entry_compare(const void *a, const void *b);
