/* Which files are read as sound without a header, and settings that make no sense. */
#include "base/status.h"
#include "core/sound_hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static audio_options options(audio_raw_format format, int64_t rate_hz, const char *ending)
{
    static char *texts[1];
    audio_options o = {.channels = (char *)"mean", .raw = {.format = format, .rate_hz = rate_hz, .channels = 1}};
    texts[0] = (char *)ending;
    if (ending) o.raw.endings = (option_list){texts, 1};
    return o;
}

static audio_hint hint(const audio_options *o, const char *name)
{
    return sound_hint(o, (text_view){name, strlen(name)});
}

static void endings_decide(void **state)
{
    (void)state;
    static const struct {
        audio_raw_format format;
        int64_t rate_hz;
        const char *ending, *name;
        audio_raw_format want;
        int want_hz, is_guess;
    } cases[] = {
        {AUDIO_RAW_AUTO, 0, NULL, "a/b.gsm", AUDIO_RAW_GSM, 8000, 1},
        {AUDIO_RAW_AUTO, 0, NULL, "a/b.G722", AUDIO_RAW_G722, 16000, 1},
        {AUDIO_RAW_AUTO, 0, NULL, "a/b.raw", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_AUTO, 0, NULL, "a.gsm/b", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_AUTO, 0, NULL, "gsm", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_AUTO, 0, NULL, "", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_NONE, 0, NULL, "a/b.gsm", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_S16LE, 11025, NULL, "x.PCM", AUDIO_RAW_S16LE, 11025, 0},
        {AUDIO_RAW_S16LE, 11025, NULL, "x.raw", AUDIO_RAW_S16LE, 11025, 0},
        {AUDIO_RAW_S16LE, 11025, NULL, "x.wav", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_S16LE, 11025, NULL, "x.gsm", AUDIO_RAW_GSM, 8000, 1},
        {AUDIO_RAW_S16LE, 11025, "gsm", "x.gsm", AUDIO_RAW_S16LE, 11025, 0},
        {AUDIO_RAW_ULAW, 8000, "call", "x.call", AUDIO_RAW_ULAW, 8000, 0},
        {AUDIO_RAW_ULAW, 8000, "call", "x.raw", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_GSM, 0, NULL, "x.gsm", AUDIO_RAW_GSM, 8000, 0},
        {AUDIO_RAW_GSM, 0, NULL, "x.raw", AUDIO_RAW_NONE, 0, 0},
        {AUDIO_RAW_G722_56, 0, NULL, "x.g722", AUDIO_RAW_G722_56, 16000, 0},
        {AUDIO_RAW_G722, 0, "722", "x.722", AUDIO_RAW_G722, 16000, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        audio_options o = options(cases[i].format, cases[i].rate_hz, cases[i].ending);
        audio_hint h = hint(&o, cases[i].name);
        assert_int_equal(sound_check_options(&o), OK);
        if (h.format != cases[i].want) fail_msg("case %zu: %s", i, audio_raw_names[h.format]);
        if (h.format == AUDIO_RAW_NONE) continue;
        assert_int_equal(h.rate_hz, cases[i].want_hz);
        assert_int_equal(h.channels, 1);
        assert_int_equal(h.is_guess, cases[i].is_guess);
    }
}

static void refused(const audio_options *o, const char *words)
{
    assert_int_equal(sound_check_options(o), ERR_CONFIG);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" does not say %s", status_message(), words);
}

static void settings_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    audio_options o = options(AUDIO_RAW_AUTO, 8000, NULL);
    refused(&o, "audio.raw.rate is set, but audio.raw.format");
    o = options(AUDIO_RAW_NONE, 0, "raw");
    refused(&o, "audio.raw.endings is set, but audio.raw.format");
    o = options(AUDIO_RAW_S24LE, 0, NULL);
    refused(&o, "audio.raw.rate is not set: the sample rate of files of s24le");
    o = options(AUDIO_RAW_GSM, 0, NULL);
    o.raw.channels = 2;
    refused(&o, "audio.raw.channels is 2, but gsm has one channel");
    o = options(AUDIO_RAW_S16LE, 8000, ".raw");
    refused(&o, "write raw, not .raw");
}

static void channels_by_name_and_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want; /* -2: refused */
    } cases[] = {{"mean", AUDIO_MEAN}, {"left", 0},    {"right", 1}, {"0", 0},      {"7", 7},  {"1023", 1023}, {"", -2},
                 {"-1", -2},           {"middle", -2}, {"1.5", -2},  {"10000", -2}, {"2x", -2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        audio_options o = options(AUDIO_RAW_AUTO, 0, NULL);
        o.channels = (char *)cases[i].text;
        if (cases[i].want == -2)
            refused(&o, "audio.channels");
        else
            assert_int_equal(sound_check_options(&o), OK);
        if (cases[i].want != -2) assert_int_equal(sound_channel(&o), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings_decide),
        cmocka_unit_test(settings_that_make_no_sense_are_refused),
        cmocka_unit_test(channels_by_name_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
