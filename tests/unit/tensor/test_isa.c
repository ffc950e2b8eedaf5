#include "base/status.h"
#include "feature/image_sum.h"
#include "tensor/isa.h"
#include "tensor/panel_kernel.h"
#include "tensor/score_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_forced_is_what_all_kernels_use(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        assert_int_equal(isa_best(), isa);
        assert_string_equal(panel_kernel_best()->name, isa_name(isa));
        assert_string_equal(score_scan_best()->name, isa_name(isa));
        assert_string_equal(image_sum_best()->name, isa_name(isa));
        if (isa != ISA_AVX512) assert_false(isa_vnni() || isa_bf16());
    }
    assert_int_equal(isa_force("auto"), OK);
}

static void auto_is_the_best_that_there_is(void **state)
{
    (void)state;
    enum isa best = N_ISAS - 1;
    while (!isa_has(best)) best--;
    assert_true(isa_has(ISA_PLAIN));
    assert_int_equal(isa_force("plain"), OK);
    assert_int_equal(isa_force("auto"), OK);
    assert_int_equal(isa_best(), best);
    for (enum isa isa = ISA_PLAIN; isa <= best; isa++) assert_true(isa_has(isa));
}

static void what_is_not_there_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(isa_force("plain"), OK);
    assert_int_equal(isa_force("sse9"), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "sse9"));
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++)
        if (!isa_has(isa)) {
            assert_int_equal(isa_force(isa_name(isa)), ERR_CONFIG);
            assert_non_null(strstr(status_message(), isa_name(isa)));
        }
    assert_int_equal(isa_best(), ISA_PLAIN);
    assert_int_equal(isa_force("auto"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_forced_is_what_all_kernels_use),
        cmocka_unit_test(auto_is_the_best_that_there_is),
        cmocka_unit_test(what_is_not_there_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
