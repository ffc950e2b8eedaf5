/* What kind of file the first bytes speak of. Local. */
#pragma once

#include "base/source.h"

/* Whether they are those of a sound file with a header that libsndfile knows. ERR_ENVIRONMENT, ERR_CHANGED. */
int audio_magic_has_header(const byte_source *source, int *has);

/* Name of a kind that is no sound or has no decoder here ("AAC in MP4 (M4A)", "a JPEG picture"); NULL: none that is
 * known. Those of sound and film are marked in *is_sound. ERR_ENVIRONMENT, ERR_CHANGED. */
int audio_magic_other(const byte_source *source, const char **name, int *is_sound);

/* Name of a codec number of a WAV file that has no decoder here; NULL: not known. */
const char *audio_magic_wav_codec(unsigned number);
