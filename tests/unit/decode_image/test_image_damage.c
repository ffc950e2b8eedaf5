#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "decode/image_decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const image_limits no_limits;

static const char *const samples[] = {
    "image-decode/420.jpg",          "image-decode/progressive.jpg",
    "image-decode/restart.jpg",      "image-decode/cmyk.jpg",
    "image-decode/rgb.png",          "image-decode/palette-trns.png",
    "image-decode/gray16.png",       "image-decode/alpha.webp",
    "image-decode/lossless.webp",    "image-more/color6-16bit-adam7.png",
    "image-more/raw-deflated.png",   "image-more/moving.webp",
    "image-more/arithmetic.jpg",     "image-more/xmp-twice.jpg",
    "image-formats/interlaced.gif",  "image-formats/small-frame-transparent.gif",
    "image-formats/palette8.bmp",    "image-formats/rgb32.bmp",
    "image-formats/raw.pbm",         "image-formats/raw-1000.ppm",
    "image-formats/rgb-fill2.tif",   "image-formats/rgb-mm-8-tiles.tif",
    "image-formats/grey16-mm-1.tif", "image-formats/cmyk-planes-32773.tif",
    "image-formats/rgb-big.tif",
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static void load(const char *name, uint8_t **bytes, size_t *n)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN_DIR "/%s", name);
    assert_int_equal(file_read(path, 1 << 20, bytes, n), OK);
}

/* A copy of exactly n bytes, so that a sanitizer sees every read behind them. */
static int decode_copy(const uint8_t *bytes, size_t n, const image_limits *limits)
{
    image m;
    char *copy = NULL;
    assert_int_equal(mem_copy(&copy, bytes, n), OK);
    int rc = image_decode((uint8_t *)copy, n, limits, ALPHA_WHITE, &m);
    if (rc == OK) assert_non_null(m.rgb);
    if (rc != OK) assert_null(m.rgb);
    image_free(&m);
    mem_free(&copy);
    return rc;
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t *bytes;
        size_t n;
        load(samples[i], &bytes, &n);
        assert_int_equal(decode_copy(bytes, n, &no_limits), OK);
        /* Bytes that no pixel needs: an empty block and the mark of the end; what pads a row to 4 bytes. */
        const size_t behind = strstr(samples[i], ".gif") ? 2 : strstr(samples[i], "palette8.bmp") ? 3 : 0;
        for (size_t cut = 0; cut < n - behind; cut += cut < 64 || n - cut < 64 + behind ? 1 : 37) {
            int rc = decode_copy(bytes, cut, &no_limits);
            if (rc != (cut == 0 ? ERR_EMPTY : ERR_FORMAT))
                fail_msg("%s cut to %zu bytes: %s", samples[i], cut, rc == OK ? "accepted" : status_message());
        }
        mem_free(&bytes);
    }
}

/* A flipped byte may go unseen in JPEG and WebP data, but an error is an item error, and PNG sees it by its checksums.
 */
static void flipped_bytes_reject_the_row_at_most(void **state)
{
    (void)state;
    const image_limits limits = {.max_pixels = 1 << 20};
    for (size_t i = 0; i < SAMPLES; i++) {
        uint8_t *bytes;
        size_t n;
        load(samples[i], &bytes, &n);
        for (uint64_t k = 0; k < 200; k++) {
            size_t at = (size_t)(rng_bits(1, i, k) % n);
            uint8_t flip = (uint8_t)(1U << rng_bits(2, i, k) % 8);
            bytes[at] ^= flip;
            int rc = decode_copy(bytes, n, &limits);
            if (rc != OK && !status_is_item(rc)) fail_msg("%s, byte %zu: %s", samples[i], at, status_message());
            if (rc == OK && strstr(samples[i], ".png")) fail_msg("%s: byte %zu went unseen", samples[i], at);
            bytes[at] ^= flip;
        }
        mem_free(&bytes);
    }
}

static void pixels_are_limited(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    load("image-decode/rgb.png", &bytes, &n); /* 61 x 47 */
    assert_int_equal(decode_copy(bytes, n, &(image_limits){61 * 47}), OK);
    assert_int_equal(decode_copy(bytes, n, &(image_limits){61 * 47 - 1}), ERR_LIMIT);
    mem_free(&bytes);
}

/* 60,000 x 60,000 grey pixels in a file of 74 bytes. */
static const uint8_t huge_png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0xea,
    0x60, 0x00, 0x00, 0xea, 0x60, 0x08, 0x00, 0x00, 0x00, 0x00, 0xa5, 0xb9, 0x2a, 0x9e, 0x00, 0x00, 0x00, 0x11, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0x00, 0x00, 0x03, 0xe8, 0x00,
    0x01, 0xb3, 0xa6, 0xd3, 0x46, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

/* Refused by the limit, or because so few bytes can not hold so much. */
static void huge_claims_cost_nothing(void **state)
{
    (void)state;
    static const uint8_t webp[] = "RIFF\x2c\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\xff\x7f\xff\xff\x7f"
                                  "ANIM\x06\0\0\0\0\0\0\0\0\0";
    int64_t before = mem_peak();
    assert_int_equal(decode_copy(huge_png, sizeof huge_png, &(image_limits){100000000}), ERR_LIMIT);
    assert_int_equal(decode_copy(huge_png, sizeof huge_png, &no_limits), ERR_FORMAT);
    assert_int_equal(decode_copy(webp, sizeof webp - 1, &(image_limits){100000000}), ERR_LIMIT);
    assert_true(mem_peak() - before < 64 << 20);
}

static void other_formats_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *name;
        size_t n;
    } cases[] = {
        {"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x10\0\0\0", "BMP with this header", 18},
        {"P7\nWIDTH 1\n", "PAM", 11},
        {"%PDF-1.4", "PDF", 8},
        {"\0\0\0\x1c"
         "ftypavif\0\0\0\0",
         "AVIF", 16},
        {"\0\0\0\x1c"
         "ftypheic\0\0\0\0",
         "HEIF", 16},
        {"\xff\x0a\0\0", "JPEG XL", 4},
        {"\xef\xbb\xbf <svg xmlns=", "SVG", 15},
        {"<?xml version=", "SVG", 14},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        image_info info;
        char want[64];
        byte_source source = source_of_memory(cases[i].bytes, cases[i].n);
        snprintf(want, sizeof want, "%s is not supported yet: ", cases[i].name);
        assert_int_equal(image_probe(&source, &info), ERR_UNSUPPORTED);
        assert_ptr_equal(strstr(status_message(), want), status_message());
        assert_non_null(strstr(status_message(), "PNG")); /* what to do */
    }
    assert_int_equal(decode_copy((const uint8_t *)"<!DOCTYPE HTML>", 15, &no_limits), ERR_FORMAT);
    assert_int_equal(decode_copy((const uint8_t *)"BM, she said, and left", 22, &no_limits), ERR_FORMAT);
    assert_int_equal(decode_copy((const uint8_t *)"\xff", 1, &no_limits), ERR_FORMAT);
}

/* Change one byte of the frame header of a JPEG: `at` counts from its marker. */
static int with_frame_byte(size_t at, uint8_t value)
{
    uint8_t *bytes, *p;
    size_t n;
    load("image-decode/420.jpg", &bytes, &n);
    for (p = bytes; p[0] != 0xff || p[1] != 0xc0; p++) assert_true(p < bytes + n - 2);
    p[at] = value;
    int rc = decode_copy(bytes, n, &no_limits);
    mem_free(&bytes);
    return rc;
}

static void kinds_of_jpeg_are_named(void **state)
{
    (void)state;
    assert_int_equal(with_frame_byte(1, 0xc3), ERR_UNSUPPORTED);
    assert_non_null(strstr(status_message(), "lossless"));
    assert_int_equal(with_frame_byte(1, 0xc5), ERR_UNSUPPORTED);
    assert_int_equal(with_frame_byte(4, 12), ERR_UNSUPPORTED);
    assert_non_null(strstr(status_message(), "12 bits"));
    assert_int_equal(with_frame_byte(9, 2), ERR_UNSUPPORTED);
    assert_int_equal(with_frame_byte(6, 0), ERR_UNSUPPORTED);
    assert_int_equal(with_frame_byte(8, 0), ERR_FORMAT);
}

static void the_reason_is_the_librarys(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t n;
    load("image-decode/420.jpg", &bytes, &n);
    assert_int_equal(decode_copy(bytes, n - 300, &no_limits), ERR_FORMAT);
    assert_string_equal(status_message(), "JPEG: Premature end of JPEG file");
    mem_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_noticed),       cmocka_unit_test(flipped_bytes_reject_the_row_at_most),
        cmocka_unit_test(pixels_are_limited),         cmocka_unit_test(huge_claims_cost_nothing),
        cmocka_unit_test(other_formats_are_named),    cmocka_unit_test(kinds_of_jpeg_are_named),
        cmocka_unit_test(the_reason_is_the_librarys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
