#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "feature/image_patches.h"
#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void make_noise(int64_t w, int64_t h, image *out)
{
    assert_int_equal(image_create(w, h, out), OK);
    for (int64_t i = 0; i < w * h * 3; i++) out->rgb[i] = (uint8_t)rng_bits(3, (uint64_t)i, 0);
}

static void defaults_are_those_of_a_vit(void **state)
{
    (void)state;
    image_patch_options o = image_patch_defaults();
    image_patcher *p;
    int64_t rows, columns;
    assert_int_equal(image_patcher_create(&p, &o), OK);
    assert_int_equal(image_patcher_width(p), 768);
    image_patcher_grid(p, &rows, &columns);
    assert_true(rows == 14 && columns == 14);
    image_patcher_free(&p);
    assert_null(p);
}

/* A picture that has the size already, so each value can be traced; 11 x 7 leaves pixels over. */
static void values_stand_where_they_belong(void **state)
{
    (void)state;
    enum { W = 11, H = 7, P = 3 };
    image_patch_options o = image_patch_defaults();
    image_patcher *p;
    image m;
    float out[6 * 27];
    o.size = P;
    o.width = W;
    o.height = H;
    for (int c = 0; c < 3; c++) {
        o.mean[c] = 0.1 * (c + 1);
        o.std[c] = 0.2 + c;
    }
    make_noise(W, H, &m);
    assert_int_equal(image_patcher_create(&p, &o), OK);
    assert_int_equal(image_patcher_run(p, &m, out), OK);
    for (int patch = 0; patch < 6; patch++)
        for (int i = 0; i < 27; i++) {
            int c = i / 9, y = patch / 3 * P + i / 3 % 3, x = patch % 3 * P + i % 3;
            float want = (float)(m.rgb[(y * W + x) * 3 + c] * (1.0 / 255));
            want = (want - (float)o.mean[c]) / (float)o.std[c];
            assert_memory_equal(&out[patch * 27 + i], &want, sizeof want);
        }
    image_patcher_free(&p);
    image_free(&m);
}

static void grey_is_pillows(void **state)
{
    (void)state;
    image_patch_options o = image_patch_defaults();
    image_patcher *p;
    uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 1, 2, 3, 200, 100, 50}, pixels[sizeof rgb];
    static const float want[] = {76, 150, 29, 255, 2, 124}; /* Image.convert("L") */
    float out[6];
    image m = {6, 1, rgb};
    o.size = 1;
    o.width = 6;
    o.height = 1;
    o.grey = 1;
    o.rescale = 1;
    assert_int_equal(image_patcher_create(&p, &o), OK);
    assert_int_equal(image_patcher_width(p), 1);
    assert_int_equal(image_patcher_run(p, &m, out), OK);
    assert_memory_equal(out, want, sizeof want);
    assert_int_equal(image_patcher_pixels(p, &m, pixels), OK);
    for (size_t i = 0; i < sizeof pixels; i++) assert_int_equal(pixels[i], (uint8_t)want[i / 3]);
    image_patcher_free(&p);
}

/* Patches of resized and cropped pictures are cut from the pixels that image_patcher_pixels shows, picture after
 * picture. */
static void patches_are_of_the_pixels_shown(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {{50, 40}, {20, 90}, {33, 17}, {50, 40}};
    for (int fit = 0; fit < FIT_END; fit++) {
        image_patch_options o = image_patch_defaults();
        image_patcher *p;
        uint8_t pixels[32 * 24 * 3];
        float out[48 * 48];
        o.size = 4;
        o.width = 32;
        o.height = 24;
        o.fit = fit;
        o.filter = FILTER_BILINEAR;
        o.rescale = 1;
        assert_int_equal(image_patcher_create(&p, &o), OK);
        for (size_t k = 0; k < 4; k++) {
            image m;
            uint8_t direct[32 * 24 * 3];
            image_resizer *r;
            make_noise(sizes[k][0], sizes[k][1], &m);
            assert_int_equal(image_patcher_run(p, &m, out), OK);
            assert_int_equal(image_patcher_pixels(p, &m, pixels), OK);
            const image_target t = image_target_of((image_fit)fit, m.width, m.height, 32, 24);
            assert_int_equal(image_resizer_create(&r), OK);
            assert_int_equal(image_resizer_run(r, &m, &t, FILTER_BILINEAR, direct), OK);
            assert_memory_equal(pixels, direct, sizeof direct);
            for (int i = 0; i < 48 * 48; i++) {
                int patch = i / 48, c = i % 48 / 16, y = patch / 8 * 4 + i % 16 / 4, x = patch % 8 * 4 + i % 4;
                assert_true(out[i] == pixels[(y * 32 + x) * 3 + c]);
            }
            image_resizer_free(&r);
            image_free(&m);
        }
        image_patcher_free(&p);
    }
}

/* One patch as large as the picture has the layout (3, height, width) of the image processors of transformers. */
static void check_processor(const golden *g, const char *name, int tensors, const image_patch_options *o)
{
    image_patcher *p;
    int checked = 0;
    assert_int_equal(image_patcher_create(&p, o), OK);
    for (size_t i = 0; i < golden_count(g); i++) {
        const golden_tensor *in = golden_at(g, i);
        char wanted[64];
        float out[3 * 45 * 45];
        size_t n;
        const char *slash = strrchr(in->name, '/');
        if (strcmp(slash, "/image") != 0) continue;
        snprintf(wanted, sizeof wanted, "%.*s/%s", (int)(slash - in->name), in->name, name);
        if (!golden_find(g, wanted)) continue;
        const float *want = golden_f32(g, wanted, &n);
        assert_true(n == (size_t)image_patcher_width(p) && n <= sizeof out / sizeof *out);
        image m = {in->shape[1], in->shape[0], (uint8_t *)in->data};
        assert_int_equal(image_patcher_run(p, &m, out), OK);
        if (memcmp(out, want, n * sizeof *out) != 0)
            fail_msg("%s differs by %g", wanted, golden_max_difference(out, want, n));
        checked++;
    }
    assert_int_equal(checked, tensors);
    image_patcher_free(&p);
}

static void values_equal_those_of_transformers(void **state)
{
    (void)state;
    golden *g = golden_open(GOLDEN_DIR "/image-processors/expect.safetensors");
    image_patch_options o = image_patch_defaults();
    for (int c = 0; c < 3; c++) o.mean[c] = o.std[c] = 0.5;
    o.size = o.width = o.height = 40;
    o.filter = FILTER_BILINEAR;
    check_processor(g, "vit", 8, &o);
    o.size = o.width = o.height = 45;
    o.filter = FILTER_BICUBIC;
    check_processor(g, "siglip", 8, &o);
    const double mean[] = {0.48145466, 0.4578275, 0.40821073}, std[] = {0.26862954, 0.26130258, 0.27577711};
    memcpy(o.mean, mean, sizeof mean);
    memcpy(o.std, std, sizeof std);
    o.size = o.width = o.height = 42;
    o.fit = FIT_CROP;
    check_processor(g, "clip", 8, &o);
    const double imagenet_mean[] = {0.485, 0.456, 0.406}, imagenet_std[] = {0.229, 0.224, 0.225};
    memcpy(o.mean, imagenet_mean, sizeof imagenet_mean);
    memcpy(o.std, imagenet_std, sizeof imagenet_std);
    o.edge = 48;
    check_processor(g, "dinov2", 4, &o);
    golden_close(g);
}

static int create(const image_patch_options *o)
{
    image_patcher *p;
    int rc = image_patcher_create(&p, o);
    image_patcher_free(&p);
    return rc;
}

static void options_are_checked(void **state)
{
    (void)state;
    image_patch_options o = image_patch_defaults();
    o.size = 225;
    assert_int_equal(create(&o), ERR_CONFIG);
    o.size = 0;
    assert_int_equal(create(&o), ERR_CONFIG);
    o = image_patch_defaults();
    o.width = 40000;
    assert_int_equal(create(&o), ERR_CONFIG);
    o = image_patch_defaults();
    o.std[2] = 0;
    assert_int_equal(create(&o), ERR_CONFIG);
    o.std[2] = NAN;
    assert_int_equal(create(&o), ERR_CONFIG);
    o = image_patch_defaults();
    o.filter = FILTER_END;
    assert_int_equal(create(&o), ERR_CONFIG);
    o.filter = FILTER_BOX;
    assert_int_equal(create(&o), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_a_vit),
        cmocka_unit_test(values_stand_where_they_belong),
        cmocka_unit_test(grey_is_pillows),
        cmocka_unit_test(patches_are_of_the_pixels_shown),
        cmocka_unit_test(values_equal_those_of_transformers),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
