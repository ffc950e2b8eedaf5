#include "corpus/media_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void endings_tell_the_type(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        media_type type;
        size_t stem_n;
    } cases[] = {
        {"a.wav", TYPE_AUDIO, 1},  {"a.FLAC", TYPE_AUDIO, 1}, {"a.b.Ogg", TYPE_AUDIO, 3}, {"x.jpeg", TYPE_IMAGE, 1},
        {"x.txt", TYPE_TEXT, 1},   {"x.html", TYPE_OTHER, 1}, {"wav", TYPE_OTHER, 3},     {".wav", TYPE_OTHER, 4},
        {"x.wa", TYPE_OTHER, 1},   {"x.wavx", TYPE_OTHER, 1}, {"x.", TYPE_OTHER, 1},      {"", TYPE_OTHER, 0},
        {"a.wav.", TYPE_OTHER, 5}, {"x.PPM", TYPE_IMAGE, 1},  {"x.tif", TYPE_IMAGE, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t stem_n = 99;
        assert_int_equal(media_type_of(cases[i].file, strlen(cases[i].file), &stem_n), cases[i].type);
        assert_int_equal(stem_n, cases[i].stem_n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(endings_tell_the_type)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
