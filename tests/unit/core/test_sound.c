/* Sound in windows and pieces gives the vectors of the whole; segments; what is too short or cut. */
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

enum { RATE = 22050, SAMPLES = 7 * RATE + 1234, D = 39 };

static char folder[] = "/tmp/tessera-test-sound-XXXXXX", path[64];
static uint8_t *wav;
static size_t wav_size;

typedef struct collected {
    float *x;
    size_t n, capacity;
    int64_t next;
} collected;

static int take(void *user, const float *x, int64_t first, int64_t n)
{
    int rc = OK;
    collected *c = user;
    if (c->n) assert_int_equal(first, c->next); /* in order, without a gap */
    c->next = first + n;
    TRY(MEM_GROW(c->x, &c->capacity, (c->n + (size_t)n) * D));
    memcpy(c->x + c->n * D, x, (size_t)n * D * sizeof *x);
    c->n += (size_t)n;
done:
    return rc;
}

static corpus_row whole_row(void)
{
    corpus_row row = {.duration_s = -1};
    return row;
}

static int run(double window_s, const corpus_row *row, const uint8_t *bytes, size_t n, int64_t first, int64_t last,
               collected *out, double *seconds)
{
    audio_options o = {.feature = 0, .mels = 80, .window_s = window_s};
    sound *s = NULL;
    byte_source source = source_of_memory(bytes, n);
    vector_sink sink = {take, NULL, out};
    int64_t frames = 0;
    assert_int_equal(sound_create(&s, &o, NULL), OK);
    assert_int_equal(sound_width(s), D);
    int rc = sound_run(s, row, &source, first, last, &sink, &frames, seconds);
    if (rc == OK) assert_int_equal(frames, out->n);
    sound_free(&s);
    return rc;
}

static void windows_and_pieces_equal_the_whole(void **state)
{
    (void)state;
    corpus_row row = whole_row();
    collected whole = {0};
    double seconds;
    assert_int_equal(run(3600, &row, wav, wav_size, 0, INT64_MAX - 1, &whole, &seconds), OK);
    int64_t samples = ((int64_t)SAMPLES * 320 + 440) / 441;
    assert_int_equal(whole.n, (samples - 400) / 160 + 1);
    static const double windows[] = {1, 1.37, 2.5};
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
        collected parts = {0};
        double sum = 0;
        for (int64_t first = 0; first < 12; first += 2) { /* pieces of two windows; the last ones lie beyond the end */
            size_t before = parts.n;
            collected piece = {0};
            assert_int_equal(run(windows[w], &row, wav, wav_size, first, first + 1, &piece, &seconds), OK);
            if (piece.n) assert_int_equal(take(&parts, piece.x, (int64_t)before, (int64_t)piece.n), OK);
            sum += seconds;
            mem_free(&piece.x);
        }
        assert_int_equal(parts.n, whole.n);
        assert_memory_equal(parts.x, whole.x, whole.n * D * sizeof *whole.x);
        assert_true(fabs(sum - (double)whole.n / 100) < 1e-9);
        mem_free(&parts.x);
    }
    mem_free(&whole.x);
}

static void a_segment_is_a_clip_of_its_own(void **state)
{
    (void)state;
    corpus_row row = {.offset_s = 1.5, .duration_s = 2};
    collected c = {0};
    double seconds;
    assert_int_equal(run(1, &row, wav, wav_size, 0, INT64_MAX - 1, &c, &seconds), OK);
    assert_int_equal(c.n, (32000 - 400) / 160 + 1);
    mem_free(&c.x);
    c = (collected){0};
    row = (corpus_row){.offset_s = 100, .duration_s = -1};
    assert_int_equal(run(1, &row, wav, wav_size, 0, INT64_MAX - 1, &c, &seconds), ERR_INVALID);
    row = (corpus_row){.offset_s = 6, .duration_s = 5}; /* ends 3.9 s after the file */
    assert_int_equal(run(1, &row, wav, wav_size, 0, INT64_MAX - 1, &c, &seconds), ERR_INVALID);
    mem_free(&c.x);
}

static void short_and_cut_sounds_are_rejected(void **state)
{
    (void)state;
    static const float silence[600];
    corpus_row row = whole_row();
    collected c = {0};
    double seconds;
    uint8_t *bytes = NULL;
    size_t n;
    assert_int_equal(run(1, &row, wav, wav_size / 2, 0, INT64_MAX - 1, &c, &seconds), ERR_FORMAT);
    static const struct {
        size_t samples;
        int status;
    } cases[] = {{399, ERR_EMPTY}, {400, OK}};
    for (size_t i = 0; i < 2; i++) {
        mem_free(&c.x);
        c = (collected){0};
        assert_int_equal(audio_write_wav(path, silence, cases[i].samples, 16000), OK);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        assert_int_equal(run(1, &row, bytes, n, 0, INT64_MAX - 1, &c, &seconds), cases[i].status);
        assert_int_equal(c.n, cases[i].status == OK);
        mem_free(&bytes);
    }
    mem_free(&c.x);
}

int main(void)
{
    static float samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (float)(0.3 * sin(0.05 * i + 3e-6 * i * i) + 0.05 * (rng_uniform(1, (uint64_t)i, 0) - 0.5));
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/sound.wav");
    if (audio_write_wav(path, samples, SAMPLES, RATE) != OK || file_read(path, 1 << 24, &wav, &wav_size) != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_and_pieces_equal_the_whole),
        cmocka_unit_test(a_segment_is_a_clip_of_its_own),
        cmocka_unit_test(short_and_cut_sounds_are_rejected),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mem_free(&wav);
    return file_remove_tree(folder) != OK || failed;
}
