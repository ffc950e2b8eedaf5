#include "corpus/index_header.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/split.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, MAX_BYTES = 1 << 20 };
static const char format_name[] = "tessera-index";

int index_header_make(const corpus_options *o, index_header *out)
{
    int rc = OK;
    split_table t = {0};
    *out = (index_header){0};
    TRY(split_table_make(o, &t));
    TRY(MEM_ALLOC(out->split_starts, t.n + 1));
    out->split_names = t.names;
    out->n_splits = (int)t.n;
    t.names = NULL;
    t.n = 0;
    TRY(corpus_root(o, &out->root));
done:
    split_table_free(&t);
    if (rc != OK) index_header_free(out);
    return rc;
}

void index_header_free(index_header *h)
{
    for (int i = 0; i < h->n_splits; i++) mem_free(&h->split_names[i]);
    mem_free(&h->split_names);
    mem_free(&h->split_starts);
    mem_free(&h->root);
    *h = (index_header){0};
}

int index_file_path(char **path, const char *folder, const char *build, const char *what)
{
    return mem_format(path, "%s/index-%s-%s.bin", folder, build, what);
}

/* Hash of all keys but "check": a damaged header is seen whatever key is hit. */
static int header_check(json_t *json, char hex[17])
{
    int rc = OK;
    json_t *copy = json_copy(json);
    if (copy) json_object_del(copy, "check");
    char *text = copy ? json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text) FAIL(ERR_MEMORY, "no memory for index.json");
    snprintf(hex, 17, "%016llx", (unsigned long long)hash64(text, strlen(text), 0));
done:
    free(text);
    json_decref(copy);
    return rc;
}

static json_t *totals_json(const corpus_totals *t)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:f}", "rows", (json_int_t)t->rows,
                     "rejected", (json_int_t)t->rejected, "audio_rows", (json_int_t)t->audio_rows, "image_rows",
                     (json_int_t)t->image_rows, "text_rows", (json_int_t)t->text_rows, "audio_seconds",
                     t->audio_seconds, "pixels", (json_int_t)t->pixels, "text_bytes", (json_int_t)t->text_bytes,
                     "media_bytes", (json_int_t)t->media_bytes, "sensor_rows", (json_int_t)t->sensor_rows,
                     "sensor_bytes", (json_int_t)t->sensor_bytes, "sensor_seconds", t->sensor_seconds);
}

static int read_totals(json_t *json, corpus_totals *t)
{
    json_int_t rows, rejected, audio, image, text, pixels, text_bytes, media_bytes, sensors, sensor_bytes;
    if (json_unpack(json, "{s:I, s:I, s:I, s:I, s:I, s:F, s:I, s:I, s:I, s:I, s:I, s:F}", "rows", &rows, "rejected",
                    &rejected, "audio_rows", &audio, "image_rows", &image, "text_rows", &text, "audio_seconds",
                    &t->audio_seconds, "pixels", &pixels, "text_bytes", &text_bytes, "media_bytes", &media_bytes,
                    "sensor_rows", &sensors, "sensor_bytes", &sensor_bytes, "sensor_seconds", &t->sensor_seconds) != 0)
        return 0;
    *t = (corpus_totals){rows,   rejected,   audio,       image,   text,         t->audio_seconds,
                         pixels, text_bytes, media_bytes, sensors, sensor_bytes, t->sensor_seconds};
    return rows >= 0 && rejected >= 0 && rejected <= rows && isfinite(t->audio_seconds) && isfinite(t->sensor_seconds);
}

static json_t *splits_json(const index_header *h)
{
    json_t *list = json_array();
    for (int i = 0; list && i < h->n_splits; i++)
        if (json_array_append_new(list, json_pack("{s:s, s:I}", "name", h->split_names[i], "start",
                                                  (json_int_t)h->split_starts[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static int read_splits(json_t *list, index_header *h)
{
    int rc = OK;
    size_t n = json_array_size(list);
    if (!n || n > 1000) FAIL(ERR_CORRUPT, "index.json has no splits");
    TRY(MEM_ALLOC(h->split_names, n));
    TRY(MEM_ALLOC(h->split_starts, n + 1));
    for (size_t i = 0; i < n; i++, h->n_splits++) {
        const char *label;
        json_int_t start;
        if (json_unpack(json_array_get(list, i), "{s:s, s:I}", "name", &label, "start", &start) != 0 ||
            start < (i ? h->split_starts[i - 1] : 0) || start > h->totals.rows || (!i && start))
            FAIL(ERR_CORRUPT, "index.json: the splits cannot be");
        TRY(mem_string(&h->split_names[i], label));
        h->split_starts[i] = start;
    }
    h->split_starts[n] = h->totals.rows;
done:
    return rc;
}

static int read_json(json_t *json, index_header *h)
{
    int rc = OK, version = 0;
    const char *format, *check, *build, *manifest, *hash, *root;
    char expected[17];
    json_t *totals, *splits;
    json_int_t ids, text_bytes;
    if (json_unpack(json, "{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "format", &format, "version",
                    &version, "check", &check, "build", &build, "manifest", &manifest, "hash", &hash, "root", &root,
                    "ids", &ids, "text_file_bytes", &text_bytes, "totals", &totals, "splits", &splits) != 0)
        FAIL(ERR_CORRUPT, "index.json lacks a key");
    if (strcmp(format, format_name) != 0 || version != VERSION)
        FAIL(ERR_CORRUPT, "index.json: format %s version %d, expected %s version %d", format, version, format_name,
             (int)VERSION);
    TRY(header_check(json, expected));
    if (strcmp(check, expected) != 0 || strlen(build) != 16 || strlen(manifest) != 32 || strlen(hash) != 32 ||
        ids < 0 || text_bytes < 0 || !read_totals(totals, &h->totals))
        FAIL(ERR_CORRUPT, "index.json is damaged");
    memcpy(h->build, build, sizeof h->build);
    memcpy(h->manifest, manifest, sizeof h->manifest);
    memcpy(h->hash, hash, sizeof h->hash);
    h->n_ids = ids;
    h->text_bytes = text_bytes;
    TRY(mem_string(&h->root, root));
    TRY(read_splits(splits, h));
done:
    return rc;
}

int index_header_read(const char *folder, index_header *out)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    json_t *json = NULL;
    *out = (index_header){0};
    TRY(file_join(&path, folder, "index.json"));
    rc = file_read(path, MAX_BYTES, &bytes, &n);
    if (rc == ERR_LIMIT) FAIL(ERR_CORRUPT, "%s is damaged", path);
    TRY(rc);
    json = json_loadb((char *)bytes, n, JSON_REJECT_DUPLICATES, NULL);
    if (!json) FAIL(ERR_CORRUPT, "%s is damaged", path);
    TRY(read_json(json, out));
done:
    json_decref(json);
    mem_free(&bytes);
    mem_free(&path);
    if (rc != OK) index_header_free(out);
    return rc;
}

int index_header_write(const char *folder, const index_header *h)
{
    int rc = OK;
    char *path = NULL, *text = NULL, check[17];
    json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "format", format_name, "version",
                             (int)VERSION, "build", h->build, "manifest", h->manifest, "hash", h->hash, "root", h->root,
                             "ids", (json_int_t)h->n_ids, "text_file_bytes", (json_int_t)h->text_bytes, "totals",
                             totals_json(&h->totals), "splits", splits_json(h));
    if (!json) FAIL(ERR_MEMORY, "no memory for index.json");
    TRY(header_check(json, check));
    if (json_object_set_new(json, "check", json_string(check)) != 0) FAIL(ERR_MEMORY, "no memory for index.json");
    text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (!text) FAIL(ERR_MEMORY, "no memory for index.json");
    TRY(file_join(&path, folder, "index.json"));
    TRY(file_commit(path, text, strlen(text), "index"));
done:
    json_decref(json);
    free(text);
    mem_free(&path);
    return rc;
}

int index_is_committed(const char *folder, const char *build)
{
    index_header h;
    int there = index_header_read(folder, &h) == OK && !strcmp(h.build, build);
    index_header_free(&h);
    return there;
}
