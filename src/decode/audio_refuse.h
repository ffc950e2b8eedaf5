/* Why a sound file cannot be read, in words. Local. */
#pragma once

#include "decode/audio_io.h"

/* A failure of libsndfile: first what our own reads met, then its error number (0: none). Its texts name no path and do
 * not vary. ERR_FORMAT, ERR_UNSUPPORTED, ERR_MEMORY, or what reading gave. */
int audio_refuse(const audio_io *io, int error, const char *doing);

/* The same when opening failed: where the content is known to be something without a decoder here, it is named. */
int audio_refuse_open(const audio_io *io, int error);
