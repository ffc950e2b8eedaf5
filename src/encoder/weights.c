#include "encoder/weights.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/safetensors.h"
#include "encoder/torch_zip.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct weight_file {
    char *name, *path;
    file_mapping map;
    weight_list list;
} weight_file;

struct weights {
    char *path;
    weight_file *files; /* by name */
    size_t n_files, capacity;
    weight_list all; /* tensors of all files; values belong to these */
};

static const char *const single_names[] = {"model.safetensors", "pytorch_model.bin"};
static const char *const index_names[] = {"model.safetensors.index.json", "pytorch_model.bin.index.json"};
enum { INDEX_BYTES = 64 << 20, MAX_FILES = 10000 };

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static int open_file(weights *w, const char *name, const char *path)
{
    int rc = OK;
    TRY(MEM_GROW(w->files, &w->capacity, w->n_files + 1));
    weight_file *f = &w->files[w->n_files];
    *f = (weight_file){0};
    w->n_files++;
    TRY(mem_string(&f->name, name));
    TRY(mem_string(&f->path, path));
    if (file_map(path, &f->map) != OK) FAIL(ERR_CONFIG, "weights %s cannot be read: %s", path, status_message());
    if (ends_with(name, ".safetensors"))
        TRY(safetensors_parse(f->map.bytes, f->map.n, path, &f->list));
    else
        TRY(torch_zip_parse(f->map.bytes, f->map.n, path, &f->list));
done:
    return rc;
}

static int has_file(const weights *w, const char *name)
{
    for (size_t i = 0; i < w->n_files; i++)
        if (strcmp(w->files[i].name, name) == 0) return 1;
    return 0;
}

static int open_named(weights *w, const char *folder, const char *name)
{
    char *path = NULL;
    int rc = file_join(&path, folder, name);
    if (rc == OK) rc = open_file(w, name, path);
    mem_free(&path);
    return rc;
}

/* The files that an index names. */
static int open_indexed(weights *w, const char *folder, const char *index)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    json_t *whole = NULL, *value;
    json_error_t error;
    const char *key;
    if (file_read(index, INDEX_BYTES, &bytes, &n) != OK) FAIL(ERR_CONFIG, "%s", status_message());
    whole = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, &error);
    if (!whole) FAIL(ERR_CONFIG, "%s:%d:%d: %s", index, error.line, error.column, error.text);
    json_t *map = json_object_get(whole, "weight_map");
    if (!json_is_object(map)) FAIL(ERR_CONFIG, "%s has no object weight_map", index);
    json_object_foreach(map, key, value)
    {
        const char *name = json_string_value(value);
        if (!name || !*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            FAIL(ERR_CONFIG, "%s: the file of %s is not a name in its folder", index, key);
        if (has_file(w, name)) continue;
        if (w->n_files >= MAX_FILES) FAIL(ERR_CONFIG, "%s names more than %d files", index, MAX_FILES);
        TRY(open_named(w, folder, name));
    }
    json_object_foreach(map, key, value)
    {
        const weight_file *f = w->files;
        while (strcmp(f->name, json_string_value(value)) != 0) f++;
        if (!weight_list_find(&f->list, key))
            FAIL(ERR_CONFIG, "%s: tensor %s is not in %s", index, key, json_string_value(value));
    }
done:
    json_decref(whole);
    mem_free(&bytes);
    return rc;
}

static int open_folder(weights *w, const char *folder)
{
    int rc = OK;
    char *path = NULL;
    for (int i = 0; i < 2; i++) {
        mem_free(&path);
        TRY(file_join(&path, folder, single_names[i]));
        if (file_exists(path)) {
            TRY(open_file(w, single_names[i], path));
            goto done;
        }
        mem_free(&path);
        TRY(file_join(&path, folder, index_names[i]));
        if (file_exists(path)) {
            TRY(open_indexed(w, folder, path));
            goto done;
        }
    }
    FAIL(ERR_CONFIG, "%s has no weights: neither %s nor %s, nor %s.index.json", folder, single_names[0],
         single_names[1], single_names[0]);
done:
    mem_free(&path);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const weight_file *)a)->name, ((const weight_file *)b)->name);
}

int weights_open(weights **out, const char *path)
{
    int rc = OK;
    weights *w = NULL;
    struct stat info;
    *out = NULL;
    TRY(MEM_ALLOC(w, 1));
    TRY(mem_string(&w->path, path));
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        TRY(open_folder(w, path));
    } else {
        const char *slash = strrchr(path, '/');
        TRY(open_file(w, slash ? slash + 1 : path, path));
    }
    qsort(w->files, w->n_files, sizeof *w->files, by_name);
    for (size_t i = 0; i < w->n_files; i++)
        for (size_t t = 0; t < w->files[i].list.n; t++)
            TRY(weight_list_add(&w->all, &w->files[i].list.tensors[t], path));
    TRY(weight_list_sort(&w->all, path));
    *out = w;
    w = NULL;
done:
    weights_close(w);
    return rc;
}

void weights_close(weights *w)
{
    if (!w) return;
    weight_list_free(&w->all);
    for (size_t i = 0; i < w->n_files; i++) {
        weight_file *f = &w->files[i];
        weight_list_free(&f->list);
        file_unmap(&f->map);
        mem_free(&f->name);
        mem_free(&f->path);
    }
    mem_free(&w->files);
    mem_free(&w->path);
    mem_free(&w);
}

int64_t weights_count(const weights *w) { return (int64_t)w->all.n; }

const weight_tensor *weights_at(const weights *w, int64_t i) { return &w->all.tensors[i]; }

const weight_tensor *weights_find(const weights *w, const char *name) { return weight_list_find(&w->all, name); }

const char *weights_path(const weights *w) { return w->path; }

int weights_sha256(const weights *w, char hex[SHA256_HEX])
{
    int rc = OK;
    sha256 *sum = NULL;
    if (w->n_files == 1) return sha256_bytes(w->files[0].map.bytes, w->files[0].map.n, hex);
    TRY(sha256_create(&sum));
    for (size_t i = 0; i < w->n_files; i++) {
        TRY(sha256_bytes(w->files[i].map.bytes, w->files[i].map.n, hex));
        sha256_add(sum, hex, strlen(hex));
        sha256_add(sum, "  ", 2);
        sha256_add(sum, w->files[i].name, strlen(w->files[i].name));
        sha256_add(sum, "\n", 1);
    }
    sha256_hex(sum, hex);
done:
    sha256_free(&sum);
    return rc;
}
