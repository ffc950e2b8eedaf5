#include "base/status.h"
#include "decode/audio_decode.h"
#include "sound_file.h"

#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const audio_limits no_limits;

static int64_t declared(const uint8_t *bytes, size_t n)
{
    audio_stream *s;
    audio_info info;
    byte_source source = source_of_memory(bytes, n);
    assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), OK);
    audio_close(&s);
    return info.n_frames;
}

static void put_u32(uint8_t *p, uint32_t v, int big)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (big ? 24 - 8 * i : 8 * i));
}

static void headers_that_declare_more_than_is_there(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    sound_file_make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 2, 1000, &bytes, &n);
    assert_memory_equal(bytes + 36, "data", 4);
    assert_int_equal(declared(bytes, n), 1000);
    put_u32(bytes + 40, 4 * 5000, 0);
    assert_int_equal(declared(bytes, n), 5000);
    free(bytes);
    sound_file_make(SF_FORMAT_AU | SF_FORMAT_PCM_16, 8000, 1, 1000, &bytes, &n);
    put_u32(bytes + 8, 2 * 5000, 1);
    assert_int_equal(declared(bytes, n), 5000);
    free(bytes);
    sound_file_make(SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 8000, 1, 1000, &bytes, &n);
    uint8_t *common = memmem(bytes, n, "COMM", 4);
    assert_non_null(common);
    put_u32(common + 10, 5000, 1);
    assert_int_equal(declared(bytes, n), 5000);
    free(bytes);
}

/* What programs that write to a pipe leave in the header: the length is that of the file. */
static void placeholders_are_no_lengths(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0xffffffff, 0x7ffff000, 0x7fffffff, 0x80000000, 0xfffffff7, 0};
    uint8_t *bytes;
    size_t n;
    sound_file_make(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 2, 1000, &bytes, &n);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] == 0) put_u32(bytes + 4, 8, 0);
        put_u32(bytes + 40, sizes[i], 0);
        assert_int_equal(declared(bytes, n), 1000);
    }
    free(bytes);
}

/* Bit rates vary, so a guess from the size would be far off and cut the sound. */
static void mpeg_without_its_frame_of_tags_is_read_to_the_end(void **state)
{
    (void)state;
    static float samples[50000];
    uint8_t *bytes;
    size_t n, got;
    audio_stream *s;
    audio_info info;
    sound_file_make(SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 16000, 1, 40000, &bytes, &n);
    assert_int_equal(declared(bytes, n), 40000);
    uint8_t *tag = memmem(bytes, n, "Info", 4);
    if (!tag) tag = memmem(bytes, n, "Xing", 4);
    assert_non_null(tag);
    memset(tag, 0, 4);
    byte_source source = source_of_memory(bytes, n);
    assert_int_equal(audio_open(&s, &source, NULL, &no_limits, &info), OK);
    assert_int_equal(info.n_frames, -1);
    assert_true(info.n_likely > 0);
    assert_int_equal(audio_read(s, samples, 50000, &got), OK);
    assert_true(got >= 40000 && got < 45000);
    audio_close(&s);
    free(bytes);
}

static void tags_before_the_sound_are_skipped(void **state)
{
    (void)state;
    static const int kinds[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    static uint8_t tagged[200000];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint8_t *bytes;
        size_t n;
        sound_file_make(kinds[i], 16000, 1, 40000, &bytes, &n);
        assert_true(n + 310 <= sizeof tagged);
        memset(tagged, 0, 310);
        memcpy(tagged, "ID3\4\0\0\0\0\2\54", 10); /* 2 * 128 + 44 bytes follow */
        memcpy(tagged + 310, bytes, n);
        assert_int_equal(declared(tagged, n + 310), 40000);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_that_declare_more_than_is_there),
        cmocka_unit_test(placeholders_are_no_lengths),
        cmocka_unit_test(mpeg_without_its_frame_of_tags_is_read_to_the_end),
        cmocka_unit_test(tags_before_the_sound_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
