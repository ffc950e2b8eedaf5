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
    train_options t = {.seed = 5, .hours = 25, .images = 10, .sensors = 4, .vectors_per_code = 100};
    audio_options a = {.codebook.size = 100};
    image_options i = {.width = 224, .height = 224, .patch = 16, .codebook.size = 10};
    sensor_options o = {.channels = 6, .rate_hz = 100, .frame = 10, .hop = 5, .codebook.size = 10};
    corpus_totals totals = {.rows = 4000, .audio_seconds = 100 * 3600, .image_rows = 5};
    totals.sensor_rows = 8;
    totals.sensor_bytes = 6 * 8 * 5 * 3000; /* 3000 frames */
    totals.sensor_seconds = 50;             /* 1000 frames */
    sample_streams streams = {.wanted = {1, 1, 1}, .audio = &a, .image = &i, .sensor = &o};
    sample_plan p;
    sample_plan_make(&p, &t, &streams, &totals);
    assert_true(p.rows[MEDIA_AUDIO] == 0.25 && p.rows[MEDIA_IMAGE] == 1 && p.rows[MEDIA_SENSOR] == 0.5);
    assert_true(p.vectors[MEDIA_AUDIO] > 0 && p.vectors[MEDIA_AUDIO] < 1 && p.vectors[MEDIA_SENSOR] == 0.5);
    int taken = 0, others = 0;
    for (int n = 0; n < 4000; n++) {
        char id[32];
        corpus_row row = sound_row(id, sizeof id, n, 0), elsewhere = sound_row(id, sizeof id, n, 1);
        taken += sample_takes(&p, MEDIA_AUDIO, &row);
        others += sample_takes(&p, MEDIA_AUDIO, &elsewhere) + sample_takes(&p, MEDIA_IMAGE, &row);
    }
    assert_true(taken > 900 && taken < 1100);
    assert_int_equal(others, 0);
}

static uint16_t values[] = {1, 2, 3, 4, 5, 6};

/* Rows 10 (vectors 0 and 1), 12 (left out) and 13 (vector 2); with `drop` values are forgotten on the way. */
static void make_part(sample_part *part, int drop)
{
    *part = (sample_part){.values = values, .n = 2, .d = 2};
    assert_int_equal(sample_part_note(part, 10, 0), OK);
    if (drop) {
        sample_part_drop(part);
        part->values += 4;
    }
    assert_int_equal(sample_part_note(part, 11, 2), OK); /* no vector: does not stand there */
    assert_int_equal(sample_part_leave_out(part, 12), OK);
    part->n = 3;
    assert_int_equal(sample_part_note(part, 13, 2), OK);
    assert_int_equal(part->n_rows, 3);
}

static void free_part(sample_part *part)
{
    part->values = NULL;
    sample_part_free(part);
}

static void a_part_comes_back_and_damage_is_noticed(void **state)
{
    (void)state;
    sample_part part;
    sample_view view = {0};
    int64_t n, d;
    int there;
    uint8_t *bytes = NULL;
    size_t size;
    make_part(&part, 0);
    for (int stored = 0; stored < 2; stored++) {
        assert_int_equal(sample_part_save(&part, path, 77, stored), OK);
        assert_int_equal(sample_part_count(path, 77, &n, &d, &there), OK);
        assert_true(n == 3 && d == 2 && there == stored);
        assert_int_equal(sample_part_count(path, 78, &n, &d, &there), ERR_MISSING);
        assert_int_equal(sample_view_open(&view, path, 77), OK);
        assert_true(view.n == 3 && view.d == 2 && view.n_rows == 3 && view.stored == stored);
        if (stored) assert_memory_equal(view.values, values, sizeof values);
        assert_true(stored || !view.values);
        sample_view_close(&view);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OK);
        for (size_t i = 0; i < size; i++) {
            bytes[i] ^= 4;
            assert_int_equal(file_commit(path, bytes, size, "test"), OK);
            assert_true(sample_view_open(&view, path, 77) != OK);
            bytes[i] ^= 4;
        }
        mem_free(&bytes);
    }
    free_part(&part);
}

static void rows_are_found_and_compared(void **state)
{
    (void)state;
    sample_part part;
    sample_view view = {0};
    make_part(&part, 1);
    assert_int_equal(sample_part_save(&part, path, 77, 0), OK);
    free_part(&part);
    make_part(&part, 0);
    assert_int_equal(sample_view_open(&view, path, 77), OK);
    assert_ptr_equal(sample_view_row(&view, 10), &view.rows[0]);
    assert_ptr_equal(sample_view_row(&view, 13), &view.rows[2]);
    assert_int_equal(sample_view_row(&view, 12)->n, -1);
    assert_null(sample_view_row(&view, 11));
    assert_null(sample_view_row(&view, 14));
    for (int i = 0; i < 3; i++) assert_ptr_equal(sample_view_row_of(&view, i), &view.rows[i < 2 ? 0 : 2]);
    assert_null(sample_view_row_of(&view, 3));
    assert_int_equal(sample_view_differs(&view, &part), -1);
    part.rows[2].checksum ^= 1;
    assert_int_equal(sample_view_differs(&view, &part), 13);
    part.n_rows = 2;
    assert_int_equal(sample_view_differs(&view, &part), 13);
    part.rows[1] = part.rows[2];
    assert_int_equal(sample_view_differs(&view, &part), 12);
    sample_view_close(&view);
    free_part(&part);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/part");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_of_rows_is_as_planned),
        cmocka_unit_test(a_part_comes_back_and_damage_is_noticed),
        cmocka_unit_test(rows_are_found_and_compared),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
