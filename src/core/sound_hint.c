#include "core/sound_hint.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int is_coded(audio_raw_format f) { return f == AUDIO_RAW_GSM || audio_raw_g722_bits(f); }

static int usual_rate(audio_raw_format f) { return f == AUDIO_RAW_GSM ? 8000 : 16000; }

int64_t sound_channel(const audio_options *o)
{
    if (!o->channels || !strcmp(o->channels, "mean")) return AUDIO_MEAN;
    if (!strcmp(o->channels, "left")) return 0;
    return !strcmp(o->channels, "right") ? 1 : strtoll(o->channels, NULL, 10);
}

static int check_channels(const char *text)
{
    int rc = OK;
    size_t digits = strspn(text, "0123456789");
    if (!strcmp(text, "mean") || !strcmp(text, "left") || !strcmp(text, "right")) goto done;
    if (!digits || digits > 4 || text[digits])
        FAIL(ERR_CONFIG, "audio.channels: \"%s\" is none of mean, left, right, and no number of a channel (from 0)",
             text);
done:
    return rc;
}

int sound_check_options(const audio_options *o)
{
    int rc = OK;
    const audio_raw_keys *k = &o->raw;
    audio_raw_format f = (audio_raw_format)k->format;
    int is_named = f != AUDIO_RAW_AUTO && f != AUDIO_RAW_NONE;
    TRY(check_channels(o->channels));
    if (!is_named && (k->rate_hz || k->channels != 1 || k->endings.n))
        FAIL(ERR_CONFIG, "audio.raw.%s is set, but audio.raw.format does not say what such files hold (s16le, gsm ...)",
             k->endings.n ? "endings"
             : k->rate_hz ? "rate"
                          : "channels");
    if (is_named && !is_coded(f) && !k->rate_hz)
        FAIL(ERR_CONFIG, "audio.raw.rate is not set: the sample rate of files of %s", audio_raw_names[k->format]);
    if (is_coded(f) && k->channels != 1)
        FAIL(ERR_CONFIG, "audio.raw.channels is %lld, but %s has one channel", (long long)k->channels,
             audio_raw_names[k->format]);
    for (size_t i = 0; i < k->endings.n; i++)
        if (!*k->endings.texts[i] || strpbrk(k->endings.texts[i], "/."))
            FAIL(ERR_CONFIG, "audio.raw.endings: \"%s\" is no ending of a name (write raw, not .raw)",
                 k->endings.texts[i]);
done:
    return rc;
}

static text_view ending_of(text_view name)
{
    size_t at = name.n;
    while (at && name.bytes[at - 1] != '.' && name.bytes[at - 1] != '/') at--;
    if (!at || name.bytes[at - 1] == '/') at = name.n;
    return (text_view){name.bytes + at, name.n - at};
}

static int is(text_view ending, const char *text)
{
    return strlen(text) == ending.n && !strncasecmp(ending.bytes, text, ending.n);
}

/* Whether audio.raw.format is for files with this ending. */
static int is_chosen(const audio_raw_keys *k, audio_raw_format f, text_view ending)
{
    for (size_t i = 0; i < k->endings.n; i++)
        if (is(ending, k->endings.texts[i])) return 1;
    if (k->endings.n) return 0;
    if (is_coded(f)) return is(ending, f == AUDIO_RAW_GSM ? "gsm" : "g722");
    return is(ending, "raw") || is(ending, "pcm");
}

audio_hint sound_hint(const audio_options *o, text_view name)
{
    const audio_raw_keys *k = &o->raw;
    text_view ending = ending_of(name);
    audio_raw_format f = (audio_raw_format)k->format;
    if (f == AUDIO_RAW_NONE || !ending.n) return (audio_hint){.format = AUDIO_RAW_NONE};
    if (f != AUDIO_RAW_AUTO && is_chosen(k, f, ending))
        return (audio_hint){f, (int32_t)(k->rate_hz ? k->rate_hz : usual_rate(f)), (int32_t)k->channels, 0};
    f = is(ending, "gsm") ? AUDIO_RAW_GSM : is(ending, "g722") ? AUDIO_RAW_G722 : AUDIO_RAW_NONE;
    return (audio_hint){f, usual_rate(f), 1, 1};
}
