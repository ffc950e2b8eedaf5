/* MPEG audio (MP3), by libmpg123. libsndfile would decode it with the same library, but lets that print to stderr, cuts
 * streams at a guessed length, and takes the decoder variant of the processor at hand. Local. */
#pragma once

#include "decode/audio_io.h"

typedef struct audio_mpeg audio_mpeg;

/* Whether the bytes begin with the header of an MPEG audio frame. ERR_ENVIRONMENT, ERR_CHANGED. */
int audio_mpeg_begins(const byte_source *sound, int *begins);

/* Whether a WAV file holds MPEG audio, and where. Errors as above. */
int audio_mpeg_in_wav(const byte_source *sound, int *is_mpeg, byte_source *data);

/* Open from the start. *info as sf_open gives it; frames is SF_COUNT_MAX where the stream does not say. Samples that
 * the encoder added are left out. `io` and `sound` must outlive it. ERR_FORMAT, ERR_MEMORY, ERR_ENVIRONMENT,
 * ERR_CHANGED. */
int audio_mpeg_open(audio_mpeg **out, audio_io *io, const byte_source *sound, SF_INFO *info);
void audio_mpeg_close(audio_mpeg **m);

/* Up to n frames, 0 at the end only. ERR_FORMAT, ERR_ENVIRONMENT, ERR_CHANGED. */
int audio_mpeg_read(audio_mpeg *m, float *samples, size_t n, size_t *got);
