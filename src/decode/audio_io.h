/* A byte source as a file of libsndfile (its virtual I/O) and other decoders. Local. */
#pragma once

#include "base/source.h"

#include <sndfile.h>

enum { GSM_FRAME = 33 }; /* bytes */

typedef struct audio_io {
    const byte_source *source;
    int64_t at; /* where the next read begins */
    int is_gsm; /* bare GSM: every 33rd byte must begin a frame (libsndfile passes over damaged ones) */
    int status; /* first failure of a read; OK: none. The thread's error message belongs to it */
} audio_io;

/* Point at the start of a source, which must outlive it. */
void audio_io_start(audio_io *io, const byte_source *source);

/* Bytes read, fewer than n only at the end or after a failure; the new position, or -1. */
size_t audio_io_read(audio_io *io, void *out, size_t n);
int64_t audio_io_seek(audio_io *io, int64_t offset, int whence);

/* Open for reading from the start. *info is zero, or says what a file without a header holds. NULL on error: then see
 * io->status first, sf_error(NULL) next. `io` must outlive the file. */
SNDFILE *audio_io_open(audio_io *io, const byte_source *source, SF_INFO *info);
