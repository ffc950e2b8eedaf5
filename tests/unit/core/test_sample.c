/* The training sample depends on ids and numbers alone, and its parts are checked when they are mapped. */
#include "base/memory.h"
#include "base/status.h"
#include "core/sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-sample-XXXXXX", path[64];

static corpus_row sound_row(char *id, size_t size, int number, int split)
{
    snprintf(id, size, "row-%d", number);
    corpus_row row = {.split = split, .duration_s = 3};
    for (int k = 0; k < N_MEDIA; k++) row.media[k].size = -1;
    row.media[MEDIA_AUDIO].size = 100;
    row.field[FIELD_ID] = (text_view){id, strlen(id)};
    return row;
}

static void share_of_rows_is_as_planned(void **state)
{
    (void)state;
    train_options t = {.seed = 5, .hours = 25, .images = 10, .vectors_per_code = 100};
    audio_options a = {.codebook.size = 100};
    image_options i = {.width = 224, .height = 224, .patch = 16, .codebook.size = 10};
    corpus_totals totals = {.rows = 4000, .audio_seconds = 100 * 3600, .image_rows = 5};
    sample_plan p;
    sample_plan_make(&p, &t, &a, &i, 1, 1, &totals);
    assert_true(p.audio_rows == 0.25 && p.image_rows == 1);
    assert_true(p.audio_vectors > 0 && p.audio_vectors < 1);
    int taken = 0, others = 0;
    for (int n = 0; n < 4000; n++) {
        char id[32];
        corpus_row row = sound_row(id, sizeof id, n, 0), elsewhere = sound_row(id, sizeof id, n, 1);
        taken += sample_takes_audio(&p, &row);
        others += sample_takes_audio(&p, &elsewhere) + sample_takes_image(&p, &row);
    }
    assert_true(taken > 900 && taken < 1100);
    assert_int_equal(others, 0);
}

static void a_part_comes_back_and_damage_is_noticed(void **state)
{
    (void)state;
    uint16_t values[] = {1, 2, 3, 4, 5, 6};
    sample_part part = {.values = values, .n = 3, .d = 2};
    file_mapping map = {0};
    const uint16_t *back;
    int64_t n, d;
    uint8_t *bytes = NULL;
    size_t size;
    assert_int_equal(sample_part_save(&part, path, 77), OK);
    assert_int_equal(sample_part_count(path, 77, &n, &d), OK);
    assert_true(n == 3 && d == 2);
    assert_int_equal(sample_part_count(path, 78, &n, &d), ERR_MISSING);
    assert_int_equal(sample_part_map(path, 77, &map, &back, &n, &d), OK);
    assert_memory_equal(back, values, sizeof values);
    file_unmap(&map);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OK);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 4;
        assert_int_equal(file_commit(path, bytes, size, "test"), OK);
        assert_true(sample_part_map(path, 77, &map, &back, &n, &d) != OK);
        bytes[i] ^= 4;
    }
    mem_free(&bytes);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/part");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_of_rows_is_as_planned),
        cmocka_unit_test(a_part_comes_back_and_damage_is_noticed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
