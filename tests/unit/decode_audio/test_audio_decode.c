#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "decode/audio_decode.h"
#include "golden.h"
#include "sound_file.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const audio_limits no_limits;

/* All frames, read in blocks of `block`; the number of frames, or the status where that is negative. */
static int64_t read_all(audio_stream *s, const audio_info *info, int mono, size_t block, float *out, size_t capacity)
{
    size_t n = 0, got = block, width = mono ? 1 : (size_t)info->channels;
    while (got == block) {
        assert_true(n + block <= capacity);
        int rc = (mono ? audio_read_mono : audio_read)(s, out + n * width, block, &got);
        if (rc != OK) return rc;
        n += got;
    }
    return (int64_t)n;
}

static int64_t decode(const void *bytes, size_t n, const audio_limits *limits, audio_info *info, float *out,
                      size_t capacity)
{
    audio_stream *s;
    byte_source source = source_of_memory(bytes, n);
    int rc = audio_open(&s, &source, NULL, limits, info);
    if (rc != OK) return rc;
    int64_t frames = read_all(s, info, 0, 500, out, capacity);
    audio_close(&s);
    assert_null(s);
    return frames;
}

static void samples_equal_the_reference(void **state)
{
    (void)state;
    golden *g = golden_open(GOLDEN_DIR "/audio-decode/expect.safetensors");
    static float samples[4000];
    assert_int_equal(golden_count(g), 20);
    for (size_t i = 0; i < golden_count(g); i++) {
        const golden_tensor *want = golden_at(g, i);
        char path[512];
        uint8_t *bytes;
        size_t n;
        audio_info info;
        snprintf(path, sizeof path, GOLDEN_DIR "/audio-decode/%s", want->name);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        assert_int_equal(decode(bytes, n, &no_limits, &info, samples, 2000), want->shape[0]);
        assert_int_equal(info.channels, want->shape[1]);
        assert_int_equal(info.rate_hz, want->shape[1] == 2 ? 44100 : 8000);
        assert_int_equal(info.n_frames, want->shape[0]);
        assert_true(info.exact_seek);
        if (golden_max_difference(samples, want->data, want->n) != 0) fail_msg("%s differs", want->name);
        mem_free(&bytes);
    }
    golden_close(g);
}

static void mono_is_the_mean_of_the_channels(void **state)
{
    (void)state;
    static float both[20000 * 3], mono[20600];
    uint8_t *bytes;
    size_t n;
    audio_stream *s;
    audio_info info;
    sound_file_make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 3, 20000, &bytes, &n);
    byte_source source = source_of_memory(bytes, n);
    assert_int_equal(decode(bytes, n, &no_limits, &info, both, 20500), 20000);
    assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), OK);
    assert_int_equal(read_all(s, &info, 1, 7777, mono, 40000), 20000);
    for (size_t t = 0; t < 20000; t++)
        assert_true(mono[t] == (float)(((double)both[3 * t] + both[3 * t + 1] + both[3 * t + 2]) / 3));
    audio_close(&s);
    free(bytes);
}

static const struct {
    int format;
    const char *name;
    int rate_hz, exact;
} formats[] = {
    {SF_FORMAT_WAV | SF_FORMAT_PCM_16, "wav", 16000, 1},
    {SF_FORMAT_WAV | SF_FORMAT_PCM_24, "wav", 44100, 1},
    {SF_FORMAT_WAV | SF_FORMAT_ULAW, "wav/ulaw", 8000, 1},
    {SF_FORMAT_WAV | SF_FORMAT_GSM610, "wav/gsm", 8000, 0},
    {SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, "wav/ms-adpcm", 16000, 0},
    {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, "wav/ima-adpcm", 16000, 0},
    {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, "rf64", 16000, 1},
    {SF_FORMAT_W64 | SF_FORMAT_FLOAT, "w64/float", 16000, 1},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, "aiff", 22050, 1},
    {SF_FORMAT_AU | SF_FORMAT_PCM_16, "au", 16000, 1},
    {SF_FORMAT_CAF | SF_FORMAT_PCM_24, "caf", 16000, 1},
    {SF_FORMAT_CAF | SF_FORMAT_ALAC_16, "caf/alac", 16000, 0},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, "flac", 44100, 1},
    {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, "flac", 48000, 1},
    {SF_FORMAT_OGG | SF_FORMAT_VORBIS, "ogg/vorbis", 22050, 0},
    {SF_FORMAT_OGG | SF_FORMAT_OPUS, "ogg/opus", 48000, 0},
    {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, "mp3", 32000, 0},
};

static void seeking_gives_the_samples_of_reading_from_the_start(void **state)
{
    (void)state;
    enum { N = 30000, CAPACITY = 40000 };
    static float whole[CAPACITY], part[CAPACITY];
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        uint8_t *bytes;
        size_t n, got;
        audio_stream *s;
        audio_info info;
        sound_file_make(formats[f].format, formats[f].rate_hz, 1, N, &bytes, &n);
        int64_t n_frames = decode(bytes, n, &no_limits, &info, whole, CAPACITY);
        if (n_frames < N || n_frames > N + 3000) fail_msg("%s: %lld frames", formats[f].name, (long long)n_frames);
        assert_string_equal(info.format, formats[f].name);
        assert_int_equal(info.rate_hz, formats[f].rate_hz);
        assert_int_equal(info.exact_seek, formats[f].exact);
        assert_int_equal(info.n_frames, n_frames);
        byte_source source = source_of_memory(bytes, n);
        assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), OK);
        for (uint64_t i = 0; i < 12; i++) {
            int64_t at = (int64_t)(rng_uniform(1, f, i) * (double)n_frames);
            size_t want = 1 + (size_t)(rng_uniform(2, f, i) * 5000), there = (size_t)(n_frames - at);
            assert_int_equal(audio_seek(s, at), OK);
            assert_int_equal(audio_read(s, part, want, &got), OK);
            assert_int_equal(got, want < there ? want : there);
            if (memcmp(part, whole + at, got * sizeof *part) != 0)
                fail_msg("%s differs from frame %lld on", formats[f].name, (long long)at);
        }
        assert_int_equal(audio_seek(s, n_frames + 5), OK);
        assert_int_equal(audio_read(s, part, 10, &got), OK);
        assert_int_equal(got, 0);
        audio_close(&s);
        free(bytes);
    }
}

static void limits_refuse_long_and_wide_files(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n, got;
    audio_stream *s;
    audio_info info;
    static float samples[50000];
    audio_limits two_seconds = {.max_seconds = 2}, one_channel = {.max_channels = 1};
    sound_file_make(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 8000, 2, 16001, &bytes, &n);
    byte_source source = source_of_memory(bytes, n);
    assert_int_equal(audio_open(&s, &source, NULL, &two_seconds, &info), ERR_LIMIT);
    assert_null(s);
    assert_int_equal(audio_open(&s, &source, NULL, &one_channel, &info), ERR_LIMIT);
    /* With the length removed from the header (36 bits of STREAMINFO) it shows while reading. */
    bytes[21] &= 0xf0;
    memset(bytes + 22, 0, 4);
    assert_int_equal(audio_open(&s, &source, NULL, &two_seconds, &info), OK);
    assert_int_equal(info.n_frames, -1);
    assert_int_equal(audio_read(s, samples, 16000, &got), OK);
    assert_int_equal(got, 16000);
    assert_int_equal(audio_read(s, samples, 1000, &got), ERR_LIMIT);
    audio_close(&s);
    assert_int_equal(decode(bytes, n, &no_limits, &info, samples, 25000), 16001);
    free(bytes);
}

static void files_cut_short_are_found(void **state)
{
    (void)state;
    static const int cut[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16,    SF_FORMAT_RF64 | SF_FORMAT_PCM_16,
                              SF_FORMAT_WAV | SF_FORMAT_GSM610,    SF_FORMAT_AIFF | SF_FORMAT_PCM_16,
                              SF_FORMAT_AU | SF_FORMAT_PCM_16,     SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                              SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    static float samples[10000];
    for (size_t f = 0; f < sizeof cut / sizeof *cut; f++) {
        uint8_t *bytes;
        size_t n;
        audio_info info;
        sound_file_make(cut[f], 8000, 1, 8000, &bytes, &n);
        int64_t whole = decode(bytes, n, &no_limits, &info, samples, 10000);
        assert_int_equal(audio_check_length(info.n_frames, whole, info.rate_hz, 0.01), OK);
        int64_t got = decode(bytes, n * 6 / 10, &no_limits, &info, samples, 10000);
        if (got != ERR_FORMAT && audio_check_length(info.n_frames, got, info.rate_hz, 0.01) != ERR_FORMAT)
            fail_msg("format %x: %lld of %lld frames", cut[f], (long long)got, (long long)info.n_frames);
        free(bytes);
    }
    assert_int_equal(audio_check_length(16000, 16000 - 1760, 16000, 0.01), OK);
    assert_int_equal(audio_check_length(16000, 16000 - 1761, 16000, 0.01), ERR_FORMAT);
    assert_int_equal(audio_check_length(-1, 0, 16000, 0.01), OK);
}

static void what_is_no_sound_is_refused(void **state)
{
    (void)state;
    static const char text[] = "This is not a sound file, although somebody gave it the name of one.";
    static float samples[1000];
    uint8_t *bytes;
    size_t n;
    audio_info info;
    assert_int_equal(decode(text, sizeof text, &no_limits, &info, samples, 1000), ERR_FORMAT);
    assert_int_equal(decode(text, 3, &no_limits, &info, samples, 1000), ERR_FORMAT);
    assert_int_equal(decode(text, 0, &no_limits, &info, samples, 1000), ERR_EMPTY);
    sound_file_make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0, &bytes, &n);
    assert_int_equal(decode(bytes, n, &no_limits, &info, samples, 1000), ERR_EMPTY);
    free(bytes);
}

static void samples_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    static float samples[3000];
    uint8_t *bytes;
    size_t n;
    audio_info info;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        sound_file_make(SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 1, 2000, &bytes, &n);
        memcpy(bytes + n - 4 * 100, &bad[i], 4);
        assert_int_equal(decode(bytes, n, &no_limits, &info, samples, 3000), ERR_INVALID);
        assert_string_equal(status_message(), "the sample at frame 1900 is not a finite number");
        free(bytes);
    }
}

/* A descriptor that becomes that of a folder stands for a file server that goes away: every read fails. */
static void failing_reads_are_the_environments_fault(void **state)
{
    (void)state;
    enum { N = 400000 };
    static float samples[N];
    static const int kinds[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    for (size_t f = 0; f < sizeof kinds / sizeof *kinds; f++) {
        char path[] = "/tmp/tessera-test-audio-XXXXXX";
        uint8_t *bytes;
        size_t n, got;
        audio_stream *s;
        audio_info info;
        int fd = mkstemp(path), closed = open("/tmp", O_RDONLY | O_DIRECTORY);
        assert_true(fd >= 0);
        unlink(path);
        sound_file_make(kinds[f], 16000, 1, N, &bytes, &n);
        assert_int_equal(write(fd, bytes, n), n);
        byte_source source = source_of_file(fd, 0, (int64_t)n);
        assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), OK);
        assert_int_equal(ftruncate(fd, (off_t)n / 2), 0);
        assert_int_equal(audio_read(s, samples, N, &got), ERR_CHANGED);
        audio_close(&s);
        assert_int_equal(pwrite(fd, bytes, n, 0), n);
        assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), OK);
        assert_int_equal(dup2(closed, fd), fd);
        assert_int_equal(audio_read(s, samples, N, &got), ERR_ENVIRONMENT);
        assert_int_equal(audio_read(s, samples, 10, &got), ERR_ENVIRONMENT);
        audio_close(&s);
        assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), ERR_ENVIRONMENT);
        assert_null(s);
        close(fd);
        close(closed);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_equal_the_reference),
        cmocka_unit_test(mono_is_the_mean_of_the_channels),
        cmocka_unit_test(seeking_gives_the_samples_of_reading_from_the_start),
        cmocka_unit_test(limits_refuse_long_and_wide_files),
        cmocka_unit_test(files_cut_short_are_found),
        cmocka_unit_test(what_is_no_sound_is_refused),
        cmocka_unit_test(samples_that_are_not_finite_are_refused),
        cmocka_unit_test(failing_reads_are_the_environments_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
