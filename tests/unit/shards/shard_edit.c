#include "shard_edit.h"

#include "base/memory.h"
#include "base/status.h"
#include "store/h5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const groups[] = {"/", "/examples", "/text", "/image", "/audio"};
static const char *const datasets[][16] = {
    {"id", "id_offsets", "group", "group_offsets", "role", "role_offsets", "lang", "lang_table", "lang_table_offsets",
     "license", "license_table", "license_table_offsets", "source", "source_table", "source_table_offsets"},
    {"text", "text_offsets", "text_lang", "text_lang_offsets", "extra", "extra_offsets", "order", "row", "starts_group",
     "checksum"},
    {"ids", "offsets"},
    {"ids", "offsets", "grid", "vectors", "vector_offsets", "xxh3"},
    {"ids", "offsets", "durations", "xxh3", "seconds"},
};
static const char *const texts[] = {"format",          "created_by",     "config_sha256", "encoder",
                                    "codebook_sha256", "weights_sha256", "precision"};
static const char *const ints[] = {"format_version", "n_examples", "n_ids", "vocab_size", "layer"};

void shard_patch(const char *path, const char *dataset, size_t offset, const void *bytes, size_t n)
{
    h5_file *f = NULL;
    int64_t start;
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_file_offset(f, dataset, &start), OK);
    h5_close(&f);
    assert_true(start > 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)start + (long)offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void copy_attributes(h5_file *from, h5_file *to, const char *group, const edit *change)
{
    int here = change && change->action == EDIT_ATTRIBUTE && !strcmp(change->object, group);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = NULL;
        if (h5_get_text(from, group, texts[i], &text) != OK) continue;
        if (here && !strcmp(change->attribute, texts[i])) text[0] = 'X';
        assert_int_equal(h5_put_text(to, group, texts[i], text), OK);
        mem_free(&text);
    }
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        int64_t value;
        if (h5_get_int(from, group, ints[i], &value) != OK) continue;
        if (here && !strcmp(change->attribute, ints[i])) value++;
        assert_int_equal(h5_put_int(to, group, ints[i], value), OK);
    }
    double real;
    if (h5_get_real(from, group, "rate_hz", &real) != OK) return;
    if (here && !strcmp(change->attribute, "rate_hz")) real++;
    assert_int_equal(h5_put_real(to, group, "rate_hz", real), OK);
}

static void copy_dataset(h5_file *from, h5_file *to, const char *path, const edit *change)
{
    h5_type type;
    int n_dims;
    int64_t dims[3];
    uint8_t *values = NULL;
    int here = change && !strcmp(change->object, path);
    if (!h5_has(from, path) || (here && change->action == EDIT_DROP)) return;
    assert_int_equal(h5_shape(from, path, &type, &n_dims, dims), OK);
    if (here && change->action == EDIT_SHORTEN) dims[0]--;
    if (here && change->action == EDIT_WIDEN) type = type == H5_U16 ? H5_U32 : H5_I32;
    size_t size = (size_t)dims[0] * (n_dims > 1 ? (size_t)dims[1] : 1) * 8;
    assert_int_equal(mem_alloc((void **)&values, size, 1), OK);
    assert_int_equal(h5_read(from, path, type, 0, dims[0], values), OK);
    assert_int_equal(h5_dataset(to, path, type, n_dims, dims, 0), OK);
    assert_int_equal(h5_write(to, path, 0, dims[0], values), OK);
    mem_free(&values);
}

void shard_copy(const char *from_path, const char *to_path, const edit *change)
{
    static const size_t group_of[] = {1, 1, 2, 3, 4};
    h5_file *from = NULL, *to = NULL;
    char path[64];
    assert_int_equal(h5_open(&from, from_path), OK);
    assert_int_equal(h5_create(&to, to_path, "test"), OK);
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        if (change && change->action == EDIT_DROP && !strcmp(change->object, groups[g])) continue;
        if (g) assert_int_equal(h5_group(to, groups[g]), OK);
        copy_attributes(from, to, groups[g], change);
        for (size_t l = 0; l < sizeof datasets / sizeof *datasets; l++)
            for (size_t i = 0; group_of[l] == g && i < 16 && datasets[l][i]; i++) {
                snprintf(path, sizeof path, "%s/%s", groups[g], datasets[l][i]);
                copy_dataset(from, to, path, change);
            }
    }
    assert_int_equal(h5_commit(&to), OK);
    h5_close(&from);
}
