/* Sound files in memory, made by libsndfile, for tests of the decoder. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A chirp of n frames, encoded as `format` (SF_FORMAT_...). Ends the program when that fails. Caller: free(*bytes). */
void sound_file_make(int format, int rate_hz, int channels, size_t n_frames, uint8_t **bytes, size_t *n_bytes);
