/* The row in hand: each rank notes it in a small mapped file, which outlives a crash; the next life looks at such rows
 * in isolation. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct inhand inhand;

/* Make this rank's file in `folder` (made if needed). ERR_SPACE, ERR_IO. Caller: inhand_close, which removes the file.
 */
int inhand_open(inhand **out, const char *folder, int64_t attempt, int rank);
void inhand_close(inhand **h);

/* Note a manifest row; -1: none. NULL is allowed and does nothing. */
void inhand_note(inhand *h, int64_t row);

/* Rows that earlier lives left behind, ascending, each once; removes their files after. Caller: mem_free. */
int inhand_collect(const char *folder, int64_t **rows, size_t *n);
