/* Reads the media of coming rows in a thread of its own, so that decoding never waits for the disk. Rows are taken in
 * the order in which they were announced. The bytes that wait are bounded; what is read does not depend on whether this
 * is used. One compute thread. */
#pragma once

#include "core/media.h"
#include "corpus/index.h"

typedef struct prefetch prefetch;

/* `thread` 0: rows are read when they are taken. max_bytes bounds what waits; a file above max_bytes / 2 is not read
 * but opened. Rows of one file that was read share its bytes where they follow each other, or after a few rows without
 * such a medium. The index must outlive it. ERR_MEMORY. Caller: prefetch_free. */
int prefetch_create(prefetch **out, const corpus_index *index, const char *root, int thread, int64_t max_bytes);
void prefetch_free(prefetch **p);

/* Announce rows first .. first + count - 1. ERR_MEMORY. */
int prefetch_announce(prefetch *p, int64_t first, int64_t count);

/* Forget all that was announced. */
void prefetch_clear(prefetch *p);

/* The media of a row, in announced order (a row that is not the next one is read at once). Caller: media_close for
 * each. ERR_MEMORY, ERR_CORRUPT. */
int prefetch_take(prefetch *p, int64_t position, media out[N_MEDIA]);
