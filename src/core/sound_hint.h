/* What the options and a file's name say of its sound, before it is opened. Local. */
#pragma once

#include "core/core_options.h"
#include "corpus/row.h"
#include "decode/audio_decode.h"

/* ERR_CONFIG, naming the key, where audio.raw.* or audio.channels make no sense. */
int sound_check_options(const audio_options *o);

/* The hint for a file of this name. */
audio_hint sound_hint(const audio_options *o, text_view name);

/* The channel of audio.channels, or AUDIO_MEAN. The options have been checked. */
int64_t sound_channel(const audio_options *o);
