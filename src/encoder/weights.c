#include "encoder/weights.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/safetensors.h"
#include "encoder/torch_zip.h"
#include "encoder/weight_index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { INDEX_LIMIT = 64 << 20, START_BYTES = 9 };

typedef struct weight_file {
    char *path;
    file_mapping mapping;
    weight_list tensors; /* some values lie in its memory */
    char sha256[SHA256_HEX];
} weight_file;

struct weights {
    char *path;
    weight_file *files;
    size_t n_files;
    weight_list tensors; /* of all files */
    char sha256[SHA256_HEX];
};

/* The file that a folder has, or the file itself. */
static int find_file(const char *path, char **out)
{
    static const char *const names[] = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                                        "pytorch_model.bin.index.json"};
    int rc = OK;
    struct stat s;
    if (stat(path, &s) != 0) FAIL(ERR_CONFIG, "%s: no weights there", path);
    if (!S_ISDIR(s.st_mode)) return mem_string(out, path);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TRY(file_join(out, path, names[i]));
        if (file_exists(*out)) goto done;
        mem_free(out);
    }
    FAIL(ERR_CONFIG, "%s: no weights there: neither %s nor %s, and no index of several", path, names[0], names[2]);
done:
    return rc;
}

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && !strcmp(text + n - n_end, end);
}

/* What it is, its bytes say: files of a hub's cache have no endings. Behind the length of a safetensors header a brace
 * stands; a zip has its method of compression there. */
static int parse(weight_file *f)
{
    int rc = OK;
    const uint8_t *b = f->mapping.bytes;
    size_t n = f->mapping.n;
    if (n >= START_BYTES && b[START_BYTES - 1] == '{') return safetensors_parse(b, n, f->path, &f->tensors);
    if (n >= 4 && !memcmp(b, "PK\x03\x04", 4)) return torch_zip_parse(b, n, f->path, &f->tensors);
    if (n && b[0] == 0x80)
        FAIL(ERR_CONFIG,
             "%s: a file of torch.save before PyTorch 1.6, which is not read: load and save it with a newer "
             "one, or save it as safetensors",
             f->path);
    if (ends_with(f->path, ".safetensors")) return safetensors_parse(b, n, f->path, &f->tensors);
    FAIL(ERR_CONFIG, "%s: not a weight file: neither safetensors nor a zip of torch.save", f->path);
done:
    return rc;
}

/* Takes over `path`. */
static int add_file(weights *w, char *path)
{
    int rc = OK;
    weight_file *f = &w->files[w->n_files++];
    f->path = path;
    if (!file_exists(path)) FAIL(ERR_CONFIG, "%s: the file, which the index names, is not there", path);
    TRY(file_map(path, &f->mapping));
    TRY(parse(f));
    TRY(sha256_bytes(f->mapping.bytes, f->mapping.n, f->sha256));
done:
    return rc;
}

static int open_single(weights *w)
{
    int rc = OK;
    char *path;
    TRY(MEM_ALLOC(w->files, 1));
    TRY(mem_string(&path, w->path));
    TRY(add_file(w, path));
done:
    return rc;
}

static int read_index(const char *path, weight_index *x)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    rc = file_read(path, INDEX_LIMIT, &bytes, &n);
    if (rc == ERR_LIMIT) FAIL(ERR_CONFIG, "%s: larger than %d bytes", path, INDEX_LIMIT);
    if (rc == OK) rc = weight_index_parse(bytes, n, path, x);
done:
    mem_free(&bytes);
    return rc;
}

static int open_indexed(weights *w)
{
    int rc = OK;
    const char *slash = strrchr(w->path, '/');
    int n_folder = slash ? (int)(slash - w->path) + 1 : 0;
    weight_index x = {0};
    char *path;
    TRY(read_index(w->path, &x));
    TRY(MEM_ALLOC(w->files, x.n_files));
    for (size_t i = 0; i < x.n_files; i++) {
        TRY(mem_format(&path, "%.*s%s", n_folder, w->path, x.files[i]));
        TRY(add_file(w, path));
        TRY(weight_index_check(&x, w->path, x.files[i], &w->files[i].tensors));
    }
done:
    weight_index_free(&x);
    return rc;
}

static int join_tensors(weights *w)
{
    int rc = OK;
    for (size_t i = 0; i < w->n_files; i++)
        for (size_t k = 0; k < w->files[i].tensors.n; k++)
            TRY(weight_list_add(&w->tensors, &w->files[i].tensors.tensors[k], w->files[i].path));
    TRY(weight_list_sort(&w->tensors, w->path));
done:
    return rc;
}

static int join_sums(weights *w)
{
    int rc = OK;
    sha256 *sum = NULL;
    if (w->n_files == 1) {
        memcpy(w->sha256, w->files[0].sha256, sizeof w->sha256);
        goto done;
    }
    TRY(sha256_create(&sum));
    for (size_t i = 0; i < w->n_files; i++) {
        const char *slash = strrchr(w->files[i].path, '/'), *name = slash ? slash + 1 : w->files[i].path;
        sha256_add(sum, w->files[i].sha256, SHA256_HEX - 1);
        sha256_add(sum, "  ", 2);
        sha256_add(sum, name, strlen(name));
        sha256_add(sum, "\n", 1);
    }
    sha256_hex(sum, w->sha256);
done:
    sha256_free(&sum);
    return rc;
}

int weights_open(weights **out, const char *path)
{
    int rc = OK;
    weights *w = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(w, 1));
    TRY(find_file(path, &w->path));
    TRY(ends_with(w->path, ".index.json") ? open_indexed(w) : open_single(w));
    TRY(join_tensors(w));
    TRY(join_sums(w));
    *out = w;
    w = NULL;
done:
    weights_close(w);
    return rc;
}

void weights_close(weights *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->n_files; i++) {
        weight_list_free(&w->files[i].tensors);
        file_unmap(&w->files[i].mapping);
        mem_free(&w->files[i].path);
    }
    weight_list_free(&w->tensors);
    mem_free(&w->files);
    mem_free(&w->path);
    mem_free(&w);
}

int64_t weights_count(const weights *w) { return (int64_t)w->tensors.n; }

const weight_tensor *weights_at(const weights *w, int64_t i) { return &w->tensors.tensors[i]; }

const weight_tensor *weights_find(const weights *w, const char *name) { return weight_list_find(&w->tensors, name); }

const char *weights_sha256(const weights *w) { return w->sha256; }

const char *weights_path(const weights *w) { return w->path; }
