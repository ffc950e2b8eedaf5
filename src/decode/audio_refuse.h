/* Why a sound file cannot be read, in words. Local. */
#pragma once

#include "decode/audio_io.h"

/* A failure of libsndfile: first what our own reads met, then its error number (0: none). Where it knows no such
 * format, what the content is said to be instead. ERR_FORMAT, ERR_UNSUPPORTED, ERR_MEMORY, or what reading gave. */
int audio_refuse(const audio_io *io, int error, const char *doing);
