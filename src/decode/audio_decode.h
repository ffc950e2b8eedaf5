/* Sound files: what libsndfile and libmpg123 open, and files without a header, streamed from a byte source. Local. */
#pragma once

#include "base/source.h"
#include "decode/audio_raw.h"

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

/* A sound that ends early: ERR_FORMAT when `decoded` frames are fewer than `declared` (-1 passes) by more than 0.1 s
 * and `share` of them. For the caller to ask when the end of the file was reached. audio_is_short is the bare question.
 */
int audio_check_length(int64_t declared, int64_t decoded, int32_t rate_hz, double share);
int audio_is_short(int64_t declared, int64_t decoded, int32_t rate_hz, double share);

/* Open; *info is filled on success. `hint` (NULL: nothing is known) counts only where the content has no header of its
 * own. `source` must outlive the stream. ERR_FORMAT; ERR_UNSUPPORTED, which names the format and what to convert it to;
 * ERR_LIMIT, ERR_EMPTY, ERR_ENVIRONMENT, ERR_CHANGED, ERR_MEMORY. Caller: audio_close. */
int audio_open(audio_stream **out, const byte_source *source, const audio_hint *hint, const audio_limits *limits,
               audio_info *info);
void audio_close(audio_stream **s);

/* Go to a frame; one past the end reads nothing. Where the format has no exact seek, decodes from the start and
 * discards. Errors as audio_read. */
int audio_seek(audio_stream *s, int64_t frame);

/* Next frames, interleaved, in [-1, 1]; 16-bit samples divided by 32768. *n_frames < capacity only at the end.
 * ERR_FORMAT when the data are damaged; ERR_INVALID when a sample is not finite; ERR_LIMIT past max_seconds;
 * ERR_ENVIRONMENT, ERR_CHANGED when reading fails. */
int audio_read(audio_stream *s, float *samples, size_t capacity_frames, size_t *n_frames);

/* Which channel audio_read_mono gives, from 0; AUDIO_MEAN, as after audio_open, for the mean. ERR_INVALID when the file
 * has no such channel. */
enum { AUDIO_MEAN = -1 };
int audio_pick_channel(audio_stream *s, int64_t channel);

/* As audio_read, one channel or their mean: the sum in double, in the order of the channels, divided and rounded. */
int audio_read_mono(audio_stream *s, float *samples, size_t capacity_frames, size_t *n_frames);
