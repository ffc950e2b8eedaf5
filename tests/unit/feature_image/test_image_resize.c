#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "feature/image_resize.h"
#include "golden.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

static const char *const filters[] = {"nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"};

static image_filter filter_of(const char *name)
{
    int f = 0;
    while (f < FILTER_END && strcmp(filters[f], name) != 0) f++;
    assert_true(f < FILTER_END);
    return f;
}

/* Behind the output stands a guard that must stay. */
static void resize(image_resizer *r, const image *in, int64_t w, int64_t h, image_filter filter, uint8_t **rgb)
{
    const image_target t = image_target_of(FIT_SQUASH, in->width, in->height, w, h);
    size_t n = (size_t)(w * h * 3);
    assert_int_equal(mem_alloc((void **)rgb, n + 64, 1), OK);
    memset(*rgb + n, 0xa5, 64);
    assert_int_equal(image_resizer_run(r, in, &t, filter, *rgb), OK);
    for (size_t i = 0; i < 64; i++) assert_int_equal((*rgb)[n + i], 0xa5);
}

static void bytes_equal_pillows(void **state)
{
    (void)state;
    golden *g = golden_open(GOLDEN_DIR "/image-resize/expect.safetensors");
    image_resizer *r;
    int checked = 0;
    assert_int_equal(image_resizer_create(&r), OK);
    for (size_t i = 0; i < golden_count(g); i++) {
        const golden_tensor *want = golden_at(g, i);
        int iw, ih, w, h;
        char filter[32], input[64];
        uint8_t *rgb;
        if (sscanf(want->name, "%dx%d/%dx%d/%31s", &iw, &ih, &w, &h, filter) != 5) continue;
        snprintf(input, sizeof input, "%dx%d/input", iw, ih);
        image in = {iw, ih, (uint8_t *)golden_get(g, input)->data};
        resize(r, &in, w, h, filter_of(filter), &rgb);
        if (memcmp(rgb, want->data, want->n) != 0) fail_msg("%s differs", want->name);
        mem_free(&rgb);
        checked++;
    }
    assert_true(checked >= 80);
    image_resizer_free(&r);
    golden_close(g);
}

/* v(x, y, c) = (a x + b y + m c + floor(x y / d)) mod 256 */
static void make_formula(int64_t w, int64_t h, const int *abmd, image *out)
{
    assert_int_equal(image_create(w, h, out), OK);
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++)
            for (int c = 0; c < 3; c++)
                out->rgb[(y * w + x) * 3 + c] = (uint8_t)(abmd[0] * x + abmd[1] * y + abmd[2] * c + x * y / abmd[3]);
}

static void check_crc(image_resizer *r, const int *abmd, const int *size, const char *filter, unsigned want,
                      int64_t total)
{
    image in;
    uint8_t *rgb;
    int64_t sum = 0;
    size_t n = (size_t)size[2] * (size_t)size[3] * 3;
    make_formula(size[0], size[1], abmd, &in);
    resize(r, &in, size[2], size[3], filter_of(filter), &rgb);
    if (crc32_z(0, rgb, n) != want) fail_msg("%dx%d to %dx%d, %s", size[0], size[1], size[2], size[3], filter);
    for (size_t i = 0; i < n; i++) sum += rgb[i];
    if (total) assert_int_equal(sum, total);
    mem_free(&rgb);
    image_free(&in);
}

static void check_crc_file(const char *path, size_t least)
{
    json_t *all = json_load_file(path, 0, NULL), *row;
    image_resizer *r;
    size_t i;
    int abmd[4];
    assert_non_null(all);
    assert_int_equal(image_resizer_create(&r), OK);
    for (size_t k = 0; k < 4; k++)
        abmd[k] = (int)json_integer_value(json_array_get(json_object_get(all, "a,b,m,d"), k));
    assert_true(json_array_size(json_object_get(all, "rows")) >= least);
    json_array_foreach(json_object_get(all, "rows"), i, row)
    {
        int size[4];
        unsigned want;
        assert_int_equal(sscanf(json_string_value(json_object_get(row, "crc32")), "%x", &want), 1);
        for (size_t k = 0; k < 4; k++)
            size[k] = (int)json_integer_value(json_array_get(json_object_get(row, k < 2 ? "from" : "to"), k % 2));
        check_crc(r, abmd, size, json_string_value(json_object_get(row, "filter")), want, 0);
    }
    image_resizer_free(&r);
    json_decref(all);
}

static void checksums_equal_pillows(void **state)
{
    (void)state;
    check_crc_file(GOLDEN_DIR "/image-resize/crc.json", 24);
}

static void order_of_passes_is_pillows(void **state)
{
    (void)state;
    check_crc_file(GOLDEN_DIR "/image-resize/order.json", 200);
}

/* Made by compiling Pillow's Resample.c; the sum tells a wrong formula from a wrong checksum. */
static void checksums_equal_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        int size[4];
        const char *filter;
        unsigned crc;
        int64_t sum;
    } rows[] = {
        {{640, 480, 224, 224}, "bilinear", 0xf62b7eba, 19189275},
        {{640, 480, 298, 224}, "bicubic", 0x4c40ddd9, 25524593},
        {{500, 375, 224, 224}, "bicubic", 0xf21ff327, 19182883},
        {{500, 375, 298, 224}, "bicubic", 0xfa8a94ef, 25520067},
        {{100, 60, 224, 224}, "bilinear", 0xb19d61b5, 19181756},
        {{100, 60, 224, 224}, "bicubic", 0xcb875b75, 19181060},
        {{1000, 700, 448, 448}, "bicubic", 0xdef746f6, 76752834},
        {{333, 517, 224, 347}, "lanczos", 0x21520d4d, 29714105},
        {{640, 480, 512, 384}, "lanczos", 0x8c248a16, 75179945},
        {{8, 8, 5, 8}, "bicubic", 0xa6b1c714, 13929},
        {{3, 3, 8, 8}, "bicubic", 0x533cc5d7, 23236},
        {{1200, 800, 560, 373}, "bilinear", 0x5299d59d, 79883678},
    };
    image_resizer *r;
    assert_int_equal(image_resizer_create(&r), OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_crc(r, (int[]){7, 13, 101, 8}, rows[i].size, rows[i].filter, rows[i].crc, rows[i].sum);
    image_resizer_free(&r);
}

static void weights_equal_the_published_ones(void **state)
{
    (void)state;
    static const int32_t bicubic[] = {1357984, 1678094, 1096189, 261175, -104842, -91194, -3102};
    static const int32_t bilinear[] = {99864, 699051, 1298237, 1298237, 699051, 99864};
    image_axis a = {0};
    assert_int_equal(image_axis_prepare(&a, 8, 3, 0, 3, FILTER_BICUBIC), OK);
    assert_int_equal(a.lo[0], 0);
    assert_int_equal(a.n[0], 7);
    assert_memory_equal(a.k, bicubic, sizeof bicubic);
    assert_int_equal(image_axis_prepare(&a, 8, 3, 1, 2, FILTER_BILINEAR), OK);
    assert_int_equal(a.lo[0], 1);
    assert_int_equal(a.n[0], 6);
    assert_memory_equal(a.k, bilinear, sizeof bilinear);
    assert_int_equal(image_axis_prepare(&a, IMAGE_MAX_SIDE + 1, 3, 0, 3, FILTER_BOX), ERR_LIMIT);
    image_axis_free(&a);
}

/* The definition, one sum at a time, along one axis. Takes *m and gives the result in its place. */
static void pass_plainly(image *m, int across, int64_t out, image_filter filter)
{
    image_axis a = {0};
    image to;
    if (out == (across ? m->width : m->height)) return;
    assert_int_equal(image_axis_prepare(&a, across ? m->width : m->height, out, 0, out, filter), OK);
    assert_int_equal(image_create(across ? out : m->width, across ? m->height : out, &to), OK);
    for (int64_t y = 0; y < to.height; y++)
        for (int64_t x = 0; x < to.width; x++)
            for (int c = 0; c < 3; c++) {
                const int64_t i = across ? x : y, step = across ? 3 : 3 * m->width;
                const uint8_t *from = m->rgb + (across ? y * m->width : x) * 3 + c + a.lo[i] * step;
                int64_t sum = 1 << 21;
                for (int j = 0; j < a.n[i]; j++) sum += from[j * step] * (int64_t)a.k[(size_t)i * a.taps + (size_t)j];
                sum >>= 22;
                to.rgb[(y * to.width + x) * 3 + c] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
            }
    image_axis_free(&a);
    image_free(m);
    *m = to;
}

static void resize_plainly(const image *in, int64_t w, int64_t h, image_filter filter, image *out)
{
    const int down_first = in->height > h && in->height - h > 2 * (in->width - w);
    assert_int_equal(image_create(in->width, in->height, out), OK);
    memcpy(out->rgb, in->rgb, (size_t)(in->width * in->height * 3));
    if (down_first) pass_plainly(out, 0, h, filter);
    pass_plainly(out, 1, w, filter);
    if (!down_first) pass_plainly(out, 0, h, filter);
}

static int64_t draw(uint64_t i, uint64_t what, int64_t most)
{
    return 1 + (int64_t)(rng_bits(9, i, what) % (uint64_t)most);
}

/* Noise of black and white, so that sums overshoot and are clipped; any size, in a resizer that is used again and
 * again. */
static void check_variant(const image_sum *sum)
{
    image_resizer *r;
    assert_int_equal(image_resizer_create_for(&r, sum), OK);
    for (uint64_t i = 0; i < 120; i++) {
        const int64_t most = i % 3 ? 90 : 20, w = draw(i, 2, most), h = draw(i, 3, most);
        image in;
        image want;
        uint8_t *rgb;
        assert_int_equal(image_create(draw(i, 0, most), draw(i, 1, most), &in), OK);
        for (int64_t k = 0; k < in.width * in.height * 3; k++)
            in.rgb[k] = rng_bits(5, i, (uint64_t)k / 64) & 1ULL << k % 64 ? 255 : 0;
        const image_filter filter = (image_filter)draw(i, 4, FILTER_END - 1);
        resize(r, &in, w, h, filter, &rgb);
        resize_plainly(&in, w, h, filter, &want);
        if (memcmp(rgb, want.rgb, (size_t)(w * h * 3)) != 0)
            fail_msg("%s: %dx%d to %dx%d, %s", sum->name, (int)in.width, (int)in.height, (int)w, (int)h,
                     filters[filter]);
        mem_free(&rgb);
        image_free(&want);
        image_free(&in);
    }
    image_resizer_free(&r);
    assert_null(r);
}

static void fast_loops_equal_the_plain_ones(void **state)
{
    (void)state;
    for (size_t i = 0; image_sum_at(i); i++)
        if (isa_has(image_sum_at(i)->isa)) check_variant(image_sum_at(i));
}

/* A part is the same as that part of the whole. */
static void parts_equal_the_whole(void **state)
{
    (void)state;
    static const int sizes[][4] = {{64, 48, 30, 20}, {40, 90, 30, 30}, {30, 40, 30, 31}, {33, 33, 50, 20},
                                   {3, 310, 5, 5},   {7, 5, 60, 50},   {20, 10, 10, 10}};
    image_resizer *r;
    assert_int_equal(image_resizer_create(&r), OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int filter = 0; filter < FILTER_END; filter++) {
            image in;
            uint8_t *whole, part[60 * 50 * 3];
            make_formula(sizes[i][0], sizes[i][1], (int[]){7, 13, 101, 8}, &in);
            const image_target t = image_target_of(FIT_CROP, in.width, in.height, sizes[i][2], sizes[i][3]);
            assert_true(t.width == sizes[i][2] && t.height == sizes[i][3]);
            assert_true(t.full_width == t.width || t.full_height == t.height);
            assert_true(t.left + t.width <= t.full_width && t.top + t.height <= t.full_height);
            resize(r, &in, t.full_width, t.full_height, (image_filter)filter, &whole);
            assert_int_equal(image_resizer_run(r, &in, &t, (image_filter)filter, part), OK);
            for (int64_t y = 0; y < t.height; y++)
                assert_memory_equal(part + y * t.width * 3, whole + ((t.top + y) * t.full_width + t.left) * 3,
                                    (size_t)t.width * 3);
            mem_free(&whole);
            image_free(&in);
        }
    image_resizer_free(&r);
}

static void crops_are_placed_as_transformers_does(void **state)
{
    (void)state;
    image_target t = image_target_of(FIT_CROP, 640, 480, 224, 224);
    assert_true(t.full_width == 298 && t.full_height == 224 && t.left == 37 && t.top == 0);
    t = image_target_of(FIT_CROP, 333, 517, 224, 224);
    assert_true(t.full_width == 224 && t.full_height == 347 && t.left == 0 && t.top == 61);
    t = image_target_of(FIT_CROP, 50, 50, 224, 224);
    assert_true(t.full_width == 224 && t.full_height == 224);
    t = image_target_of_edge(640, 480, 256, 224, 192);
    assert_true(t.full_width == 341 && t.full_height == 256 && t.left == 58 && t.top == 32);
    assert_true(t.width == 224 && t.height == 192);
    t = image_target_of_edge(333, 517, 256, 224, 224);
    assert_true(t.full_width == 256 && t.full_height == 397 && t.left == 16 && t.top == 86);
}

/* One pixel by a million: the part that is kept is 224 x 224, the whole would be 151 GB. */
static void extreme_shapes_cost_little(void **state)
{
    (void)state;
    enum { LONG = 1000000 };
    image_resizer *r;
    image in;
    static uint8_t rgb[224 * 224 * 3];
    int64_t before = mem_peak();
    assert_int_equal(image_resizer_create(&r), OK);
    assert_int_equal(image_create(LONG, 1, &in), OK);
    memset(in.rgb, 77, (size_t)LONG * 3);
    for (int fit = 0; fit < FIT_END; fit++)
        for (int turned = 0; turned < 2; turned++) {
            image m = {turned ? 1 : LONG, turned ? LONG : 1, in.rgb};
            const image_target t = image_target_of((image_fit)fit, m.width, m.height, 224, 224);
            assert_int_equal(image_resizer_run(r, &m, &t, FILTER_BICUBIC, rgb), OK);
            for (size_t i = 0; i < sizeof rgb; i++) assert_int_equal(rgb[i], 77);
        }
    assert_true(mem_peak() - before < 300 << 20);
    image_free(&in);
    image_resizer_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_equal_pillows),
        cmocka_unit_test(checksums_equal_pillows),
        cmocka_unit_test(order_of_passes_is_pillows),
        cmocka_unit_test(checksums_equal_the_published_ones),
        cmocka_unit_test(weights_equal_the_published_ones),
        cmocka_unit_test(fast_loops_equal_the_plain_ones),
        cmocka_unit_test(parts_equal_the_whole),
        cmocka_unit_test(crops_are_placed_as_transformers_does),
        cmocka_unit_test(extreme_shapes_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
