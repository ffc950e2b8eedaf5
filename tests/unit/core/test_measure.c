/* Measures of the pieces of a sound add up to those of the whole, also where they are hashed; pictures. */
#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "core/sound.h"
#include "decode/audio_write.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 7 * 44100 + 321 };

static const filter_options all = {
    .silence_dbfs = -60, .clipping = 0.5, .blank_deviation = 1, .duplicates = DUPLICATES_ALL};
static char folder[] = "/tmp/tessera-test-measure-XXXXXX", path[64];
static float samples[SAMPLES];

static int ignore(void *user, const float *x, int64_t first, int64_t n)
{
    (void)user;
    (void)x;
    (void)first;
    (void)n;
    return OK;
}

/* Of windows first .. last of a file with these samples; a piece has two windows. */
static void measure(const float *x, size_t n, int32_t rate, double window_s, const corpus_row *row, int64_t first,
                    int64_t last, sound_content *out)
{
    audio_options o = {.window_s = window_s, .piece_windows = 2, .mels = 80};
    sound *s = NULL;
    uint8_t *bytes = NULL;
    size_t size;
    int64_t frames;
    double seconds;
    vector_sink sink = {ignore, NULL, NULL};
    assert_int_equal(audio_write_wav(path, x, n, rate), OK);
    assert_int_equal(file_read(path, 1 << 24, &bytes, &size), OK);
    byte_source source = source_of_memory(bytes, size);
    assert_int_equal(sound_create(&s, &o, NULL), OK);
    assert_int_equal(sound_measures(s, &all), OK);
    for (int k = 0; k < 2; k++) /* nothing stays from the call before */
        assert_int_equal(sound_run(s, row, &source, first, last, &sink, &frames, &seconds), OK);
    *out = *sound_measured(s);
    sound_free(&s);
    mem_free(&bytes);
}

static void pieces_add_up(void **state)
{
    (void)state;
    static const int32_t rates[] = {16000, 8000, 44100, 11025};
    static const double windows[] = {1, 0.37};
    corpus_row row = {.offset_s = 0.5, .duration_s = -1};
    for (size_t r = 0; r < 4; r++)
        for (size_t w = 0; w < 2; w++) {
            size_t n = (size_t)(rates[r] * 7 + 321);
            sound_content whole, sum = {0}, piece;
            measure(samples, n, rates[r], windows[w], &row, 0, INT64_MAX - 1, &whole);
            assert_int_equal(whole.samples, n - (size_t)(rates[r] / 2.0 + 0.5));
            assert_int_equal(whole.rate_hz, rates[r]);
            int64_t last = (int64_t)(6.5 / windows[w]) / 2 * 2;
            for (int64_t first = 0; first <= last; first += 2) {
                measure(samples, n, rates[r], windows[w], &row, first, first == last ? INT64_MAX - 1 : first + 1,
                        &piece);
                sound_content_add(&sum, &piece);
            }
            assert_memory_equal(&sum, &whole, sizeof whole);
        }
}

static void levels_are_those_of_the_samples(void **state)
{
    (void)state;
    corpus_row row = {.duration_s = -1};
    sound_content c;
    static float x[16000];
    double squares = 0;
    for (int i = 0; i < 16000; i++) x[i] = (float)(0.5 * sin(0.1 * i));
    x[77] = 1;
    x[78] = -32767.0f / 32768;
    x[79] = 32766.0f / 32768;
    for (int i = 0; i < 16000; i++) squares += (double)x[i] * x[i];
    measure(x, 16000, 16000, 30, &row, 0, INT64_MAX - 1, &c);
    assert_int_equal(c.clipped, 2);
    assert_true(c.peak == 1);
    double sum = ldexp((double)c.squares[1], 64) + (double)c.squares[0];
    assert_true(fabs(ldexp(sum, -46) / squares - 1) < 1e-6);
    memset(x, 0, sizeof x);
    measure(x, 16000, 16000, 30, &row, 0, INT64_MAX - 1, &c);
    assert_true(c.squares[0] == 0 && c.squares[1] == 0 && c.peak == 0 && c.clipped == 0);
}

/* One sample more, less, other or moved is another sound. */
static void hashes_tell_sounds_apart(void **state)
{
    (void)state;
    corpus_row row = {.duration_s = -1};
    sound_content c[5];
    float first = samples[0], later = samples[50000];
    size_t n = 60000;
    measure(samples, n, 16000, 1, &row, 0, INT64_MAX - 1, &c[0]);
    measure(samples, n - 1, 16000, 1, &row, 0, INT64_MAX - 1, &c[1]);
    measure(samples + 1, n, 16000, 1, &row, 0, INT64_MAX - 1, &c[2]);
    samples[0] = nextafterf(first, 2);
    measure(samples, n, 16000, 1, &row, 0, INT64_MAX - 1, &c[3]);
    samples[0] = first;
    samples[50000] = samples[50001];
    samples[50001] = later;
    measure(samples, n, 16000, 1, &row, 0, INT64_MAX - 1, &c[4]);
    samples[50001] = samples[50000];
    samples[50000] = later;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++) assert_true(memcmp(c[i].hash, c[k].hash, sizeof c[i].hash) != 0);
}

static void pictures_have_a_size_a_spread_and_a_hash(void **state)
{
    (void)state;
    image m;
    picture_content flat, one, other, none;
    const filter_options off = {.clipping = 1};
    assert_int_equal(image_create(5, 4, &m), OK);
    memset(m.rgb, 200, 60);
    picture_measure(&all, &m, &flat);
    assert_true(flat.width == 5 && flat.height == 4 && flat.deviation == 0);
    m.rgb[3 * 7 + 1] = 180;
    picture_measure(&all, &m, &one);
    assert_true(fabs(one.deviation - 20 * sqrt(0.05 * 0.95)) < 1e-9);
    m.rgb[3 * 7 + 1] = 200;
    m.rgb[3 * 8 + 1] = 180;
    picture_measure(&all, &m, &other);
    assert_true(other.deviation == one.deviation);
    assert_true(memcmp(one.hash, other.hash, sizeof one.hash) && memcmp(one.hash, flat.hash, sizeof one.hash));
    picture_measure(&off, &m, &none);
    assert_true(none.width == 5 && none.deviation == 0 && !none.hash[0] && !none.hash[1]);
    image_free(&m);
}

/* Whatever the size is in the steps in which the pixels are summed. */
static void deviations_are_exact(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{1, 1}, {3, 5}, {16, 1}, {17, 3}, {33, 31}, {1024, 1030}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        image m;
        picture_content c;
        size_t n = (size_t)(sizes[i][0] * sizes[i][1]);
        double mean = 0, variance = 0;
        assert_int_equal(image_create(sizes[i][0], sizes[i][1], &m), OK);
        for (size_t k = 0; k < n; k++) {
            m.rgb[3 * k] = (uint8_t)(100 + rng_bits(1, k, i) % 3);
            m.rgb[3 * k + 1] = 255;
            m.rgb[3 * k + 2] = (uint8_t)(rng_bits(2, k, i) % 256); /* the one that counts */
        }
        for (size_t k = 0; k < n; k++) mean += m.rgb[3 * k + 2] / (double)n;
        for (size_t k = 0; k < n; k++) variance += (m.rgb[3 * k + 2] - mean) * (m.rgb[3 * k + 2] - mean) / (double)n;
        picture_measure(&all, &m, &c);
        assert_true(fabs(c.deviation - sqrt(variance)) < 1e-6);
        image_free(&m);
    }
}

/* Not from a decoder that does its work, but the measures stay numbers. */
static void no_number_is_loud(void **state)
{
    (void)state;
    static const float x[] = {NAN, -INFINITY, 3e30f, -0.5f};
    sound_measure m;
    assert_int_equal(sound_measure_open(&m, &all, 16000), OK);
    sound_measure_begin(&m, 16000, 0, INT64_MAX);
    sound_measure_add(&m, x, 0, 4);
    sound_measure_end(&m);
    assert_true(m.content.peak == (double)1e30f);
    assert_int_equal(m.content.clipped, 3);
    assert_int_equal(m.content.squares[0], 3 * (UINT64_C(1) << 48) + (UINT64_C(1) << 44));
    sound_measure_free(&m);
}

int main(void)
{
    for (int i = 0; i < SAMPLES; i++) samples[i] = (float)(2.2 * (rng_uniform(1, (uint64_t)i, 0) - 0.5));
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/sound.wav");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(levels_are_those_of_the_samples),
        cmocka_unit_test(hashes_tell_sounds_apart),
        cmocka_unit_test(pictures_have_a_size_a_spread_and_a_hash),
        cmocka_unit_test(deviations_are_exact),
        cmocka_unit_test(no_number_is_loud),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
