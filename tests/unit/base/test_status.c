#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int fails(int code)
{
    int rc = OK;
    FAIL(code, "cannot read %s", "it");
done:
    return rc;
}

static int wraps(void)
{
    int rc = OK;
    if (fails(ERR_FORMAT) != OK) FAIL(ERR_CONFIG, "file: %s", status_message());
done:
    return rc;
}

static void a_message_may_hold_the_one_before(void **state)
{
    (void)state;
    assert_int_equal(wraps(), ERR_CONFIG);
    assert_string_equal(status_message(), "file: cannot read it");
    assert_true(status_line() > 0);
    assert_non_null(strstr(status_file(), "test_status.c"));
}

static void codes_are_of_one_kind(void **state)
{
    (void)state;
    static const int items[] = {ERR_FORMAT,  ERR_UNSUPPORTED, ERR_LIMIT,     ERR_EMPTY,  ERR_MISSING,
                                ERR_CHANGED, ERR_INVALID,     ERR_DUPLICATE, ERR_CRASHED};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        assert_true(status_is_item(items[i]) && !status_is_environment(items[i]));
        assert_string_not_equal(status_name(items[i]), "unknown");
    }
    assert_true(status_is_environment(ERR_ENVIRONMENT) && !status_is_item(ERR_ENVIRONMENT));
    static const int jobs[] = {OK, ERR_CONFIG, ERR_SPACE, ERR_STOPPED, ERR_INTERNAL};
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
        assert_true(!status_is_item(jobs[i]) && !status_is_environment(jobs[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_may_hold_the_one_before),
        cmocka_unit_test(codes_are_of_one_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
