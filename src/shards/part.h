/* Part files: the result of one unit, in order of its rows, committed under one name. Own binary form, checksummed.
 * Local. */
#pragma once

#include "shards/example.h"

typedef struct part_header {
    uint64_t tokens_hash; /* of the settings that the tokens depend on: parts of other settings are not used */
    int64_t unit;
    int64_t piece_position; /* >= 0: only the sound windows piece_first .. piece_last of this index row, without the
                               row's other data */
    int64_t piece_first, piece_last;
} part_header;

/* Collect rows in memory, then commit. Caller: part_writer_free (also after commit). */
typedef struct part_writer part_writer;
int part_writer_create(part_writer **out, const part_header *header);
int part_writer_add(part_writer *w, const example *e);
int64_t part_writer_bytes(const part_writer *w);
int part_writer_commit(part_writer *w, const char *path); /* fault points "part.*" */
void part_writer_free(part_writer **w);

/* Read back; the file is mapped and its checksum tested at open. ERR_MISSING, ERR_CORRUPT (also for another tokens_hash
 * or unit). */
typedef struct part_reader part_reader;
int part_reader_open(part_reader **out, const char *path, uint64_t tokens_hash, int64_t unit);
void part_reader_close(part_reader **r);
const part_header *part_reader_header(const part_reader *r);
int64_t part_reader_rows(const part_reader *r);

/* Row i as an example whose buffers point into the mapping (never freed or grown by the caller; valid as long as the
 * reader). ERR_CORRUPT. */
int part_reader_row(const part_reader *r, int64_t i, example *out);
