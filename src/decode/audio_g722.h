/* G.722 without a header: one octet is two samples of one channel at 16 kHz. Local. */
#pragma once

#include "decode/audio_io.h"

typedef struct audio_g722 audio_g722;

/* Open from the start. `bits` 8, 7 or 6: of an octet that carry sound (64, 56 and 48 kbit/s; the others, lowest ones,
 * are data). `io` and `sound` must outlive it. ERR_MEMORY. Caller: audio_g722_close. */
int audio_g722_open(audio_g722 **out, audio_io *io, const byte_source *sound, int bits);
void audio_g722_close(audio_g722 **g);

/* Up to n samples, 0 at the end only; 16-bit values divided by 32768. ERR_ENVIRONMENT, ERR_CHANGED. */
int audio_g722_read(audio_g722 *g, float *samples, size_t n, size_t *got);
