/* Sample rate conversion as torchaudio.functional.resample does it (windowed sinc, Hann, lowpass_filter_width 6,
 * rolloff 0.99), streaming. Any integer rates.
 *
 * Output i is one sum over fixed input frames in one fixed order, so it does not depend on how the input is cut into
 * blocks, on the first output asked for, or on the processor. Taps are computed in long double and rounded to float,
 * sums are float. All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { RESAMPLE_MIN_HZ = 1000, RESAMPLE_MAX_HZ = 1000000 };

typedef struct resampler resampler;

/* Ready for output frame `first_output` (inside the signal, >= 0) of a signal at from_hz. Equal rates pass samples
 * through. ERR_UNSUPPORTED for a rate outside RESAMPLE_MIN_HZ..RESAMPLE_MAX_HZ, ERR_LIMIT when the table of filters
 * would be too large, ERR_MEMORY. Caller: resampler_free. */
int resampler_create(resampler **out, int64_t from_hz, int64_t to_hz, int64_t first_output);
void resampler_free(resampler **r);

/* Begin again, at another output frame or for another signal, with the same tables. */
void resampler_restart(resampler *r, int64_t first_output);

/* First input frame that must be pushed after create or restart; the following ones in order. Never below 0. */
int64_t resampler_first_input(const resampler *r);

/* Frames that the next push of n frames, or finish (n = 0), may give at most. */
size_t resampler_capacity(const resampler *r, size_t n);

/* Take n input frames, give the output frames that are complete. `capacity` (frames) must be at least
 * resampler_capacity(r, n), else ERR_INTERNAL and nothing is taken. in and out must not overlap. */
int resampler_push(resampler *r, const float *in, size_t n, float *out, size_t capacity, size_t *n_out);

/* The input has ended with the frames pushed so far: give the rest, so that from output 0 there are
 * resampler_output_frames in all. Errors as push. */
int resampler_finish(resampler *r, float *out, size_t capacity, size_t *n_out);

/* Output frames of n input frames, ceil(n * to / from); and the input frames that the first n output frames depend on,
 * at most (fewer at the end of a signal). n >= 0. */
int64_t resampler_output_frames(int64_t from_hz, int64_t to_hz, int64_t n_input);
int64_t resampler_input_frames(int64_t from_hz, int64_t to_hz, int64_t n_output);
