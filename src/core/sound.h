/* The sound of a row as vectors: decode, mono, resample to 16 kHz, then features or the layer of an encoder, window by
 * window with context, in bounded memory. One object per compute thread. Local.
 *
 * Frame t of a row covers samples hop t .. hop t + field - 1 of the row's sound at 16 kHz: 160 t .. 160 t + 399 of
 * features, 320 t .. 320 t + 399 of HuBERT and wav2vec 2.0. Windows are runs of audio.window seconds of frames.
 *
 * Features are computed with the context that they need, so their vectors equal those of the whole.
 *
 * An encoder sees each window with audio.encoder.context seconds before and behind it, as far as the sound goes, as a
 * clip of its own: normalised by itself, with attention within itself; the frames of the context are thrown away. A
 * rest of less than a second is no window but belongs to the one before it. So a sound of up to a window, and a second
 * more, is one clip. The last window has all samples to the end, also those of no whole frame. */
#pragma once

#include "core/encode_batch.h"
#include "core/measure.h"
#include "core/media.h"

typedef struct sound sound;

/* `m` may be NULL or without an encoder: features. Borrowed. ERR_MEMORY. Caller: sound_free. */
int sound_create(sound **out, const audio_options *o, const core_model *m);
void sound_free(sound **s);

/* Values per vector; numbers per frame of an encoder's own codes. */
int64_t sound_width(const sound *s);

/* From now on take the measures that the filters need: of the samples that belong to the windows of the latest call, in
 * sound_measured until the next one. ERR_MEMORY. */
int sound_measures(sound *s, const filter_options *o);
const sound_content *sound_measured(const sound *s);

/* Compute windows first .. last (last may lie beyond the end) of the row's sound. *frames: vectors given or to come;
 * *seconds: sound that they cover. ERR_EMPTY when the whole row has no frame; ERR_FORMAT when the file is shorter than
 * its header or the wanted segment says; other item errors of the decoder; ERR_ENVIRONMENT.
 *
 * An encoder's vectors may come later, with those of other rows, and at the latest in sound_finish: the sink must last
 * so long, and its user be this call's own. On error the sink gets nothing more. */
int sound_run(sound *s, const corpus_row *row, const byte_source *source, int64_t first, int64_t last,
              const vector_sink *sink, int64_t *frames, double *seconds);

/* Give the vectors that are still to come. Errors of the sinks and of the encoder, after which nothing is to come.
 * sound_forget: they are not wanted any more. */
int sound_finish(sound *s);
void sound_forget(sound *s);

/* The row's sound at 16 kHz, mono, in blocks: what the vectors are computed from. Errors as sound_run. */
int sound_samples(sound *s, const corpus_row *row, const byte_source *source,
                  int (*take)(void *user, const float *x, size_t n), void *user);

/* Samples of the longest clip that an encoder is given, and bytes for it and its batch: for estimates. */
int64_t sound_longest_clip(const audio_options *o, const core_model *m);
double sound_bytes(const audio_options *o, const core_model *m);
