#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_decode.h"
#include "decode/image_orient.h"
#include "golden.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const image_limits no_limits;

/* Decode FOLDER/FILE where a tensor is named FILE/rgb or FILE/white, and compare. */
static void check_tensor(const char *folder, const golden_tensor *want)
{
    char path[512];
    uint8_t *bytes;
    size_t n;
    image m;
    const char *slash = strrchr(want->name, '/');
    alpha_policy alpha = strcmp(slash, "/white") == 0 ? ALPHA_WHITE : ALPHA_DROP;
    snprintf(path, sizeof path, GOLDEN_DIR "/%s/%.*s", folder, (int)(slash - want->name), want->name);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    int rc = image_decode(bytes, n, &no_limits, alpha, &m);
    if (rc != OK) fail_msg("%s: %s", want->name, status_message());
    int same = m.height == want->shape[0] && m.width == want->shape[1] && memcmp(m.rgb, want->data, want->n) == 0;
    if (!same) fail_msg("%s differs", want->name);
    image_free(&m);
    assert_null(m.rgb);
    mem_free(&bytes);
}

static void check_folder(const char *folder, size_t least)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN_DIR "/%s/expect.safetensors", folder);
    golden *g = golden_open(path);
    assert_true(golden_count(g) >= least);
    for (size_t i = 0; i < golden_count(g); i++) check_tensor(folder, golden_at(g, i));
    golden_close(g);
}

static void pixels_equal_the_reference(void **state)
{
    (void)state;
    check_folder("image-decode", 38);
}

static void rare_files_equal_the_reference(void **state)
{
    (void)state;
    check_folder("image-more", 90);
}

static void other_formats_equal_the_reference(void **state)
{
    (void)state;
    check_folder("image-formats", 250);
}

/* FOLDER/FILE/WIDTHxHEIGHT: decoded for a picture that is to be resized to that. */
static void small_targets_equal_pillows_draft(void **state)
{
    (void)state;
    golden *g = golden_open(GOLDEN_DIR "/image-formats/scaled.safetensors");
    int smaller = 0;
    assert_true(golden_count(g) >= 28);
    for (size_t i = 0; i < golden_count(g); i++) {
        const golden_tensor *want = golden_at(g, i);
        const char *slash = strrchr(want->name, '/');
        char path[512];
        uint8_t *bytes;
        size_t n;
        image m;
        image_info info;
        int width = 0, height = 0;
        assert_int_equal(sscanf(slash, "/%dx%d", &width, &height), 2);
        snprintf(path, sizeof path, GOLDEN_DIR "/%.*s", (int)(slash - want->name), want->name);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        byte_source source = source_of_memory(bytes, n);
        assert_int_equal(image_probe(&source, &info), OK);
        assert_int_equal(image_decode_for(bytes, n, &no_limits, ALPHA_DROP, width, height, &m), OK);
        if (m.height != want->shape[0] || m.width != want->shape[1] || memcmp(m.rgb, want->data, want->n) != 0)
            fail_msg("%s differs", want->name);
        smaller += m.width < info.width;
        const image_limits limits = {.max_pixels = info.width * info.height - 1};
        image_free(&m);
        assert_int_equal(image_decode_for(bytes, n, &limits, ALPHA_DROP, width, height, &m), ERR_LIMIT);
        mem_free(&bytes);
    }
    assert_true(smaller >= 14);
    golden_close(g);
}

static const char *format_of(const char *name)
{
    static const char *const formats[][2] = {
        {".jpg", "jpeg"}, {".tif", "tiff"}, {".pbm", "pnm"}, {".pgm", "pnm"}, {".ppm", "pnm"}};
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(ending, formats[i][0]) == 0) return formats[i][1];
    return ending + 1;
}

static void check_probe(const char *folder, const char *name)
{
    char path[512];
    uint8_t *bytes;
    size_t n;
    image m;
    image_info info, of_file;
    snprintf(path, sizeof path, GOLDEN_DIR "/%s/%s", folder, name);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    byte_source source = source_of_memory(bytes, n);
    assert_int_equal(image_probe(&source, &info), OK);
    int fd = open(path, O_RDONLY);
    source = source_of_file(fd, 0, (int64_t)n);
    assert_int_equal(image_probe(&source, &of_file), OK);
    close(fd);
    assert_memory_equal(&info, &of_file, sizeof info);
    assert_int_equal(image_decode(bytes, n, &no_limits, ALPHA_DROP, &m), OK);
    assert_int_equal(info.width, m.width);
    assert_int_equal(info.height, m.height);
    assert_string_equal(info.format, format_of(name));
    image_free(&m);
    mem_free(&bytes);
}

static void probe_tells_what_decoding_gives(void **state)
{
    (void)state;
    static const char *const folders[] = {"image-decode", "image-more", "image-formats"};
    for (int f = 0; f < 3; f++) {
        char path[512];
        file_list list;
        snprintf(path, sizeof path, GOLDEN_DIR "/%s", folders[f]);
        assert_int_equal(file_list_folder(path, &list), OK);
        for (size_t i = 0; i < list.n; i++)
            if (!strstr(list.names[i], ".safetensors") && !strstr(list.names[i], ".py"))
                check_probe(folders[f], list.names[i]);
        file_list_free(&list);
    }
}

static void orientation_is_told(void **state)
{
    (void)state;
    for (int k = 1; k <= 8; k++) {
        char path[512];
        image_info info;
        file_mapping map;
        snprintf(path, sizeof path, GOLDEN_DIR "/image-decode/exif%d.jpg", k);
        assert_int_equal(file_map(path, &map), OK);
        byte_source source = source_of_memory(map.bytes, map.n);
        assert_int_equal(image_probe(&source, &info), OK);
        assert_int_equal(info.orientation, k);
        assert_int_equal(info.width, k < 5 ? 24 : 17);
        file_unmap(&map);
    }
}

/* Larger than a tile of the transposition, by the formulas of the EXIF standard as Pillow applies them. */
static void large_pictures_turn_right(void **state)
{
    (void)state;
    enum { W = 71, H = 45 };
    for (int k = 1; k <= 8; k++) {
        image m;
        assert_int_equal(image_create(W, H, &m), OK);
        for (int i = 0; i < W * H; i++) memcpy(m.rgb + 3 * i, (uint8_t[]){i % W, i / W, 7}, 3);
        assert_int_equal(image_orient(&m, k), OK);
        assert_int_equal(m.width, k < 5 ? W : H);
        for (int y = 0; y < m.height; y++)
            for (int x = 0; x < m.width; x++) {
                const int from[9][2] = {
                    {0},    {x, y},         {W - 1 - x, y},         {W - 1 - x, H - 1 - y}, {x, H - 1 - y},
                    {y, x}, {y, H - 1 - x}, {W - 1 - y, H - 1 - x}, {W - 1 - y, x}};
                const uint8_t want[3] = {from[k][0], from[k][1], 7};
                assert_memory_equal(m.rgb + (y * m.width + x) * 3, want, 3);
            }
        image_free(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_equal_the_reference),        cmocka_unit_test(rare_files_equal_the_reference),
        cmocka_unit_test(other_formats_equal_the_reference), cmocka_unit_test(small_targets_equal_pillows_draft),
        cmocka_unit_test(probe_tells_what_decoding_gives),   cmocka_unit_test(orientation_is_told),
        cmocka_unit_test(large_pictures_turn_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
