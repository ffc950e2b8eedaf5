/* What a sound file says about itself that libsndfile does not pass on. Local. */
#pragma once

#include "base/source.h"

#include <sndfile.h>

/* The range behind ID3v2 tags (https://id3.org/id3v2.4.0-structure), which some programs put before any kind of sound
 * file and libsndfile skips in files with a name only. ERR_ENVIRONMENT. */
int audio_skip_tags(const byte_source *source, byte_source *sound);

/* Frames that the header declares. libsndfile silently cuts the length of a WAV, AIFF or AU file to the bytes that are
 * there; this reads the header itself to see the difference. `info` is what libsndfile found. info->frames where the
 * header declares no more than that, or the length was not known to the writer; -1 where there is no telling.
 * ERR_ENVIRONMENT. */
int audio_declared_frames(const byte_source *source, const SF_INFO *info, int64_t *n_frames);

/* The codec number of a WAV file (mmreg.h) and the bits of a sample, and where its data lie as far as they are there;
 * -1: not a WAV file. ERR_ENVIRONMENT. */
int audio_wav_codec(const byte_source *source, int64_t *number, int *bits, byte_source *data);

/* Make of a source the part of it from `begin` on, which must lie inside. */
void audio_cut_source(byte_source *s, int64_t begin, int64_t size);

/* Short name of container and codec ("wav", "wav/ulaw", "ogg/vorbis", "mp3"), at most n bytes with the final zero byte.
 */
void audio_format_name(int format, char *name, size_t n);

/* Whether seeking gives the same samples as decoding from the start: no state is carried from one sample or block to
 * the next. */
int audio_format_seeks_exactly(int format);
