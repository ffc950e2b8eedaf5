#include "decode/audio_refuse.h"

#include "base/status.h"
#include "decode/audio_header.h"
#include "decode/audio_magic.h"

#include <string.h>

static const char convert[] = "convert it to FLAC, WAV, Opus or MP3";

/* Codec numbers of WAV files that libsndfile decodes. */
static int is_decoded(int64_t number)
{
    static const int64_t numbers[] = {0x01, 0x02, 0x03, 0x06, 0x07, 0x11, 0x31, 0x38, 0x40};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] == number) return 1;
    return 0;
}

/* A WAV file with a codec that has no decoder here. */
static int refuse_codec(const byte_source *source)
{
    int rc = OK, bits;
    int64_t number;
    byte_source data;
    TRY(audio_wav_codec(source, &number, &bits, &data));
    if (number == 1 && bits > 32)
        FAIL(ERR_UNSUPPORTED, "whole numbers of %d bits in WAV are not supported; convert it to 24 or 32 bits", bits);
    if (number < 0 || is_decoded(number)) goto done;
    const char *name = audio_magic_wav_codec((unsigned)number);
    if (name) FAIL(ERR_UNSUPPORTED, "%s in WAV is not supported; %s", name, convert);
    FAIL(ERR_UNSUPPORTED, "WAV with codec number 0x%llx is not supported; %s", (unsigned long long)number, convert);
done:
    return rc;
}

/* A file that is said to be something else by its first bytes. */
static int refuse_format(const byte_source *source)
{
    int rc = OK, is_sound;
    const char *name;
    TRY(audio_magic_other(source, &name, &is_sound));
    if (name && is_sound) FAIL(ERR_UNSUPPORTED, "%s is not supported; %s", name, convert);
    if (name) FAIL(ERR_FORMAT, "not a known sound format: %s", name);
done:
    return rc;
}

int audio_refuse_open(const audio_io *io, int error)
{
    int rc = OK;
    if (io->status != OK) return io->status;
    TRY(refuse_format(io->source));
    TRY(refuse_codec(io->source));
    if (error == SF_ERR_UNRECOGNISED_FORMAT) FAIL(ERR_FORMAT, "not a known sound format");
    rc = audio_refuse(io, error, "cannot be opened as sound");
done:
    return rc;
}

int audio_refuse(const audio_io *io, int error, const char *doing)
{
    int rc = OK;
    if (io->status != OK) return io->status;
    const char *text = sf_error_number(error);
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '.' || text[n - 1] == ' ')) n--;
    if (strstr(text, "malloc")) FAIL(ERR_MEMORY, "%s: %.*s", doing, (int)n, text);
    if (error == SF_ERR_UNSUPPORTED_ENCODING) FAIL(ERR_UNSUPPORTED, "%s: %.*s; %s", doing, (int)n, text, convert);
    FAIL(ERR_FORMAT, "%s: %.*s", doing, (int)n, text);
done:
    return rc;
}
