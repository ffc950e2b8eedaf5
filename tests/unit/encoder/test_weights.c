#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/weights.h"
#include "golden.h"
#include "write_weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ONE(name) "{\"" name "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}"
#define INDEX "model.safetensors.index.json"

static char folder[] = "/tmp/tessera-test-weights-XXXXXX";
static const float value = 1.5F;

static void write_one(const char *name, const char *header) { write_weights(folder, name, header, &value, 4); }

static void write_text(const char *name, const char *text) { write_file(folder, name, text, strlen(text)); }

static int empty_folder(void **state)
{
    (void)state;
    return file_remove_tree(folder) != OK || file_make_folder(folder) != OK;
}

static weights *opened(const char *path)
{
    weights *w;
    if (weights_open(&w, path) != OK) fail_msg("%s", status_message());
    return w;
}

static void refused(const char *message)
{
    weights *w;
    int rc = weights_open(&w, folder);
    if (rc != ERR_CONFIG || w || !strstr(status_message(), message)) fail_msg("%d, %s", rc, status_message());
}

/* Another reader of the same format, written for the tests, sees the same. */
static void stored_models_are_read(void **state)
{
    (void)state;
    const char *const models[] = {"hubert-base",   "hubert-large",   "hubert-batchnorm",
                                  "wav2vec2-base", "wav2vec2-large", "wav2vec2-quantizer",
                                  "vit",           "vit-nopool"};
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        char path[512], file[600], sum[SHA256_HEX];
        snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, models[m]);
        snprintf(file, sizeof file, "%s/model.safetensors", path);
        golden *g = golden_open(file);
        weights *w = opened(path);
        assert_int_equal(weights_count(w), golden_count(g));
        for (int64_t i = 0; i < weights_count(w); i++) {
            const weight_tensor *t = weights_at(w, i);
            const golden_tensor *other = golden_at(g, (size_t)i);
            assert_string_equal(t->name, other->name);
            assert_int_equal(t->n_dims, other->rank);
            assert_memory_equal(t->shape, other->shape, other->rank * sizeof *t->shape);
            assert_int_equal(t->type == WEIGHT_F32, other->type == GOLDEN_F32);
            assert_memory_equal(t->values, other->data, other->n * (t->type == WEIGHT_F32 ? 4 : 1));
            assert_ptr_equal(weights_find(w, t->name), t);
        }
        assert_null(weights_find(w, "no such tensor"));
        assert_int_equal(sha256_file(file, sum), OK);
        assert_string_equal(weights_sha256(w), sum);
        assert_string_equal(weights_path(w), file);
        weights_close(w);
        golden_close(g);
    }
}

static void the_first_of_four_names_is_taken(void **state)
{
    (void)state;
    static const char *const names[] = {"pytorch_model.bin.index.json", "pytorch_model.bin", INDEX,
                                        "model.safetensors"};
    refused("no weights there");
    write_one("shard", ONE("in.shard"));
    for (size_t i = 0; i < 4; i++) {
        char tensor[16], text[128];
        snprintf(tensor, sizeof tensor, i % 2 ? "t%zu" : "in.shard", i);
        if (i % 2) {
            snprintf(text, sizeof text, ONE("t%zu"), i);
            write_one(names[i], text);
        } else {
            write_text(names[i], "{\"weight_map\":{\"in.shard\":\"shard\"}}");
        }
        weights *w = opened(folder);
        assert_int_equal(weights_count(w), 1);
        assert_string_equal(weights_at(w, 0)->name, tensor);
        assert_non_null(strstr(weights_path(w), names[i]));
        weights_close(w);
    }
}

static void several_files_are_one_model(void **state)
{
    (void)state;
    char path[128], lines[512] = "", sum[SHA256_HEX];
    const char *const files[] = {"model-1.safetensors", "model-2.safetensors"};
    write_one(files[1], ONE("a"));
    write_one(files[0], ONE("b"));
    write_text(INDEX, "{\"metadata\":{\"total_size\":8},\"weight_map\":{\"a\":\"model-2.safetensors\","
                      "\"b\":\"model-1.safetensors\"}}");
    weights *w = opened(folder);
    assert_int_equal(weights_count(w), 2);
    assert_string_equal(weights_at(w, 0)->name, "a");
    assert_memory_equal(weights_find(w, "b")->values, &value, 4);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        assert_int_equal(sha256_file(path, sum), OK);
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s  %s\n", sum, files[i]);
    }
    assert_int_equal(sha256_bytes(lines, strlen(lines), sum), OK);
    assert_string_equal(weights_sha256(w), sum);
    weights_close(w);
    write_one(files[0], ONE("a"));
    refused("tensor b is not in model-1.safetensors");
    write_text(INDEX, "{\"weight_map\":{\"a\":\"model-2.safetensors\"}}");
    weights_close(opened(folder));
}

static void an_index_is_not_believed(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "damaged index"},
        {"[]", "no weight_map"},
        {"{}", "no weight_map"},
        {"{\"weight_map\":{}}", "no weight_map"},
        {"{\"weight_map\":{\"a\":1}}", "tensor a: the file is not named"},
        {"{\"weight_map\":{\"a\":\"\"}}", "tensor a: the file is not named"},
        {"{\"weight_map\":{\"a\":\"..\"}}", "or by more than its name"},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "or by more than its name"},
        {"{\"weight_map\":{\"a\":\"../shard\"}}", "or by more than its name"},
        {"{\"weight_map\":{\"a\":\"gone\"}}", "gone: the file, which the index names, is not there"},
        {"{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}", "duplicate object key"},
        {"{\"weight_map\":{\"b\":\"shard\"}}", "tensor b is not in shard"},
        {"{\"weight_map\":{\"a\":\"shard\",\"c\":\"other\"}}", "tensor c is not in other"},
    };
    write_one("shard", ONE("a"));
    write_one("other", ONE("a"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_text(INDEX, wrong[i][0]);
        refused(wrong[i][1]);
    }
    write_one("other", "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                       "\"c\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]}}");
    write_text(INDEX, "{\"weight_map\":{\"a\":\"shard\",\"c\":\"other\"}}");
    refused("tensor a is there twice");
}

static void what_is_no_weight_file_is_refused(void **state)
{
    (void)state;
    weights *w;
    assert_int_equal(weights_open(&w, "/no/such/folder"), ERR_CONFIG);
    write_text("model.safetensors", "");
    refused("not a safetensors file");
    write_text("model.safetensors", "version https://git-lfs.github.com/spec/v1");
    refused("safetensors");
    assert_int_equal(file_remove_tree(folder), OK);
    assert_int_equal(file_make_folder(folder), OK);
    write_text("pytorch_model.bin", "version https://git-lfs.github.com/spec/v1");
    refused("not a weight file");
    write_text("pytorch_model.bin", "PK\3\4");
    refused("not a whole zip");
    write_text("pytorch_model.bin", "\x80\x02\x8A\x0A");
    refused("before PyTorch 1.6");
    weights_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_models_are_read),
        cmocka_unit_test_setup(the_first_of_four_names_is_taken, empty_folder),
        cmocka_unit_test_setup(several_files_are_one_model, empty_folder),
        cmocka_unit_test_setup(an_index_is_not_believed, empty_folder),
        cmocka_unit_test_setup(what_is_no_weight_file_is_refused, empty_folder),
    };
    if (!mkdtemp(folder)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
