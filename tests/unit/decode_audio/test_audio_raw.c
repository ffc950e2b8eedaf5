/* Files without a header: the samples of each format, how a hint and the content decide, what a damaged file gives. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_decode.h"
#include "sound_file.h"

#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const audio_limits no_limits;

static int64_t decode(const void *bytes, size_t n, const audio_hint *hint, audio_info *info, float *out,
                      size_t capacity)
{
    audio_stream *s;
    size_t got;
    byte_source source = source_of_memory(bytes, n);
    int rc = audio_open(&s, &source, hint, &no_limits, info);
    if (rc == OK) rc = audio_read(s, out, capacity, &got);
    audio_close(&s);
    return rc == OK ? (int64_t)got : rc;
}

/* Two samples of each format, and their values. */
static const struct {
    audio_raw_format format;
    const char *bytes;
    size_t width;
    double first, second;
} samples[] = {
    {AUDIO_RAW_S8, "\x40\x80", 1, 0.5, -1},
    {AUDIO_RAW_U8, "\xc0\x00", 1, 0.5, -1},
    {AUDIO_RAW_S16LE, "\x01\x40\x00\x80", 2, 16385 / 32768.0, -1},
    {AUDIO_RAW_S16BE, "\x40\x01\x80\x00", 2, 16385 / 32768.0, -1},
    {AUDIO_RAW_S24LE, "\x01\x00\x40\x00\x00\x80", 3, 0.5 + 0x1p-23, -1},
    {AUDIO_RAW_S24BE, "\x40\x00\x01\x80\x00\x00", 3, 0.5 + 0x1p-23, -1},
    {AUDIO_RAW_S32LE, "\x00\x00\x00\x40\x00\x00\x00\x80", 4, 0.5, -1},
    {AUDIO_RAW_S32BE, "\x40\x00\x00\x00\x80\x00\x00\x00", 4, 0.5, -1},
    {AUDIO_RAW_F32LE, "\x00\x00\x40\x3f\x00\x00\x00\xc0", 4, 0.75, -2},
    {AUDIO_RAW_F32BE, "\x3f\x40\x00\x00\xc0\x00\x00\x00", 4, 0.75, -2},
    {AUDIO_RAW_F64LE, "\x00\x00\x00\x00\x00\x00\xe8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", 8, 0.75, -2},
    {AUDIO_RAW_F64BE, "\x3f\xe8\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x00", 8, 0.75, -2},
    {AUDIO_RAW_ULAW, "\x80\x0f", 1, 32124 / 32768.0, -16764 / 32768.0},
    {AUDIO_RAW_ALAW, "\xaa\x35", 1, 32256 / 32768.0, -8448 / 32768.0},
};

static void every_format_of_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        size_t width = samples[i].width;
        uint8_t bytes[10 * 2 * 8];
        float out[40];
        char name[40];
        audio_info info;
        for (int k = 0; k < 10; k++) memcpy(bytes + (size_t)k * 2 * width, samples[i].bytes, 2 * width);
        for (int channels = 1; channels <= 2; channels++) {
            audio_hint hint = {samples[i].format, 11025, channels, 0};
            assert_int_equal(decode(bytes, 20 * width, &hint, &info, out, 40), 20 / channels);
            assert_int_equal(info.n_frames, 20 / channels);
            assert_int_equal(info.rate_hz, 11025);
            assert_int_equal(info.channels, channels);
            assert_true(info.exact_seek);
            snprintf(name, sizeof name, "raw/%s", audio_raw_names[samples[i].format]);
            assert_string_equal(info.format, name);
            for (int k = 0; k < 20; k++)
                if (out[k] != (float)(k % 2 ? samples[i].second : samples[i].first))
                    fail_msg("%s: sample %d is %.9g", name, k, (double)out[k]);
        }
    }
}

static void a_rest_of_less_than_a_frame_is_left_out(void **state)
{
    (void)state;
    static const uint8_t bytes[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    float out[20];
    audio_info info;
    audio_hint hint = {AUDIO_RAW_S16LE, 8000, 2, 0};
    assert_int_equal(decode(bytes, 11, &hint, &info, out, 10), 2);
    hint.channels = 1;
    assert_int_equal(decode(bytes, 11, &hint, &info, out, 10), 5);
    assert_int_equal(decode(bytes, 1, &hint, &info, out, 10), ERR_EMPTY);
    assert_int_equal(decode(bytes, 0, &hint, &info, out, 10), ERR_EMPTY);
}

static void g722_is_16_khz_and_gives_the_same_after_seeking(void **state)
{
    (void)state;
    enum { N = 9000 };
    static uint8_t bytes[N];
    static float whole[2 * N + 1], part[2 * N];
    audio_info info;
    audio_stream *s;
    size_t got;
    for (size_t i = 0; i < N; i++) bytes[i] = (uint8_t)(i * i / 7 + 90 * (i % 3));
    audio_hint hint = {AUDIO_RAW_G722, 16000, 1, 1};
    byte_source source = source_of_memory(bytes, N);
    assert_int_equal(decode(bytes, N, &hint, &info, whole, 2 * N + 1), 2 * N);
    assert_int_equal(info.n_frames, 2 * N);
    assert_int_equal(info.n_likely, 2 * N);
    assert_int_equal(audio_open(&s, &source, &hint, &no_limits, &info), OK);
    static const int64_t places[] = {7, 12001, 2, 17999, 18000, 5};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        assert_int_equal(audio_seek(s, places[i]), OK);
        assert_int_equal(audio_read(s, part, 777, &got), OK);
        assert_int_equal(got, 2 * N - places[i] < 777 ? 2 * N - places[i] : 777);
        assert_memory_equal(part, whole + places[i], got * sizeof *part);
    }
    audio_close(&s);
}

static void gsm_must_begin_as_gsm(void **state)
{
    (void)state;
    static float out[40000];
    uint8_t *bytes;
    size_t n;
    audio_info info;
    audio_hint hint = {AUDIO_RAW_GSM, 8000, 1, 1};
    sound_file_make(SF_FORMAT_RAW | SF_FORMAT_GSM610, 8000, 1, 16000, &bytes, &n);
    assert_int_equal(n, 3300);
    assert_int_equal(decode(bytes, n, &hint, &info, out, 40000), 16000);
    assert_string_equal(info.format, "raw/gsm");
    assert_int_equal(decode(bytes, n, NULL, &info, out, 40000), ERR_FORMAT);
    bytes[33 * 60] = 0;
    assert_int_equal(decode(bytes, n, &hint, &info, out, 40000), ERR_FORMAT);
    assert_string_equal(status_message(), "damaged sound data: byte 1980 begins no frame of GSM");
    bytes[33] = 0x70;
    assert_int_equal(decode(bytes, n, &hint, &info, out, 40000), ERR_FORMAT);
    hint.is_guess = 0;
    assert_int_equal(decode(bytes, n, &hint, &info, out, 40000), ERR_FORMAT);
    free(bytes);
}

static void a_header_counts_more_than_a_hint(void **state)
{
    (void)state;
    static const int kinds[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
                                SF_FORMAT_AU | SF_FORMAT_PCM_16,  SF_FORMAT_CAF | SF_FORMAT_PCM_16,
                                SF_FORMAT_W64 | SF_FORMAT_PCM_16, SF_FORMAT_RF64 | SF_FORMAT_PCM_16};
    static float out[20000];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (audio_raw_format f = AUDIO_RAW_S8; f < AUDIO_RAW_AUTO; f++) {
            uint8_t *bytes;
            size_t n;
            audio_info info;
            audio_hint hint = {f, 16000, 1, f % 2};
            sound_file_make(kinds[i], 22050, 1, 5000, &bytes, &n);
            assert_int_equal(decode(bytes, n, &hint, &info, out, 20000), 5000);
            assert_int_equal(info.rate_hz, 22050);
            free(bytes);
        }
}

static void text_is_sound_only_where_the_config_says_so(void **state)
{
    (void)state;
    static const char text[] = "404: the file that you asked for is not here, but this text is, and it is long enough";
    static float out[400];
    audio_info info;
    audio_hint hint = {AUDIO_RAW_G722, 16000, 1, 1};
    assert_int_equal(decode(text, sizeof text - 1, &hint, &info, out, 400), ERR_FORMAT);
    hint.is_guess = 0;
    assert_int_equal(decode(text, sizeof text - 1, &hint, &info, out, 400), 2 * (sizeof text - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_of_samples),
        cmocka_unit_test(a_rest_of_less_than_a_frame_is_left_out),
        cmocka_unit_test(g722_is_16_khz_and_gives_the_same_after_seeking),
        cmocka_unit_test(gsm_must_begin_as_gsm),
        cmocka_unit_test(a_header_counts_more_than_a_hint),
        cmocka_unit_test(text_is_sound_only_where_the_config_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
