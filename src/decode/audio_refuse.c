#include "decode/audio_refuse.h"

#include "base/status.h"
#include "decode/audio_header.h"
#include "decode/audio_magic.h"

#include <string.h>

static const char convert[] = "convert it to FLAC, WAV, Opus or MP3";

/* A WAV file with a codec that libsndfile does not have. */
static int refuse_codec(const byte_source *source)
{
    int rc = OK;
    int64_t number;
    byte_source data;
    TRY(audio_wav_codec(source, &number, &data));
    const char *name = number < 0 ? NULL : audio_magic_wav_codec((unsigned)number);
    if (name) FAIL(ERR_UNSUPPORTED, "%s in WAV is not supported; %s", name, convert);
    if (number > 0) FAIL(ERR_UNSUPPORTED, "WAV with codec number 0x%llx; %s", (long long)number, convert);
done:
    return rc;
}

static int refuse_format(const byte_source *source)
{
    int rc = OK, is_sound;
    const char *name;
    TRY(audio_magic_other(source, &name, &is_sound));
    if (name && is_sound) FAIL(ERR_UNSUPPORTED, "%s is not supported; %s", name, convert);
    if (name) FAIL(ERR_FORMAT, "not a known sound format: %s", name);
    FAIL(ERR_FORMAT, "not a known sound format");
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
    if (error == SF_ERR_UNRECOGNISED_FORMAT) return refuse_format(io->source);
    if (strstr(text, "malloc")) FAIL(ERR_MEMORY, "%s: %.*s", doing, (int)n, text);
    if (error == SF_ERR_UNSUPPORTED_ENCODING) {
        TRY(refuse_codec(io->source));
        FAIL(ERR_UNSUPPORTED, "%s: %.*s; %s", doing, (int)n, text, convert);
    }
    FAIL(ERR_FORMAT, "%s: %.*s", doing, (int)n, text);
done:
    return rc;
}
