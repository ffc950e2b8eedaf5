#include "decode/audio_raw.h"

#include "base/status.h"
#include "decode/audio_magic.h"

#include <string.h>

enum { GSM_FRAMES_LOOKED_AT = 32, TEXT_BYTES = 64 };

/* in the order of audio_raw_format */
const char *const audio_raw_names[] = {"none",  "s8",    "u8",    "s16le",   "s16be",   "s24le", "s24be",
                                       "s32le", "s32be", "f32le", "f32be",   "f64le",   "f64be", "ulaw",
                                       "alaw",  "gsm",   "g722",  "g722-56", "g722-48", "auto",  NULL};

static const int sndfile_formats[N_AUDIO_RAW_FORMATS] = {
    [AUDIO_RAW_S8] = SF_FORMAT_PCM_S8,
    [AUDIO_RAW_U8] = SF_FORMAT_PCM_U8,
    [AUDIO_RAW_S16LE] = SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE,
    [AUDIO_RAW_S16BE] = SF_FORMAT_PCM_16 | SF_ENDIAN_BIG,
    [AUDIO_RAW_S24LE] = SF_FORMAT_PCM_24 | SF_ENDIAN_LITTLE,
    [AUDIO_RAW_S24BE] = SF_FORMAT_PCM_24 | SF_ENDIAN_BIG,
    [AUDIO_RAW_S32LE] = SF_FORMAT_PCM_32 | SF_ENDIAN_LITTLE,
    [AUDIO_RAW_S32BE] = SF_FORMAT_PCM_32 | SF_ENDIAN_BIG,
    [AUDIO_RAW_F32LE] = SF_FORMAT_FLOAT | SF_ENDIAN_LITTLE,
    [AUDIO_RAW_F32BE] = SF_FORMAT_FLOAT | SF_ENDIAN_BIG,
    [AUDIO_RAW_F64LE] = SF_FORMAT_DOUBLE | SF_ENDIAN_LITTLE,
    [AUDIO_RAW_F64BE] = SF_FORMAT_DOUBLE | SF_ENDIAN_BIG,
    [AUDIO_RAW_ULAW] = SF_FORMAT_ULAW,
    [AUDIO_RAW_ALAW] = SF_FORMAT_ALAW,
    [AUDIO_RAW_GSM] = SF_FORMAT_GSM610,
};

/* Every frame begins with the four bits 1101. */
static int begins_as_gsm(const byte_source *source, int *begins)
{
    int rc = OK;
    uint8_t head[GSM_FRAME * GSM_FRAMES_LOOKED_AT];
    size_t got;
    TRY(source_read(source, 0, head, sizeof head, &got));
    *begins = got >= GSM_FRAME;
    for (size_t at = 0; at + GSM_FRAME <= got; at += GSM_FRAME) *begins &= head[at] >> 4 == 0xd;
done:
    return rc;
}

static int is_text(const byte_source *source, int *text)
{
    int rc = OK;
    uint8_t head[TEXT_BYTES];
    size_t got;
    TRY(source_read(source, 0, head, sizeof head, &got));
    *text = got > 0;
    for (size_t i = 0; i < got; i++)
        *text &= (head[i] >= 32 && head[i] < 127) || head[i] == '\n' || head[i] == '\r' || head[i] == '\t';
done:
    return rc;
}

int audio_raw_fits(const audio_hint *h, const byte_source *source, int *fits)
{
    int rc = OK, known = 0, text = 0;
    *fits = 0;
    if (h->format == AUDIO_RAW_NONE) goto done;
    TRY(audio_magic_has_header(source, &known));
    if (known) goto done;
    if (h->format == AUDIO_RAW_GSM) {
        TRY(begins_as_gsm(source, fits));
        goto done;
    }
    if (h->is_guess) TRY(is_text(source, &text));
    *fits = !text;
done:
    return rc;
}

int audio_raw_g722_bits(audio_raw_format format)
{
    return format == AUDIO_RAW_G722 ? 8 : format == AUDIO_RAW_G722_56 ? 7 : format == AUDIO_RAW_G722_48 ? 6 : 0;
}

SNDFILE *audio_raw_open(audio_io *io, const byte_source *source, const audio_hint *h, SF_INFO *info)
{
    *info = (SF_INFO){
        .samplerate = h->rate_hz, .channels = h->channels, .format = SF_FORMAT_RAW | sndfile_formats[h->format]};
    SNDFILE *file = audio_io_open(io, source, info);
    io->is_gsm = h->format == AUDIO_RAW_GSM;
    return file;
}

void audio_raw_g722_info(const audio_hint *h, const byte_source *source, SF_INFO *info)
{
    *info = (SF_INFO){.frames = 2 * source->size, .samplerate = h->rate_hz, .channels = 1};
}
