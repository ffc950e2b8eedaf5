/* The sound of a row: its channel, its segment and no more of the file than needed, and what is shorter than said. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "core/core_feature.h"
#include "core/sound_reader.h"
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

enum { CAPACITY = 200000 };

static corpus_row segment(double offset_s, double duration_s)
{
    corpus_row row;
    corpus_row_clear(&row);
    row.offset_s = offset_s;
    row.duration_s = duration_s;
    return row;
}

/* All samples of a row from `first` on: their number, or the status. */
static int64_t read_row(const audio_options *o, const corpus_row *row, const byte_source *source, int64_t first,
                        float *out)
{
    sound_reader r = {.o = o};
    int64_t n = 0;
    int rc = sound_reader_begin(&r, row, source, first);
    while (rc == OK && r.total < 0) {
        rc = sound_reader_fill(&r, r.first + 5000);
        assert_true(n + (int64_t)r.n <= CAPACITY);
        if (r.n) memcpy(out + n, r.samples, r.n * sizeof *out);
        n += (int64_t)r.n;
        sound_reader_forget(&r, r.first + (int64_t)r.n);
    }
    if (rc == OK) assert_int_equal(r.total, first + n);
    sound_reader_free(&r);
    return rc == OK ? n : rc;
}

static const int kinds[] = {
    SF_FORMAT_WAV | SF_FORMAT_PCM_16,   SF_FORMAT_WAV | SF_FORMAT_PCM_24,          SF_FORMAT_WAV | SF_FORMAT_FLOAT,
    SF_FORMAT_WAV | SF_FORMAT_ULAW,     SF_FORMAT_WAV | SF_FORMAT_GSM610,          SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM,
    SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, SF_FORMAT_RF64 | SF_FORMAT_PCM_16,         SF_FORMAT_W64 | SF_FORMAT_PCM_16,
    SF_FORMAT_AIFF | SF_FORMAT_PCM_16,  SF_FORMAT_AU | SF_FORMAT_PCM_16,           SF_FORMAT_CAF | SF_FORMAT_ALAC_16,
    SF_FORMAT_FLAC | SF_FORMAT_PCM_16,  SF_FORMAT_FLAC | SF_FORMAT_PCM_24,         SF_FORMAT_OGG | SF_FORMAT_VORBIS,
    SF_FORMAT_OGG | SF_FORMAT_OPUS,     SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III,
};

/* At the rate of the core nothing is resampled, so a segment has the samples of the whole. */
static void a_segment_has_the_samples_of_the_whole(void **state)
{
    (void)state;
    static float whole[CAPACITY], part[CAPACITY];
    const audio_options o = {.length_tolerance = 0.01};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        uint8_t *bytes;
        size_t n_bytes;
        corpus_row row = segment(0, -1);
        sound_file_make(kinds[k], CORE_RATE_HZ, 1, 60000, &bytes, &n_bytes);
        byte_source source = source_of_memory(bytes, n_bytes);
        int64_t n = read_row(&o, &row, &source, 0, whole);
        assert_true(n >= 60000 && n < 62000);
        for (uint64_t i = 0; i < 8; i++) {
            int64_t at = (int64_t)(rng_uniform(1, k, i) * 55000), want = 1 + (int64_t)(rng_uniform(2, k, i) * 5000);
            row = segment((double)at / CORE_RATE_HZ, (double)want / CORE_RATE_HZ);
            assert_int_equal(read_row(&o, &row, &source, 0, part), want);
            if (memcmp(part, whole + at, (size_t)want * sizeof *part) != 0)
                fail_msg("format %x differs from sample %lld on", kinds[k], (long long)at);
            int64_t first = want / 3; /* as a piece of a long row begins */
            assert_int_equal(read_row(&o, &row, &source, first, part), want - first);
            assert_memory_equal(part, whole + at + first, (size_t)(want - first) * sizeof *part);
        }
        free(bytes);
    }
}

/* At another rate it is resampled as a clip of its own: nothing of what lies around it has a part in it. */
static void a_segment_is_resampled_on_its_own(void **state)
{
    (void)state;
    static float whole[CAPACITY], want[CAPACITY], part[CAPACITY];
    const audio_options o = {.length_tolerance = 0.01};
    audio_limits limits = {0};
    audio_info info;
    audio_stream *s;
    resampler *r;
    uint8_t *bytes;
    size_t n_bytes, n, got, rest;
    sound_file_make(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 1, 150000, &bytes, &n_bytes);
    byte_source source = source_of_memory(bytes, n_bytes);
    assert_int_equal(audio_open(&s, &source, NULL, &limits, &info), OK);
    assert_int_equal(audio_read(s, whole, CAPACITY, &n), OK);
    audio_close(&s);
    assert_int_equal(resampler_create(&r, 44100, CORE_RATE_HZ, 0), OK);
    assert_int_equal(resampler_push(r, whole + 110250, 22050, want, CAPACITY, &got), OK);
    assert_int_equal(resampler_finish(r, want + got, CAPACITY - got, &rest), OK);
    corpus_row row = segment(2.5, 0.5);
    assert_int_equal(got + rest, 8000);
    assert_int_equal(read_row(&o, &row, &source, 0, part), 8000);
    assert_memory_equal(part, want, 8000 * sizeof *part);
    assert_int_equal(read_row(&o, &row, &source, 3000, part), 5000);
    assert_memory_equal(part, want + 3000, 5000 * sizeof *part);
    resampler_free(&r);
    free(bytes);
}

/* Bytes that this process has read by system calls. */
static int64_t bytes_read(void)
{
    long long n = -1;
    FILE *f = fopen("/proc/self/io", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "rchar: %lld", &n), 1);
    fclose(f);
    return n;
}

static void a_late_segment_of_a_long_file_reads_little(void **state)
{
    (void)state;
    static const struct {
        int format;
        int64_t most; /* bytes; FLAC looks for the place in a few steps */
    } cases[] = {{SF_FORMAT_WAV | SF_FORMAT_PCM_16, 200000},  {SF_FORMAT_WAV | SF_FORMAT_ALAW, 200000},
                 {SF_FORMAT_AIFF | SF_FORMAT_PCM_24, 300000}, {SF_FORMAT_RF64 | SF_FORMAT_FLOAT, 300000},
                 {SF_FORMAT_CAF | SF_FORMAT_PCM_16, 200000},  {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 700000}};
    static float out[CAPACITY];
    const audio_options o = {.length_tolerance = 0.01};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/tessera-test-segment-XXXXXX";
        uint8_t *bytes;
        size_t n;
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        unlink(path);
        sound_file_make(cases[i].format, CORE_RATE_HZ, 1, 6000000, &bytes, &n);
        assert_true((int64_t)n > 6 * cases[i].most);
        assert_int_equal(write(fd, bytes, n), n);
        free(bytes);
        byte_source source = source_of_file(fd, 0, (int64_t)n);
        corpus_row row = segment(370, 2);
        int64_t before = bytes_read();
        assert_int_equal(read_row(&o, &row, &source, 0, out), 32000);
        int64_t cost = bytes_read() - before;
        if (cost > cases[i].most) fail_msg("format %x: %lld of %zu bytes read", cases[i].format, (long long)cost, n);
        close(fd);
    }
}

static void one_channel_or_the_mean(void **state)
{
    (void)state;
    static float mean[CAPACITY], left[CAPACITY], right[CAPACITY], third[CAPACITY], mono[CAPACITY];
    uint8_t *bytes;
    size_t n;
    audio_options o = {.channels = (char *)"mean"};
    corpus_row row = segment(0, -1);
    sound_file_make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, CORE_RATE_HZ, 3, 20000, &bytes, &n);
    byte_source source = source_of_memory(bytes, n);
    assert_int_equal(read_row(&o, &row, &source, 0, mean), 20000);
    o.channels = (char *)"left";
    assert_int_equal(read_row(&o, &row, &source, 0, left), 20000);
    o.channels = (char *)"right";
    assert_int_equal(read_row(&o, &row, &source, 0, right), 20000);
    o.channels = (char *)"2";
    assert_int_equal(read_row(&o, &row, &source, 0, third), 20000);
    const uint8_t *pcm = bytes + n - 20000 * 6;
    for (int t = 0; t < 20000; t++) {
        int16_t x[3];
        memcpy(x, pcm + t * 6, sizeof x);
        assert_true(left[t] == (float)x[0] / 32768 && right[t] == (float)x[1] / 32768);
        assert_true(third[t] == (float)x[2] / 32768);
        assert_true(mean[t] == (float)(((double)left[t] + (double)right[t] + (double)third[t]) / 3));
    }
    o.channels = (char *)"3";
    assert_int_equal(read_row(&o, &row, &source, 0, mono), ERR_INVALID);
    assert_string_equal(status_message(), "channel 3 (counted from 0) is wanted, but the file has 3 channels");
    free(bytes);
    sound_file_make(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, CORE_RATE_HZ, 1, 20000, &bytes, &n);
    source = source_of_memory(bytes, n);
    o.channels = (char *)"right";
    assert_int_equal(read_row(&o, &row, &source, 0, mono), ERR_INVALID);
    o.channels = (char *)"left";
    assert_int_equal(read_row(&o, &row, &source, 0, mono), 20000);
    free(bytes);
}

/* A header of 1 s, of which 0.6 s are there. */
static void less_than_the_header_says(void **state)
{
    (void)state;
    static float out[CAPACITY];
    uint8_t *bytes;
    size_t n;
    corpus_row row = segment(0, -1);
    audio_options o = {.length_tolerance = 0.01};
    sound_file_make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, CORE_RATE_HZ, 1, 16000, &bytes, &n);
    byte_source cut = source_of_memory(bytes, n - 2 * 6400);
    assert_int_equal(read_row(&o, &row, &cut, 0, out), ERR_FORMAT);
    assert_string_equal(status_message(), "truncated: 9600 of 16000 frames");
    o.length_tolerance = 0.29;
    assert_int_equal(read_row(&o, &row, &cut, 0, out), ERR_FORMAT);
    o.length_tolerance = 0.31; /* and 0.1 s */
    assert_int_equal(read_row(&o, &row, &cut, 0, out), 9600);
    o.length_tolerance = 0;
    o.length_policy = LENGTH_KEEP;
    assert_int_equal(read_row(&o, &row, &cut, 0, out), 9600);
    assert_int_equal(read_row(&o, &row, &cut, 12000, out), 0);
    free(bytes);
}

static void less_than_the_manifest_says(void **state)
{
    (void)state;
    static float out[CAPACITY];
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16};
    for (size_t i = 0; i < 2; i++) {
        uint8_t *bytes;
        size_t n;
        audio_options o = {.length_tolerance = 0.01};
        sound_file_make(formats[i], CORE_RATE_HZ, 1, 32000, &bytes, &n);
        if (i == 1) { /* a FLAC file that does not know its length */
            bytes[21] &= 0xf0;
            memset(bytes + 22, 0, 4);
        }
        byte_source source = source_of_memory(bytes, n);
        corpus_row row = segment(0, 2.5);
        assert_int_equal(read_row(&o, &row, &source, 0, out), i ? ERR_FORMAT : ERR_INVALID);
        if (i == 0)
            assert_string_equal(status_message(), "the manifest has sound from 0.000 to 2.500 s, the file has 2.000 s");
        row = segment(0, 2.05);
        assert_int_equal(read_row(&o, &row, &source, 0, out), 32000);
        row = segment(1.9, 0.3); /* the share is of the segment, not of all before it */
        assert_true(read_row(&o, &row, &source, 0, out) < 0);
        o.length_policy = LENGTH_KEEP;
        assert_int_equal(read_row(&o, &row, &source, 0, out), 1600);
        row = segment(0, 2.5);
        assert_int_equal(read_row(&o, &row, &source, 0, out), 32000);
        row = segment(2.5, 1);
        assert_true(read_row(&o, &row, &source, 0, out) <= 0);
        free(bytes);
    }
}

static void the_name_says_what_a_file_without_a_header_holds(void **state)
{
    (void)state;
    static float out[CAPACITY];
    static uint8_t bytes[5000];
    byte_source source = source_of_memory(bytes, sizeof bytes);
    corpus_row row = segment(0.1, 0.2);
    audio_options o = {.length_tolerance = 0.01, .raw = {AUDIO_RAW_S16LE, 8000, 1, {0}}};
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 37);
    row.field[FIELD_AUDIO_PATH] = (text_view){"x.raw", 5};
    assert_int_equal(read_row(&o, &row, &source, 0, out), 3200);
    row.field[FIELD_AUDIO_PATH] = (text_view){"x.g722", 6};
    assert_int_equal(read_row(&o, &row, &source, 0, out), 3200);
    row.field[FIELD_AUDIO_PATH] = (text_view){"x.wav", 5};
    assert_int_equal(read_row(&o, &row, &source, 0, out), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_has_the_samples_of_the_whole),
        cmocka_unit_test(a_segment_is_resampled_on_its_own),
        cmocka_unit_test(a_late_segment_of_a_long_file_reads_little),
        cmocka_unit_test(one_channel_or_the_mean),
        cmocka_unit_test(less_than_the_header_says),
        cmocka_unit_test(less_than_the_manifest_says),
        cmocka_unit_test(the_name_says_what_a_file_without_a_header_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
