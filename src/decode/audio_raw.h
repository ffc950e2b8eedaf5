/* Sound files without a header: what is in them is said from outside. Local. */
#pragma once

#include "decode/audio_g722.h"

#include <sndfile.h>

typedef enum audio_raw_format {
    AUDIO_RAW_NONE, /* not such a file: the content says what it is */
    AUDIO_RAW_S8,
    AUDIO_RAW_U8,
    AUDIO_RAW_S16LE,
    AUDIO_RAW_S16BE,
    AUDIO_RAW_S24LE,
    AUDIO_RAW_S24BE,
    AUDIO_RAW_S32LE,
    AUDIO_RAW_S32BE,
    AUDIO_RAW_F32LE,
    AUDIO_RAW_F32BE,
    AUDIO_RAW_F64LE,
    AUDIO_RAW_F64BE,
    AUDIO_RAW_ULAW,
    AUDIO_RAW_ALAW,
    AUDIO_RAW_GSM,  /* GSM 06.10, frames of 33 bytes for 160 samples */
    AUDIO_RAW_G722, /* 64 kbit/s; the next two have one and two bits of data in each octet */
    AUDIO_RAW_G722_56,
    AUDIO_RAW_G722_48,
    AUDIO_RAW_AUTO, /* of options alone: the ending of a file's name says */
    N_AUDIO_RAW_FORMATS
} audio_raw_format;

/* "none", "s16le" ... "auto"; ends with NULL. */
extern const char *const audio_raw_names[];

/* What is known of a file besides its content. */
typedef struct audio_hint {
    audio_raw_format format;
    int32_t rate_hz, channels;
    int is_guess; /* only the name speaks for it: content that looks like text is not taken for sound */
} audio_hint;

/* Whether a file may be read as the hint says: it does not begin like a file with a header, its GSM frames begin as
 * they must, and a guess is not refuted. ERR_ENVIRONMENT, ERR_CHANGED. */
int audio_raw_fits(const audio_hint *h, const byte_source *source, int *fits);

/* Bits of an octet that carry sound where the format is one of G.722, else 0. */
int audio_raw_g722_bits(audio_raw_format format);

/* Open from the start with libsndfile, which reads all formats but G.722. As audio_io_open. */
SNDFILE *audio_raw_open(audio_io *io, const byte_source *source, const audio_hint *h, SF_INFO *info);

/* What SF_INFO would say of a file of G.722; its format is 0. */
void audio_raw_g722_info(const audio_hint *h, const byte_source *source, SF_INFO *info);
