/* Sound to a file, for people to listen to. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Commit n mono samples as a 32-bit float WAV file. ERR_LIMIT above 4 GiB, ERR_SPACE, ERR_IO. */
int audio_write_wav(const char *path, const float *samples, size_t n, int32_t rate_hz);
