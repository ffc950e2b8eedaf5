#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "store/h5.h"
#include "store/npy.h"
#include "tensor/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { K = 5, D = 3 };

/* Read by the leak checker: HDF5 itself loses memory when it refuses a damaged file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5\n"; }

static char folder[] = "/tmp/tessera-test-codebook-XXXXXX";
static char h5_path[64], npy_path[64];

static void fill(codebook *c)
{
    *c = (codebook){.layer = 9, .k = K, .d = D, .n_history = 2, .seed = 7};
    c->quality = (codebook_quality){100, 3, 12.5, 0.5, 99.25, 4.5, 4, 2, "converged", "given"};
    assert_int_equal(mem_string(&c->name, "audio"), OK);
    assert_int_equal(mem_string(&c->feature, "mfcc: {n: 13}"), OK);
    assert_int_equal(mem_string(&c->encoder, "mfcc"), OK);
    assert_int_equal(MEM_ALLOC(c->centroids, K * D), OK);
    assert_int_equal(MEM_ALLOC(c->counts, K), OK);
    assert_int_equal(MEM_ALLOC(c->history, 2), OK);
    for (int i = 0; i < K * D; i++) c->centroids[i] = (float)i / 7 - 1;
    for (int j = 0; j < K; j++) c->counts[j] = 20 + j;
    assert_int_equal(MEM_ALLOC(c->changed, 2), OK);
    assert_int_equal(MEM_ALLOC(c->filled, 2), OK);
    c->history[0] = 30;
    c->history[1] = 15.25;
    c->changed[0] = 1;
    c->changed[1] = 0.125;
    c->filled[0] = 3;
}

static void saved_codebooks_come_back(void **state)
{
    (void)state;
    codebook c, d;
    uint8_t *first = NULL, *second = NULL;
    size_t n_first, n_second;
    fill(&c);
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(file_read(h5_path, 1 << 20, &first, &n_first), OK);
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(file_read(h5_path, 1 << 20, &second, &n_second), OK);
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    mem_free(&first);
    mem_free(&second);
    assert_int_equal(codebook_hash(&c), OK);
    assert_int_equal(codebook_load(h5_path, &d), OK);
    assert_string_equal(d.name, "audio");
    assert_string_equal(d.feature, c.feature);
    assert_string_equal(d.encoder, "mfcc");
    assert_string_equal(d.sha256, c.sha256);
    assert_true(d.layer == 9 && d.k == K && d.d == D && d.n_history == 2 && d.seed == 7);
    assert_memory_equal(d.centroids, c.centroids, K * D * sizeof *c.centroids);
    assert_memory_equal(d.counts, c.counts, K * sizeof *c.counts);
    assert_memory_equal(d.history, c.history, 2 * sizeof *c.history);
    assert_memory_equal(d.changed, c.changed, 2 * sizeof *c.changed);
    assert_memory_equal(d.filled, c.filled, 2 * sizeof *c.filled);
    assert_memory_equal(&d.quality, &c.quality, sizeof c.quality);
    codebook_free(&d);
    assert_int_equal(codebook_load(npy_path, &d), OK);
    assert_true(d.layer == -1 && d.k == K && d.d == D && d.n_history == 0 && d.counts[0] == 0);
    assert_string_equal(d.feature, "");
    assert_memory_equal(d.centroids, c.centroids, K * D * sizeof *c.centroids);
    codebook_free(&d);
    codebook_free(&c);
    codebook_free(&c);
}

/* What was not recorded when they were written. */
static void older_codebooks_come_back(void **state)
{
    (void)state;
    codebook c, d;
    fill(&c);
    mem_free(&c.changed);
    mem_free(&c.filled);
    c.quality.start[0] = 0;
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(codebook_load(h5_path, &d), OK);
    assert_true(d.n_history == 2 && d.history[1] == 15.25 && !d.changed && !d.filled);
    assert_string_equal(d.quality.start, "");
    codebook_free(&d);
    codebook_free(&c);
}

/* Mean and deviation of each channel, of codebooks of sensors. */
static void channels_come_back(void **state)
{
    (void)state;
    codebook c, d;
    char before[65];
    fill(&c);
    assert_int_equal(codebook_hash(&c), OK);
    strcpy(before, c.sha256);
    c.n_channels = 2;
    assert_int_equal(MEM_ALLOC(c.channel_mean, 2), OK);
    assert_int_equal(MEM_ALLOC(c.channel_deviation, 2), OK);
    c.channel_mean[0] = 9.81;
    c.channel_mean[1] = -1e-9;
    c.channel_deviation[1] = 0.1;
    assert_int_equal(codebook_hash(&c), OK);
    assert_string_not_equal(before, c.sha256);
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(codebook_load(h5_path, &d), OK);
    assert_int_equal(d.n_channels, 2);
    assert_memory_equal(d.channel_mean, c.channel_mean, 2 * sizeof *c.channel_mean);
    assert_memory_equal(d.channel_deviation, c.channel_deviation, 2 * sizeof *c.channel_deviation);
    assert_string_equal(d.sha256, c.sha256);
    codebook_free(&d);
    c.channel_deviation[0] = -1;
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(codebook_load(h5_path, &d), ERR_CORRUPT);
    codebook_free(&c);
}

static void the_hash_covers_what_identifies_a_codebook(void **state)
{
    (void)state;
    codebook c;
    char before[65];
    fill(&c);
    assert_int_equal(codebook_hash(&c), OK);
    strcpy(before, c.sha256);
    c.counts[0]++;
    c.seed++;
    c.name[0] = 'x';
    assert_int_equal(codebook_hash(&c), OK);
    assert_string_equal(before, c.sha256);
    for (int change = 0; change < 6; change++) {
        if (change == 0) c.layer++;
        if (change == 1) c.feature[0]++;
        if (change == 2) c.encoder[0]++;
        if (change == 3) c.centroids[K * D - 1] += 1;
        if (change == 4) c.metric = KMEANS_COSINE;
        if (change == 5) c.metric = KMEANS_INNER;
        assert_int_equal(codebook_hash(&c), OK);
        assert_string_not_equal(before, c.sha256);
        strcpy(before, c.sha256);
    }
    c.k = D; /* the same numbers in another shape */
    c.d = K;
    assert_int_equal(codebook_hash(&c), OK);
    assert_string_not_equal(before, c.sha256);
    codebook_free(&c);
}

/* The hash that a codebook had before there were metrics. */
static void the_metric_is_kept(void **state)
{
    (void)state;
    codebook c, d;
    fill(&c);
    assert_int_equal(codebook_hash(&c), OK);
    assert_string_equal(c.sha256, "41bb1572e727f679650704adc23cb546d5e925833b83e40f8943eaa7120559bc");
    c.metric = KMEANS_COSINE;
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(codebook_load(h5_path, &d), OK);
    assert_int_equal(d.metric, KMEANS_COSINE);
    codebook_free(&d);
    codebook_free(&c);
}

static void the_spread_follows_from_the_counts(void **state)
{
    (void)state;
    int64_t even[] = {5, 5, 5, 5}, uneven[] = {6, 0, 0, 2}, none[] = {0, 0, 0, 0}, one[] = {9};
    codebook c = {.k = 4, .counts = even};
    codebook_spread s;
    assert_int_equal(codebook_spread_of(&c, &s), OK);
    assert_true(fabs(s.entropy_bits - 2) < 1e-12 && fabs(s.entropy_share - 1) < 1e-12 && s.dead == 0);
    assert_true(fabs(s.imbalance - 1) < 1e-12 && s.least == 5 && s.most == 5 && s.median == 5);
    c.counts = uneven;
    assert_int_equal(codebook_spread_of(&c, &s), OK);
    assert_true(fabs(s.entropy_bits - 0.8112781244591328) < 1e-12 && s.dead == 2);
    assert_true(fabs(s.imbalance - 4 * (36 + 4) / 64.0) < 1e-12 && s.least == 0 && s.most == 6 && s.median == 1);
    c.counts = none;
    assert_int_equal(codebook_spread_of(&c, &s), OK);
    assert_true(s.imbalance == 0 && s.dead == 0);
    c.counts = one;
    c.k = 1;
    assert_int_equal(codebook_spread_of(&c, &s), OK);
    assert_true(s.entropy_bits == 0 && s.entropy_share == 1 && s.imbalance == 1);
}

/* Other programs' HDF5: a matrix, and nothing else is known. */
static void foreign_matrices_are_read(void **state)
{
    (void)state;
    const int64_t dims[] = {2, 2};
    const float values[] = {1, 2, 3, -4};
    codebook c;
    h5_file *f;
    char path[96];
    snprintf(path, sizeof path, "%s/foreign.h5", folder);
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_dataset(f, "/centroids", H5_F32, 2, dims, 0), OK);
    assert_int_equal(h5_write(f, "/centroids", 0, 2, values), OK);
    assert_int_equal(h5_commit(&f), OK);
    assert_false(codebook_is_ours(path));
    assert_int_equal(codebook_load_matrix(path, &c), OK);
    assert_true(c.k == 2 && c.d == 2 && c.layer == -1 && c.metric == KMEANS_L2);
    assert_memory_equal(c.centroids, values, sizeof values);
    codebook_free(&c);
    assert_true(codebook_is_ours(h5_path));
    assert_false(codebook_is_ours(npy_path));
}

static void halves_are_read(void **state)
{
    (void)state;
    const int64_t dims[] = {2, 2}, three[] = {2, 2, 1};
    uint16_t half[4] = {half_from_float(1), half_from_float(-2.5f), half_from_float(0), half_from_float(65504)};
    codebook c;
    assert_int_equal(npy_write(npy_path, "<f2", 2, dims, half, "test"), OK);
    assert_int_equal(codebook_load(npy_path, &c), OK);
    assert_true(c.centroids[0] == 1 && c.centroids[1] == -2.5f && c.centroids[2] == 0 && c.centroids[3] == 65504);
    codebook_free(&c);
    half[2] = half_from_float(NAN);
    assert_int_equal(npy_write(npy_path, "<f2", 2, dims, half, "test"), OK);
    assert_int_equal(codebook_load(npy_path, &c), ERR_CORRUPT);
    assert_non_null(strstr(status_message(), "centroid 1"));
    half[2] = 0;
    assert_int_equal(npy_write(npy_path, "<f2", 3, three, half, "test"), OK);
    assert_int_equal(codebook_load(npy_path, &c), ERR_CORRUPT);
    assert_int_equal(npy_write(npy_path, "<i2", 2, dims, half, "test"), OK);
    assert_int_equal(codebook_load(npy_path, &c), ERR_CORRUPT);
    assert_null(c.centroids);
}

/* Every byte of the file turned over, and every length: nothing is accepted that is not the codebook. */
static void damage_is_found(void **state)
{
    (void)state;
    codebook c, d;
    uint8_t *bytes = NULL;
    size_t n;
    char path[96];
    fill(&c);
    assert_int_equal(codebook_save(&c, folder), OK);
    assert_int_equal(file_read(h5_path, 1 << 20, &bytes, &n), OK);
    snprintf(path, sizeof path, "%s/damaged.h5", folder);
    for (size_t i = 0; i < n; i += 37) {
        bytes[i] ^= 0x55;
        assert_int_equal(file_commit(path, bytes, n, "test"), OK);
        bytes[i] ^= 0x55;
        int rc = codebook_load(path, &d);
        if (rc == OK)
            assert_memory_equal(d.centroids, c.centroids, K * D * sizeof *c.centroids);
        else
            assert_true(rc == ERR_CORRUPT || rc == ERR_MEMORY);
        codebook_free(&d);
    }
    for (size_t cut = 1; cut < n; cut += 211) {
        assert_int_equal(file_commit(path, bytes, n - cut, "test"), OK);
        assert_int_equal(codebook_load(path, &d), ERR_CORRUPT);
    }
    uint8_t *at = NULL; /* one centroid changed in place: only the hash can tell */
    for (size_t i = 0; i + sizeof *c.centroids * K <= n && !at; i++)
        if (memcmp(bytes + i, c.centroids, sizeof *c.centroids * K) == 0) at = bytes + i;
    assert_non_null(at);
    at[5] ^= 1;
    assert_int_equal(file_commit(path, bytes, n, "test"), OK);
    assert_int_equal(codebook_load(path, &d), ERR_CORRUPT);
    assert_non_null(strstr(status_message(), "hash"));
    mem_free(&bytes);
    codebook_free(&c);
}

static void files_that_are_no_codebook_are_refused(void **state)
{
    (void)state;
    codebook c;
    h5_file *f = NULL;
    char path[96];
    assert_int_equal(codebook_load("/tmp/tessera-no-such-codebook.h5", &c), ERR_MISSING);
    assert_int_equal(codebook_load("/tmp/tessera-no-such-codebook.npy", &c), ERR_MISSING);
    snprintf(path, sizeof path, "%s/other.h5", folder);
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_commit(&f), OK);
    assert_int_equal(codebook_load(path, &c), ERR_CORRUPT);
    snprintf(path, sizeof path, "%s/other.npy", folder);
    assert_int_equal(file_commit(path, "no array", 8, "test"), OK);
    assert_int_equal(codebook_load(path, &c), ERR_CORRUPT);
    fill(&c);
    c.name[0] = '/';
    assert_int_equal(codebook_save(&c, folder), ERR_INVALID);
    codebook_free(&c);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(h5_path, sizeof h5_path, "%s/audio.h5", folder);
    snprintf(npy_path, sizeof npy_path, "%s/audio.npy", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_codebooks_come_back), cmocka_unit_test(older_codebooks_come_back),
        cmocka_unit_test(channels_come_back),        cmocka_unit_test(the_hash_covers_what_identifies_a_codebook),
        cmocka_unit_test(the_metric_is_kept),        cmocka_unit_test(the_spread_follows_from_the_counts),
        cmocka_unit_test(foreign_matrices_are_read), cmocka_unit_test(halves_are_read),
        cmocka_unit_test(damage_is_found),           cmocka_unit_test(files_that_are_no_codebook_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
