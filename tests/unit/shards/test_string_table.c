#include "base/memory.h"
#include "base/status.h"
#include "shards/string_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void codes_follow_the_first_appearance(void **state)
{
    (void)state;
    string_table t = {0};
    char text[32];
    uint32_t code;
    for (int pass = 0; pass < 3; pass++)
        for (uint32_t i = 0; i < 70000; i++) {
            int n = snprintf(text, sizeof text, "%u", i * 7919u);
            assert_int_equal(string_table_code(&t, text, (size_t)n, &code), OK);
            assert_int_equal(code, i);
        }
    assert_int_equal(string_table_code(&t, NULL, 0, &code), OK);
    assert_int_equal(code, 70000);
    assert_int_equal(string_table_code(&t, "0\0", 2, &code), OK);
    assert_int_equal(code, 70001);
    assert_int_equal(t.n, 70002);
    assert_memory_equal(t.bytes + t.offsets[1], "7919", 4);
    assert_int_equal(t.offsets[2] - t.offsets[1], 4);
    assert_int_equal(t.offsets[t.n], t.n_bytes);
    string_table_free(&t);
    assert_null(t.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes_follow_the_first_appearance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
