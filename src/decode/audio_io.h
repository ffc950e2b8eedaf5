/* A byte source as a file of libsndfile (its virtual I/O). Local. */
#pragma once

#include "base/source.h"

#include <sndfile.h>

typedef struct audio_io {
    const byte_source *source;
    int64_t at; /* where the next read begins */
    int status; /* first failure of a read; OK: none. The thread's error message belongs to it */
} audio_io;

/* Open for reading from the start. NULL on error: then see io->status first, sf_error(NULL) next. `io` must outlive the
 * file. */
SNDFILE *audio_io_open(audio_io *io, const byte_source *source, SF_INFO *info);
