/* What filters need to know of decoded media: levels of sound, spread of pixels, and hashes of all of it. Measures of
 * the pieces of a sound add up to those of the whole (sound_content_add), bit for bit. Local. */
#pragma once

#include "base/hash.h"
#include "core/filter_options.h"
#include "decode/image_decode.h"
#include "shards/example.h"

/* A zeroed struct measures nothing. Caller: sound_measure_free. */
typedef struct sound_measure {
    sound_content content;
    /* inside */
    int levels, hashes;        /* what is wanted */
    int64_t segment;           /* of a hash, samples at 16 kHz: a piece is one, so that cut sounds equal uncut ones */
    int64_t from, to, rate_hz; /* frames of the row that are measured */
    int64_t number, hashed;    /* segment in hand; frames in its hash */
    hash_stream *hash;
} sound_measure;

/* Take the measures that the filters need, the hash in segments of this many samples at 16 kHz. ERR_MEMORY. */
int sound_measure_open(sound_measure *m, const filter_options *o, int64_t segment);
void sound_measure_free(sound_measure *m);

/* Begin a row of this rate, of which the samples from .. to - 1 at 16 kHz count (`from` begins a segment); add its
 * frames at that rate, mono: block after block without a gap, the first one at or before what counts; end: the content
 * is there. */
void sound_measure_begin(sound_measure *m, int64_t rate_hz, int64_t from, int64_t to);
void sound_measure_add(sound_measure *m, const float *x, int64_t at, size_t n);
void sound_measure_end(sound_measure *m);

/* Of a picture; zeros where the filters need nothing. */
void picture_measure(const filter_options *o, const image *m, picture_content *out);
