/* Pictures as the core decodes them: in full, or at a fraction of the size where the options say so. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/picture.h"
#include "feature/image_patches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 8, BYTES = SIDE * SIDE * 3 };

/* The pixels that the patches of a golden picture are made from. */
static int pixels_of(const char *file, int scaled, int fit, int64_t max_pixels, uint8_t out[BYTES])
{
    uint8_t *bytes;
    size_t n;
    picture *p;
    image m;
    const image_options o = {.patch = SIDE,
                             .width = SIDE,
                             .height = SIDE,
                             .fit = fit,
                             .filter = FILTER_BICUBIC,
                             .projection = "",
                             .max_pixels = max_pixels,
                             .scale_on_decode = scaled};
    assert_int_equal(file_read(file, 1 << 20, &bytes, &n), OK);
    const byte_source source = source_of_memory(bytes, n);
    assert_int_equal(picture_create(&p, &o, NULL, NULL), OK);
    int rc = picture_pixels(p, &source, &m);
    if (rc == OK) memcpy(out, m.rgb, BYTES);
    image_free(&m);
    picture_free(&p);
    mem_free(&bytes);
    return rc;
}

/* The same from the parts, decoded for the size after resizing. */
static void from_parts(const char *file, int fit, uint8_t out[BYTES])
{
    uint8_t *bytes;
    size_t n;
    image m;
    image_info info;
    image_patcher *p;
    const image_limits limits = {0};
    image_patch_options o = image_patch_defaults();
    o.size = o.width = o.height = SIDE;
    o.fit = fit;
    assert_int_equal(file_read(file, 1 << 20, &bytes, &n), OK);
    const byte_source source = source_of_memory(bytes, n);
    assert_int_equal(image_probe(&source, &info), OK);
    assert_int_equal(image_patcher_create(&p, &o), OK);
    const image_target t = image_patcher_target(p, info.width, info.height);
    assert_int_equal(image_decode_for(bytes, n, &limits, ALPHA_DROP, t.full_width, t.full_height, &m), OK);
    assert_true(m.width >= t.full_width && m.height >= t.full_height);
    assert_int_equal(image_patcher_pixels(p, &m, out), OK);
    image_free(&m);
    image_patcher_free(&p);
    mem_free(&bytes);
}

static void only_jpeg_is_decoded_smaller(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int changes;
    } cases[] = {{GOLDEN_DIR "/image-decode/420.jpg", 1},
                 {GOLDEN_DIR "/image-decode/exif6.jpg", 1},
                 {GOLDEN_DIR "/image-decode/rgb.png", 0},
                 {GOLDEN_DIR "/image-formats/rgb-jpeg.tif", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int fit = FIT_SQUASH; fit < FIT_END; fit++) {
            uint8_t full[BYTES], small[BYTES], want[BYTES];
            assert_int_equal(pixels_of(cases[i].file, 0, fit, 0, full), OK);
            assert_int_equal(pixels_of(cases[i].file, 1, fit, 0, small), OK);
            assert_int_equal(memcmp(full, small, BYTES) != 0, cases[i].changes);
            from_parts(cases[i].file, fit, want);
            assert_memory_equal(small, want, BYTES);
        }
}

static void the_limit_is_for_the_full_size(void **state)
{
    (void)state;
    uint8_t out[BYTES];
    assert_int_equal(pixels_of(GOLDEN_DIR "/image-decode/420.jpg", 1, FIT_SQUASH, 100, out), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_jpeg_is_decoded_smaller),
        cmocka_unit_test(the_limit_is_for_the_full_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
