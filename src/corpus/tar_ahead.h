/* Reads headers and texts of coming tars in threads, so that they are in the system's cache when the scan comes to
 * them: where a read takes a millisecond the scan would wait for each header. What is scanned does not depend on it.
 * Local. */
#pragma once

#include "corpus/tar_list.h"

/* Start for these tars, which must outlive it; nothing is started for one tar. ERR_MEMORY. Caller: tar_ahead_stop. */
typedef struct tar_ahead tar_ahead;
int tar_ahead_start(tar_ahead **out, const tar_list *tars);
void tar_ahead_stop(tar_ahead **a);

/* The scan begins the tar with this number: those before it are not wanted any more. NULL is allowed. */
void tar_ahead_reach(tar_ahead *a, size_t number);
