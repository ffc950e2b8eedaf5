#include "jobs/dataset_file.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { LIMIT = 1 << 30 };

int dataset_read(const char *dataset, const char *name, json_t **out)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    json_error_t error;
    *out = NULL;
    TRY(file_join(&path, dataset, name));
    TRY(file_read(path, LIMIT, &bytes, &n));
    *out = json_loadb((char *)bytes, n, 0, &error);
    if (!*out) FAIL(ERR_CORRUPT, "%s:%d: %s", path, error.line, error.text);
    const char *format = json_string_value(json_object_get(*out, "format"));
    if (!format || strcmp(format, "tessera-dataset")) FAIL(ERR_CORRUPT, "%s does not describe a tessera dataset", path);
    if (json_integer_value(json_object_get(*out, "format_version")) != 1)
        FAIL(ERR_CORRUPT, "%s has a format version that this program does not know", path);
done:
    if (rc != OK && *out) {
        json_decref(*out);
        *out = NULL;
    }
    mem_free(&path);
    mem_free(&bytes);
    return rc;
}

int dataset_facts(const char *dataset, const char *name, char **facts)
{
    int rc = OK;
    json_t *d = NULL, *value;
    const char *key;
    char *text = NULL;
    TRY(dataset_read(dataset, name, &d));
    TRY(mem_string(facts, ""));
    json_object_foreach(json_object_get(d, "made_from"), key, value)
    {
        TRY(mem_format(&text, "%s%s: %s\n", *facts, key, json_string_value(value) ? json_string_value(value) : ""));
        mem_free(facts);
        *facts = text;
        text = NULL;
    }
done:
    json_decref(d);
    return rc;
}

void dataset_paths_free(char ***paths, size_t n)
{
    for (size_t i = 0; *paths && i < n; i++) mem_free(&(*paths)[i]);
    mem_free(paths);
}

int dataset_shards(const json_t *d, const char *dataset, const char *split, char ***paths, size_t *n, int64_t *examples)
{
    int rc = OK;
    const json_t *list = json_object_get(d, "shards"), *shard;
    size_t i, capacity = 0;
    *paths = NULL;
    *n = 0;
    *examples = 0;
    json_array_foreach(list, i, shard)
    {
        const char *of = json_string_value(json_object_get(shard, "split")),
                   *file = json_string_value(json_object_get(shard, "file"));
        if (!of || !file) FAIL(ERR_CORRUPT, "dataset.json: shard %zu has no split or file", i);
        if (strcmp(of, split)) continue;
        TRY(MEM_GROW(*paths, &capacity, *n + 1));
        TRY(file_join(&(*paths)[*n], dataset, file));
        (*n)++;
        *examples += json_integer_value(json_object_get(shard, "examples"));
    }
done:
    if (rc != OK) dataset_paths_free(paths, *n);
    return rc;
}

static const json_t *find(const json_t *d, const char *path)
{
    char name[64];
    while (d && *path) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        d = json_object_get(d, name);
        path += n + (path[n] == '.');
    }
    return d;
}

const char *dataset_text(const json_t *d, const char *path)
{
    const char *text = json_string_value(find(d, path));
    return text ? text : "";
}

int64_t dataset_int(const json_t *d, const char *path) { return json_integer_value(find(d, path)); }

int dataset_describe(const char *dataset, const char *name, json_t **out)
{
    int rc = OK;
    char *path = NULL, hex[SHA256_HEX];
    int64_t bytes;
    *out = NULL;
    TRY(file_join(&path, dataset, name));
    TRY(file_stat(path, &bytes, NULL));
    TRY(sha256_file(path, hex));
    *out = json_pack("{s:s, s:I, s:s}", "file", name, "bytes", (json_int_t)bytes, "sha256", hex);
    if (!*out) FAIL(ERR_MEMORY, "no memory for dataset.json");
done:
    mem_free(&path);
    return rc;
}

int dataset_add_counts(json_t *to, const shard_counts *c)
{
    int rc = OK;
    json_t *tokens = json_object(), *examples = json_object();
    for (int s = 0; s < N_STREAMS; s++) {
        if (!c->streams[s]) continue;
        json_object_set_new(tokens, stream_name(s), json_integer(c->ids[s]));
        json_object_set_new(examples, stream_name(s), json_integer(c->streams[s]));
    }
    json_t *more =
        json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:f}", "rows", (json_int_t)c->rows, "examples",
                  (json_int_t)c->examples, "rejects", (json_int_t)c->rejects, "filtered", (json_int_t)c->filtered,
                  "tokens", tokens, "streams", examples, "audio_seconds", c->seconds);
    if (!more || json_object_update(to, more) != 0) FAIL(ERR_MEMORY, "no memory for dataset.json");
done:
    json_decref(more);
    return rc;
}

void dataset_get_counts(const json_t *from, shard_counts *c)
{
    *c = (shard_counts){0};
    c->rows = dataset_int(from, "rows");
    c->examples = dataset_int(from, "examples");
    c->rejects = dataset_int(from, "rejects");
    c->filtered = dataset_int(from, "filtered");
    c->seconds = json_number_value(json_object_get(from, "audio_seconds"));
    c->bytes = dataset_int(from, "bytes");
    snprintf(c->sha256, sizeof c->sha256, "%s", dataset_text(from, "sha256"));
    for (int s = 0; s < N_STREAMS; s++) {
        c->ids[s] = json_integer_value(json_object_get(json_object_get(from, "tokens"), stream_name(s)));
        c->streams[s] = json_integer_value(json_object_get(json_object_get(from, "streams"), stream_name(s)));
    }
}
