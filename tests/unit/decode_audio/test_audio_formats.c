/* Every kind of file: the samples of the reference, the same ones after seeking, and what is not supported by name. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_decode.h"
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CAPACITY = 20000, N_FILES = 87 };
static const audio_limits no_limits;

/* "g722-56.raw": what the name of a file without a header says. */
static audio_hint hint_of(const char *name)
{
    audio_hint h = {.rate_hz = !strcmp(name, "gsm.raw") ? 8000 : 16000, .channels = 1};
    const char *end = strstr(name, ".raw");
    for (int f = 0; end && audio_raw_names[f]; f++)
        if (strlen(audio_raw_names[f]) == (size_t)(end - name) && !strncmp(name, audio_raw_names[f], end - name))
            h.format = (audio_raw_format)f;
    return h;
}

/* Decoders of these compute in float, with other instructions in other builds of a library. */
static double tolerance(const char *name)
{
    return !strncmp(name, "mp", 2) ? 2e-6 : !strncmp(name, "ogg", 3) ? 5e-7 : 0;
}

static void check_file(const golden_tensor *want)
{
    static float whole[CAPACITY], part[CAPACITY];
    char path[512];
    uint8_t *bytes;
    size_t n, got, channels = (size_t)want->shape[1];
    audio_stream *s;
    audio_info info;
    audio_hint hint = hint_of(want->name);
    snprintf(path, sizeof path, GOLDEN_DIR "/audio-formats/%s", want->name);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    byte_source source = source_of_memory(bytes, n);
    if (audio_open(&s, &source, &hint, &no_limits, &info) != OK) fail_msg("%s: %s", want->name, status_message());
    assert_int_equal(info.channels, channels);
    assert_true(want->n + 1000 * channels <= CAPACITY);
    assert_int_equal(audio_read(s, whole, CAPACITY / channels, &got), OK);
    if ((int64_t)got != want->shape[0])
        fail_msg("%s: %zu frames, not %lld", want->name, got, (long long)want->shape[0]);
    double d = golden_max_difference(whole, want->data, want->n);
    if (d > tolerance(want->name)) fail_msg("%s differs by %g", want->name, d);
    if (strstr(info.format, "other")) fail_msg("%s is %s", want->name, info.format);
    for (size_t at = 0; at < got; at += 1 + got / 7) {
        size_t n_part;
        assert_int_equal(audio_seek(s, (int64_t)(got - 1 - at)), OK);
        assert_int_equal(audio_read(s, part, 50, &n_part), OK);
        assert_int_equal(n_part, at + 1 < 50 ? at + 1 : 50);
        if (memcmp(part, whole + (got - 1 - at) * channels, n_part * channels * sizeof *part) != 0)
            fail_msg("%s differs from frame %zu on", want->name, got - 1 - at);
    }
    audio_close(&s);
    mem_free(&bytes);
}

static void every_kind_of_file_gives_the_samples_of_the_reference(void **state)
{
    (void)state;
    golden *g = golden_open(GOLDEN_DIR "/audio-formats/expect.safetensors");
    assert_int_equal(golden_count(g), N_FILES);
    for (size_t i = 0; i < golden_count(g); i++) check_file(golden_at(g, i));
    golden_close(g);
}

/* A file of 600 bytes that begins like this. */
static int open_bytes(const void *head, size_t n)
{
    static uint8_t file[600];
    audio_stream *s;
    audio_info info;
    byte_source source = source_of_memory(file, sizeof file);
    memset(file, 0, sizeof file);
    memcpy(file, head, n);
    int rc = audio_open(&s, &source, NULL, &no_limits, &info);
    audio_close(&s);
    return rc;
}
#define OPEN(text) open_bytes(text, sizeof(text) - 1)

static void says(const char *words)
{
    if (!strstr(status_message(), words)) fail_msg("\"%s\" does not say %s", status_message(), words);
}

static void formats_without_a_decoder_are_named(void **state)
{
    (void)state;
    assert_int_equal(OPEN("\0\0\0\x20"
                          "ftypM4A \0\0\2\0"),
                     ERR_UNSUPPORTED);
    says("AAC or ALAC in MP4 (M4A) is not supported; convert it to FLAC, WAV, Opus or MP3");
    assert_int_equal(OPEN("\0\0\0\x20"
                          "ftypisom"),
                     ERR_UNSUPPORTED);
    says("MP4");
    assert_int_equal(OPEN("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9"), ERR_UNSUPPORTED);
    says("WMA");
    assert_int_equal(OPEN("#!AMR\n"), ERR_UNSUPPORTED);
    says("AMR is");
    assert_int_equal(OPEN("#!AMR-WB\n"), ERR_UNSUPPORTED);
    says("AMR wideband");
    assert_int_equal(OPEN("\x1a\x45\xdf\xa3"), ERR_UNSUPPORTED);
    says("WebM");
    assert_int_equal(OPEN("wvpk"), ERR_UNSUPPORTED);
    assert_int_equal(OPEN("MAC "), ERR_UNSUPPORTED);
    assert_int_equal(OPEN("OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x50Speex   1.2"), ERR_UNSUPPORTED);
    says("Speex in Ogg");
}

static void adts(uint8_t *p)
{
    static const uint8_t header[] = {0xff, 0xf1, 0x50, 0x80, 0x01, 0x7f, 0xfc}; /* frames of 11 bytes */
    memcpy(p, header, sizeof header);
}

static void bare_aac_is_named_and_not_taken_for_mp3(void **state)
{
    (void)state;
    uint8_t frames[22] = {0};
    adts(frames);
    adts(frames + 11);
    assert_int_equal(open_bytes(frames, sizeof frames), ERR_UNSUPPORTED);
    says("AAC is not supported");
    frames[11] = 0; /* no second frame: something else */
    assert_int_equal(open_bytes(frames, sizeof frames), ERR_FORMAT);
}

static void codecs_in_wav_are_named(void **state)
{
    (void)state;
    static const struct {
        uint16_t codec;
        const char *says;
    } cases[] = {{0x161, "Windows Media in WAV"}, {0x65, "G.722 in WAV"}, {0xff, "AAC in WAV"}, {0x7777, "0x7777"}};
    uint8_t wav[44] = "RIFF\x50\2\0\0WAVEfmt \x10\0\0\0\0\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\x2c\2\0";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wav[20] = (uint8_t)cases[i].codec;
        wav[21] = (uint8_t)(cases[i].codec >> 8);
        assert_int_equal(open_bytes(wav, sizeof wav), ERR_UNSUPPORTED);
        says(cases[i].says);
    }
    memcpy(wav + 20, "\1\0\1\0\x40\x1f\0\0\0\xfa\0\0\x8\0\x40", 15); /* samples of 64 bits */
    assert_int_equal(open_bytes(wav, sizeof wav), ERR_UNSUPPORTED);
    says("whole numbers of 64 bits in WAV are not supported");
}

static void what_is_no_sound_is_named_too(void **state)
{
    (void)state;
    assert_int_equal(OPEN("\xff\xd8\xff\xe0"), ERR_FORMAT);
    says("a JPEG picture");
    assert_int_equal(OPEN("<!DOCTYPE html><title>404</title>"), ERR_FORMAT);
    says("a web page");
    assert_int_equal(OPEN("version https://git-lfs.github.com/spec/v1"), ERR_FORMAT);
    says("pointer of Git LFS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_file_gives_the_samples_of_the_reference),
        cmocka_unit_test(formats_without_a_decoder_are_named),
        cmocka_unit_test(bare_aac_is_named_and_not_taken_for_mp3),
        cmocka_unit_test(codecs_in_wav_are_named),
        cmocka_unit_test(what_is_no_sound_is_named_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
