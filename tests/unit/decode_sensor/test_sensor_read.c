/* Arrays of .npy, HDF5 and WAV; files that lead elsewhere or claim what they do not have. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_read.h"
#include "store/npy.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAMPLES = 4, CHANNELS = 3, VALUES = SAMPLES * CHANNELS };

/* Read by the leak checker: HDF5 itself loses memory when it refuses a damaged file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5\n"; }

static char folder[] = "/tmp/tessera-test-sensor-XXXXXX", path[128];
static float values[VALUES];
static int64_t n_read;
static sensor_info info;

static int read_source(const byte_source *source, const char *dataset, int64_t channels, int64_t skip)
{
    int rc = OK;
    sensor_stream *s = NULL;
    const sensor_read_options o = {.channels = channels, .dataset = dataset};
    n_read = 0;
    TRY(sensor_open(&s, source, &o, &info));
    TRY(sensor_skip(s, skip));
    TRY(sensor_read(s, values, VALUES / channels, &n_read));
done:
    sensor_close(&s);
    return rc;
}

/* From the file, behind a few bytes as in a tar, and from memory: the same. */
static int read_file(const char *name, const char *dataset, int64_t skip)
{
    uint8_t *bytes = NULL;
    size_t n;
    char first[200];
    float kept[VALUES] = {0};
    assert_int_equal(file_read(name, 1 << 20, &bytes, &n), OK);
    byte_source source = source_of_memory(bytes, n);
    int rc = read_source(&source, dataset, CHANNELS, skip);
    snprintf(first, sizeof first, "%s", rc == OK ? "" : status_message());
    memcpy(kept, values, sizeof kept);
    int64_t n_kept = n_read;
    snprintf(path, sizeof path, "%s/behind", folder);
    FILE *f = fopen(path, "w");
    assert_true(f && fwrite("1234567", 1, 7, f) == 7 && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
    int fd = open(path, O_RDONLY);
    source = source_of_file(fd, 7, (int64_t)n);
    assert_int_equal(read_source(&source, dataset, CHANNELS, skip), rc);
    if (rc != OK) assert_string_equal(status_message(), first);
    assert_int_equal(n_read, n_kept);
    assert_memory_equal(values, kept, (size_t)n_read * CHANNELS * sizeof *values);
    close(fd);
    mem_free(&bytes);
    return rc;
}

static int read_golden(const char *name, const char *dataset)
{
    char file[256];
    snprintf(file, sizeof file, "%s/sensor-files/%s", GOLDEN_DIR, name);
    return read_file(file, dataset, 0);
}

static void expect_values(float first)
{
    assert_int_equal(n_read, SAMPLES);
    for (int i = 0; i < VALUES; i++) assert_true(values[i] == first + (float)i);
}

/* ---- .npy ---- */

static void put_npy(const char *type, int n_dims, const int64_t *dims, const void *data)
{
    snprintf(path, sizeof path, "%s/a.npy", folder);
    assert_int_equal(npy_write(path, type, n_dims, dims, data, "test"), OK);
}

#define PUT(ctype, type)                                                                                               \
    do {                                                                                                               \
        ctype x[VALUES];                                                                                               \
        for (int i = 0; i < VALUES; i++) x[i] = (ctype)(100 + i);                                                      \
        put_npy(type, 2, dims, x);                                                                                     \
        assert_int_equal(read_file(path, "", 0), OK);                                                                  \
        expect_values(100);                                                                                            \
        assert_true(info.format == SENSOR_NPY && info.n_samples == SAMPLES && info.rate_hz == 0);                      \
    } while (0)

static void npy_of_every_type(void **state)
{
    (void)state;
    const int64_t dims[] = {SAMPLES, CHANNELS};
    uint16_t halves[VALUES];
    PUT(float, "<f4");
    PUT(double, "<f8");
    PUT(int8_t, "|i1");
    PUT(uint8_t, "|u1");
    PUT(int16_t, "<i2");
    PUT(uint16_t, "<u2");
    PUT(int32_t, "<i4");
    PUT(uint32_t, "<u4");
    PUT(int64_t, "<i8");
    PUT(uint64_t, "<u8");
    for (int i = 0; i < VALUES; i++) halves[i] = (uint16_t)(0x6400 + i); /* 1024 + i */
    put_npy("<f2", 2, dims, halves);
    assert_int_equal(read_file(path, "", 0), OK);
    expect_values(1024);
    put_npy("<f2", 2, dims, halves);
    assert_int_equal(read_file(path, "", 3), OK); /* the last sample */
    assert_true(n_read == 1 && values[0] == 1033 && values[2] == 1035);
}

static void npy_of_other_shapes(void **state)
{
    (void)state;
    const int64_t flat[] = {VALUES}, cube[] = {2, 2, 3}, wide[] = {2, 6};
    float x[VALUES];
    byte_source source;
    uint8_t *bytes = NULL;
    size_t n;
    for (int i = 0; i < VALUES; i++) x[i] = (float)i;
    put_npy("<f4", 1, flat, x);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    source = source_of_memory(bytes, n);
    assert_int_equal(read_source(&source, "", 1, 0), OK); /* one channel needs no second dimension */
    assert_true(n_read == VALUES && values[11] == 11);
    mem_free(&bytes);
    assert_int_equal(read_file(path, "", 0), ERR_INVALID);
    put_npy("<f4", 3, cube, x);
    assert_int_equal(read_file(path, "", 0), ERR_UNSUPPORTED);
    put_npy("<f4", 2, wide, x);
    assert_int_equal(read_file(path, "", 0), ERR_INVALID);
    assert_string_equal(status_message(), "6 channels, not 3 (sensor.channels)");
}

static void npy_that_is_damaged(void **state)
{
    (void)state;
    const int64_t dims[] = {SAMPLES, CHANNELS};
    double x[VALUES] = {0};
    uint8_t *bytes = NULL;
    size_t n;
    put_npy("<f8", 2, dims, x);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    for (size_t cut = 1; cut < n; cut++) { /* what begins otherwise is taken for CSV, and is none */
        byte_source source = source_of_memory(bytes, n - cut);
        int rc = read_source(&source, "", CHANNELS, 0);
        assert_true(rc == ERR_FORMAT || (n - cut < 6 && (rc == ERR_INVALID || rc == OK)));
    }
    mem_free(&bytes);
    x[7] = 1e39;
    put_npy("<f8", 2, dims, x);
    assert_int_equal(read_file(path, "", 0), ERR_INVALID);
    assert_string_equal(status_message(), "sample 2 of channel 1 (both from 0) is not a finite number of fp32");
    byte_source nothing = source_of_memory("", 0);
    assert_int_equal(read_source(&nothing, "", CHANNELS, 0), ERR_EMPTY);
}

/* ---- HDF5 ---- */

static void hdf5_of_every_type(void **state)
{
    (void)state;
    static const char *const names[] = {"float16.h5", "float32.h5", "float32-big.h5", "float64.h5",
                                        "int8.h5",    "int16.h5",   "int16-big.h5",   "int32.h5",
                                        "int64.h5",   "packed.h5",  "latest.h5",      "tiles.h5"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(read_golden(names[i], ""), OK);
        expect_values(-5);
        assert_true(info.format == SENSOR_HDF5 && info.n_samples == SAMPLES);
        assert_int_equal(read_golden(names[i], "run/samples"), OK);
        expect_values(-5);
        assert_int_equal(read_golden(names[i], "/run/samples"), OK);
    }
}

static void the_dataset_is_the_only_one_or_named(void **state)
{
    (void)state;
    assert_int_equal(read_golden("one-of-three.h5", ""), OK);
    expect_values(0);
    assert_int_equal(read_golden("two.h5", ""), ERR_INVALID);
    assert_string_equal(status_message(), "the file has several datasets, sensor.dataset names none: /a, /b");
    assert_int_equal(read_golden("two.h5", "b"), OK);
    assert_int_equal(read_golden("two.h5", "c"), ERR_INVALID);
    assert_int_equal(read_golden("two.h5", "a/b"), ERR_INVALID);
    assert_int_equal(read_golden("float32.h5", "run"), ERR_INVALID); /* a group */
    assert_int_equal(read_golden("two.h5", "name"), ERR_UNSUPPORTED);
    assert_int_equal(read_golden("one-of-three.h5", "cube"), ERR_UNSUPPORTED);
    assert_int_equal(read_golden("booleans.h5", ""), ERR_INVALID);
}

static void nothing_leads_out_of_the_file_or_is_made_up(void **state)
{
    (void)state;
    static const struct {
        const char *name, *dataset;
        int code;
    } files[] = {{"soft-link.h5", "here", ERR_UNSUPPORTED},
                 {"external-link.h5", "here", ERR_UNSUPPORTED},
                 {"external-link.h5", "group/samples", ERR_UNSUPPORTED},
                 {"external-link.h5", "", ERR_INVALID},
                 {"external-values.h5", "", ERR_UNSUPPORTED},
                 {"virtual.h5", "", ERR_UNSUPPORTED},
                 {"huge-chunk.h5", "", ERR_LIMIT},
                 {"huge.h5", "", ERR_FORMAT}, /* chunks that were never written */
                 {"holes.h5", "", ERR_FORMAT},
                 {"scale-offset.h5", "", ERR_UNSUPPORTED}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        assert_int_equal(read_golden(files[i].name, files[i].dataset), files[i].code);
    assert_int_equal(read_golden("soft-link.h5", ""), OK); /* the one that is there */
}

/* Every length, and every byte changed: an item error or some values, never a job error or a crash. */
static void damaged_hdf5_does_no_harm(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n;
    assert_int_equal(file_read(GOLDEN_DIR "/sensor-files/packed.h5", 1 << 20, &bytes, &n), OK);
    for (size_t cut = 1; cut < n; cut += 7) {
        byte_source source = source_of_memory(bytes, n - cut);
        assert_true(status_is_item(read_source(&source, "", CHANNELS, 0)) || n - cut < 8);
    }
    for (size_t i = 8; i < n; i++) {
        byte_source source = source_of_memory(bytes, n);
        bytes[i] ^= 0x55;
        int rc = read_source(&source, "", CHANNELS, 0);
        assert_true(rc == OK || status_is_item(rc));
        bytes[i] ^= 0x55;
    }
    mem_free(&bytes);
}

/* ---- WAV ---- */

static void put(uint8_t **p, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) *(*p)++ = (uint8_t)(value >> (8 * i));
}

/* 32-bit floats at 100 Hz, with a header that claims `claimed` samples. */
static size_t make_wav(uint8_t *bytes, int claimed)
{
    uint8_t *p = bytes;
    const uint32_t frame = 4 * CHANNELS, size = (uint32_t)claimed * frame;
    memcpy(p, "RIFF", 4);
    p += 4;
    put(&p, 36 + size, 4);
    memcpy(p, "WAVEfmt ", 8);
    p += 8;
    put(&p, 16, 4);
    put(&p, 3, 2);
    put(&p, CHANNELS, 2);
    put(&p, 100, 4);
    put(&p, 100 * frame, 4);
    put(&p, frame, 2);
    put(&p, 32, 2);
    memcpy(p, "data", 4);
    p += 4;
    put(&p, size, 4);
    for (int i = 0; i < VALUES; i++) {
        const float x = (float)(7 + i);
        memcpy(p, &x, sizeof x);
        p += sizeof x;
    }
    return (size_t)(p - bytes);
}

static void sound_files_keep_their_channels(void **state)
{
    (void)state;
    uint8_t bytes[256];
    byte_source source = source_of_memory(bytes, make_wav(bytes, SAMPLES));
    assert_int_equal(read_source(&source, "", CHANNELS, 0), OK);
    expect_values(7);
    assert_true(info.format == SENSOR_SOUND && info.rate_hz == 100);
    assert_int_equal(read_source(&source, "", CHANNELS, 2), OK);
    assert_true(n_read == 2 && values[0] == 13);
    assert_int_equal(read_source(&source, "", 2, 0), ERR_INVALID);
    source = source_of_memory(bytes, make_wav(bytes, 200));
    sensor_stream *s = NULL;
    const sensor_read_options o = {.channels = CHANNELS, .dataset = ""};
    float more[30 * CHANNELS];
    assert_int_equal(sensor_open(&s, &source, &o, &info), OK);
    assert_int_equal(sensor_read(s, more, 30, &n_read), ERR_FORMAT);
    sensor_close(&s);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_of_every_type),
        cmocka_unit_test(npy_of_other_shapes),
        cmocka_unit_test(npy_that_is_damaged),
        cmocka_unit_test(hdf5_of_every_type),
        cmocka_unit_test(the_dataset_is_the_only_one_or_named),
        cmocka_unit_test(nothing_leads_out_of_the_file_or_is_made_up),
        cmocka_unit_test(damaged_hdf5_does_no_harm),
        cmocka_unit_test(sound_files_keep_their_channels),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
