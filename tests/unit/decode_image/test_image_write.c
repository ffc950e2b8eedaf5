#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "decode/image_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_image_write.XXXXXX", path[64];
    image m, back;
    uint8_t *bytes;
    size_t n;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.png", folder);
    assert_int_equal(image_create(37, 11, &m), OK);
    for (size_t i = 0; i < 37 * 11 * 3; i++) m.rgb[i] = (uint8_t)rng_bits(4, i, 0);
    assert_int_equal(image_write_png(path, &m), OK);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_int_equal(image_decode(bytes, n, &(image_limits){0}, ALPHA_DROP, &back), OK);
    assert_int_equal(back.width, 37);
    assert_int_equal(back.height, 11);
    assert_memory_equal(back.rgb, m.rgb, 37 * 11 * 3);
    snprintf(path, sizeof path, "%s/no/such/folder.png", folder);
    assert_true(image_write_png(path, &m) < 0);
    image_free(&back);
    assert_int_equal(image_write_png(path, &back), ERR_EMPTY);
    image_free(&m);
    mem_free(&bytes);
    assert_int_equal(file_remove_tree(folder), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
