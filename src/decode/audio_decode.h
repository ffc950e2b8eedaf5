/* Sound files: what libsndfile opens, streamed from a byte source. Local. */
#pragma once

#include "base/source.h"

typedef struct audio_limits {
    double max_seconds;   /* ERR_LIMIT above; 0: none */
    int64_t max_channels; /* ERR_LIMIT above; 0: none */
} audio_limits;

typedef struct audio_info {
    int32_t rate_hz, channels;
    int64_t n_frames; /* samples per channel that the header declares; -1: it does not say. A hint: headers lie */
    int64_t n_likely; /* n_frames, or a guess from the file's size where that is -1; for planning only */
    int exact_seek;   /* seeking gives the same samples as decoding from the start */
    char format[32];  /* "wav", "flac", "ogg/vorbis" ... */
} audio_info;

typedef struct audio_stream audio_stream;

/* A file that ends early: ERR_FORMAT when `decoded` frames are fewer than `declared` (n_frames; -1 passes) by more than
 * 0.1 s + 1 %. For the caller to ask when the end of the file was reached. */
int audio_check_length(int64_t declared, int64_t decoded, int32_t rate_hz);

/* Open; *info is filled on success. `source` must outlive the stream. ERR_FORMAT, ERR_UNSUPPORTED, ERR_LIMIT,
 * ERR_EMPTY, ERR_ENVIRONMENT, ERR_CHANGED, ERR_MEMORY. Caller: audio_close. */
int audio_open(audio_stream **out, const byte_source *source, const audio_limits *limits, audio_info *info);
void audio_close(audio_stream **s);

/* Go to a frame; one past the end reads nothing. Where the format has no exact seek, decodes from the start and
 * discards. Errors as audio_read. */
int audio_seek(audio_stream *s, int64_t frame);

/* Next frames, interleaved, in [-1, 1]; 16-bit samples divided by 32768. *n_frames < capacity only at the end.
 * ERR_FORMAT when the data are damaged; ERR_INVALID when a sample is not finite; ERR_LIMIT past max_seconds;
 * ERR_ENVIRONMENT, ERR_CHANGED when reading fails. */
int audio_read(audio_stream *s, float *samples, size_t capacity_frames, size_t *n_frames);

/* The same, mean over channels (spec: mean before resampling). */
int audio_read_mono(audio_stream *s, float *samples, size_t capacity_frames, size_t *n_frames);
