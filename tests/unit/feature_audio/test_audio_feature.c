#include "base/memory.h"
#include "base/rng.h"
#include "base/source.h"
#include "base/status.h"
#include "decode/audio_decode.h"
#include "feature/audio_feature.h"
#include "golden.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_SAMPLES = 200000, MAX_VALUES = 400000 };
static float samples[MAX_SAMPLES], out[MAX_VALUES];

static size_t read_wav(const char *name)
{
    char path[512];
    size_t n;
    audio_stream *s;
    audio_info info;
    audio_limits limits = {0};
    snprintf(path, sizeof path, GOLDEN_DIR "/audio-features/%s.wav", name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    byte_source source = source_of_file(fd, 0, lseek(fd, 0, SEEK_END));
    assert_int_equal(audio_open(&s, &source, NULL, &limits, &info), OK);
    assert_int_equal(audio_read(s, samples, MAX_SAMPLES, &n), OK);
    audio_close(&s);
    close(fd);
    return n;
}

static audio_feature *feature_of(audio_feature_kind kind, int64_t n_mels, double scale)
{
    audio_feature *f;
    audio_feature_options o = {.kind = kind, .n_mels = n_mels, .scale = scale};
    assert_int_equal(audio_feature_create(&f, &o), OK);
    return f;
}

static const struct {
    const char *name;
    audio_feature_kind kind;
    double scale;
    int64_t context;
} references[] = {
    {"fbank80", AUDIO_LOGMEL, 32768, 0}, {"fbank80_unscaled", AUDIO_LOGMEL, 1, 0}, {"mfcc39", AUDIO_MFCC, 1, 4}};

static void equals_the_reference(void **state)
{
    (void)state;
    static const char *const files[] = {"chirp", "silence", "clipped", "short", "two", "speech"};
    golden *g = golden_open(GOLDEN_DIR "/audio-features/expect.safetensors");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int64_t n = (int64_t)read_wav(files[i]);
        for (size_t k = 0; k < 3; k++) {
            char name[64];
            snprintf(name, sizeof name, "%s/%s", files[i], references[k].name);
            const golden_tensor *want = golden_get(g, name);
            audio_feature *f = feature_of(references[k].kind, 80, references[k].scale);
            assert_int_equal(want->type, GOLDEN_F32);
            assert_int_equal(audio_feature_frames(f, n), want->shape[0]);
            assert_int_equal(audio_feature_width(f), want->shape[1]);
            assert_int_equal(audio_feature_context(f), references[k].context);
            assert_int_equal(audio_feature_compute(f, samples, want->shape[0], 0, 0, out), OK);
            double d = golden_max_difference(out, want->data, want->n);
            /* The references, double as well, are rounded to float: values reach 65. */
            if (d > 8e-6) fail_msg("%s differs by %g", name, d);
            audio_feature_free(&f);
        }
    }
    golden_close(g);
}

/* Sixteen thousand samples: noise of a linear congruential generator and a sine. */
static void make_test_signal(void)
{
    uint32_t s = 12345;
    for (int i = 0; i < 16000; i++) {
        s = s * 1664525u + 1013904223u;
        samples[i] =
            (float)(0.1 * ((int32_t)s / 2147483648.0) + 0.3 * sin(2 * 3.14159265358979323846 * 440 * i / 16000));
    }
}

static void close_to(const float *row, const int *columns, const float *want, size_t n, double limit)
{
    for (size_t i = 0; i < n; i++)
        if (fabs((double)row[columns[i]] - want[i]) > limit)
            fail_msg("column %d: %g, not %g", columns[i], (double)row[columns[i]], (double)want[i]);
}

static void test_signal_gives_the_values_of_the_specification(void **state)
{
    (void)state;
    static const int bins[] = {0, 1, 20, 40, 79}, start[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    make_test_signal();
    audio_feature *f = feature_of(AUDIO_LOGMEL, 80, 32768);
    assert_int_equal(audio_feature_frames(f, 16000), 98);
    assert_int_equal(audio_feature_compute(f, samples, 98, 0, 0, out), OK);
    close_to(out, bins, (float[]){11.442433f, 11.776112f, 17.549968f, 20.163283f, 23.978737f}, 5, 3e-6);
    close_to(out + 50 * 80, bins, (float[]){13.126151f, 14.053208f, 17.196918f, 20.700207f, 22.480814f}, 5, 3e-6);
    close_to(out + 97 * 80, bins, (float[]){12.795724f, 13.155961f, 15.561427f, 19.049686f, 23.691991f}, 5, 3e-6);
    audio_feature_free(&f);
    f = feature_of(AUDIO_MFCC, 0, 1);
    assert_int_equal(audio_feature_compute(f, samples, 98, 0, 0, out), OK);
    close_to(out, start,
             (float[]){3.980301f, -24.841031f, 0.191458f, -5.249429f, -13.165001f, -32.080685f, -35.285497f,
                       -26.831854f, -18.684485f, -2.039063f, 21.066207f, 29.660967f, 28.358358f},
             13, 3e-6);
    close_to(out + 13, start, (float[]){-0.140794f, 0.092279f, 0.723716f, -0.160182f, -1.215438f}, 5, 3e-6);
    close_to(out + 26, start, (float[]){0.032929f, -0.077478f, -0.329067f, -0.527668f, -0.355622f}, 5, 3e-6);
    close_to(out + 50 * 39, start, (float[]){3.32613f, -26.317857f, -4.5063f, -11.984482f}, 4, 5e-6);
    close_to(out + 50 * 39 + 13, start, (float[]){-0.124948f, 0.12983f, -0.254122f}, 3, 3e-6);
    close_to(out + 50 * 39 + 26, start, (float[]){0.092699f, 0.15407f, 0.257926f}, 3, 3e-6);
    audio_feature_free(&f);
}

/* A power spectrum whose sum over all bins is the energy of the windowed frame (Parseval). */
static void spectrogram_keeps_the_energy(void **state)
{
    (void)state;
    make_test_signal();
    audio_feature *f = feature_of(AUDIO_SPECTROGRAM, 0, 1);
    assert_int_equal(audio_feature_width(f), 257);
    assert_int_equal(audio_feature_compute(f, samples, 1, 0, 0, out), OK);
    double mean = 0, energy = 0, sum = out[0] + out[256];
    for (int i = 0; i < 400; i++) mean += samples[i] / 400.0;
    for (int i = 0; i < 400; i++) {
        double x = samples[i] - mean, before = samples[i ? i - 1 : 0] - mean;
        double w = pow(0.5 - 0.5 * cos(2 * 3.14159265358979323846 * i / 399), 0.85) * (x - 0.97 * before);
        energy += w * w;
    }
    for (int k = 1; k < 256; k++) sum += 2.0 * out[k];
    assert_true(fabs(sum / 512 / energy - 1) < 1e-6);
    audio_feature_free(&f);
}

static void windows_with_context_give_the_bits_of_the_whole(void **state)
{
    (void)state;
    static float part[MAX_VALUES];
    enum { N = 900 };
    for (uint64_t i = 0; i < MAX_SAMPLES; i++)
        samples[i] = (float)((rng_uniform(1, i, 0) - 0.5) * rng_uniform(2, i / 700, 0));
    static const audio_feature_kind kinds[] = {AUDIO_MFCC, AUDIO_LOGMEL, AUDIO_SPECTROGRAM};
    for (size_t k = 0; k < 3; k++) {
        audio_feature *f = feature_of(kinds[k], 40, 1);
        int64_t width = audio_feature_width(f), context = audio_feature_context(f);
        assert_true(audio_feature_samples(f, N) <= MAX_SAMPLES && N * width <= MAX_VALUES);
        assert_int_equal(audio_feature_compute(f, samples, N, 0, 0, out), OK);
        for (uint64_t t = 0; t < 30; t++) {
            int64_t most = t < 10 ? 3 : t < 20 ? 60 : N, begin = (int64_t)(rng_uniform(3, k, t) * N);
            int64_t n = 1 + (int64_t)(rng_uniform(4, k, t) * (double)most);
            if (t % 10 == 0) begin = 0;
            if (n > N - begin || t % 10 == 1) n = N - begin;
            int64_t lead = begin < context ? begin : context, behind = N - begin - n;
            int64_t trail = behind < context ? behind : context;
            assert_int_equal(
                audio_feature_compute(f, samples + (begin - lead) * 160, lead + n + trail, lead, trail, part), OK);
            if (memcmp(part, out + begin * width, (size_t)(n * width) * sizeof *part) != 0)
                fail_msg("frames %lld to %lld of kind %zu differ", (long long)begin, (long long)(begin + n), k);
        }
        audio_feature_free(&f);
    }
}

static void counts_and_bad_options(void **state)
{
    (void)state;
    audio_feature_options o = audio_feature_defaults();
    audio_feature *f;
    assert_int_equal(audio_feature_create(&f, &o), OK);
    assert_int_equal(audio_feature_width(f), 39);
    static const int64_t counts[][2] = {{0, 0}, {399, 0}, {400, 1}, {559, 1}, {560, 2}, {16000, 98}, {160000, 998}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        assert_int_equal(audio_feature_frames(f, counts[i][0]), counts[i][1]);
    assert_int_equal(audio_feature_samples(f, 2), 560);
    assert_int_equal(audio_feature_samples(f, 0), 0);
    assert_int_equal(audio_feature_compute(f, samples, 0, 0, 0, out), OK);
    assert_int_equal(audio_feature_compute(f, samples, 3, 2, 2, out), ERR_INTERNAL);
    audio_feature_free(&f);
    assert_null(f);
    o.kind = AUDIO_LOGMEL;
    o.n_mels = 0;
    assert_int_equal(audio_feature_create(&f, &o), ERR_CONFIG);
    o.n_mels = 257;
    assert_int_equal(audio_feature_create(&f, &o), ERR_CONFIG);
    o.n_mels = 256;
    o.scale = 0;
    assert_int_equal(audio_feature_create(&f, &o), ERR_CONFIG);
    o.scale = 1;
    assert_int_equal(audio_feature_create(&f, &o), OK);
    audio_feature_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_reference),
        cmocka_unit_test(test_signal_gives_the_values_of_the_specification),
        cmocka_unit_test(spectrogram_keeps_the_energy),
        cmocka_unit_test(windows_with_context_give_the_bits_of_the_whole),
        cmocka_unit_test(counts_and_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
