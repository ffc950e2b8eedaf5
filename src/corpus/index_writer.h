/* Writes the files of an index from its rows in order: records, texts, and the table that finds rows by id. Local. */
#pragma once

#include "corpus/duplicate_rows.h"
#include "corpus/index_header.h"
#include "corpus/row_codec.h"
#include "corpus/scan_info.h"

typedef struct index_writer {
    const char *folder;
    const scan_info *info;
    const duplicate_rows *duplicates;
    index_header *header; /* totals, splits and hash are filled as rows come */
    run_writer *records, *texts;
    hash_stream *hash;
    id_entry *ids; /* (n_ids of capacity) of the next run of the table */
    size_t n_ids, capacity;
    int64_t n_runs; /* of the table */
    byte_buffer changed;
} index_writer;

/* The pointers are borrowed until the end. Caller: index_writer_abandon, also after index_writer_finish. */
int index_writer_start(index_writer *w, const char *folder, const scan_info *info, const duplicate_rows *duplicates,
                       index_header *header);
void index_writer_abandon(index_writer *w);

/* Take the next row, an entry of row_codec.h; a sink for run_merge. ERR_CORRUPT, ERR_SPACE, ERR_IO, ERR_MEMORY. */
int index_writer_add(void *writer, const uint8_t *entry, size_t n);

/* Commit the files (not index.json) and complete the header. */
int index_writer_finish(index_writer *w, const corpus_options *o, int (*tick)(void *user), void *user);
