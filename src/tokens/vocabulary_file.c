/* vocabulary.json: what people and other programs read. Everything in it follows from the sizes, so reading lays the
 * vocabulary out anew and compares. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "tokens/vocabulary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_name[] = "tessera-vocabulary";
enum { FORMAT_VERSION = 1, FILE_LIMIT = 1 << 20 };
static const int64_t most_codes = (int64_t)1 << 31;

/* {"<bos>": 256, ...}: all of the reserved block. */
static json_t *specials_json(const vocabulary *v)
{
    json_t *out = json_object();
    for (int i = 0; i < N_SPECIALS; i++) {
        char name[64];
        int64_t id = vocabulary_special(v, (special_id)i);
        vocabulary_name(v, id, name, sizeof name);
        json_object_set_new(out, name, json_integer(id));
    }
    return out;
}

static json_t *ranges_json(const vocabulary *v)
{
    json_t *out = json_array();
    for (int i = 0; i < v->n_ranges; i++) {
        const vocabulary_range *r = &v->ranges[i];
        json_array_append_new(out,
                              json_pack("{s:s, s:s, s:I, s:I}", "modality", modality_name(r->modality), "codebook",
                                        r->codebook, "offset", (json_int_t)r->offset, "size", (json_int_t)r->size));
    }
    return out;
}

/* new_rows: [first, end) of the ids that a text model has no embeddings for; up to `size` there is room only. */
static json_t *vocabulary_json(const vocabulary *v)
{
    const vocabulary_range *last = &v->ranges[v->n_ranges - 1];
    json_t *root = json_pack("{s:s, s:i, s:s, s:I, s:i, s:o, s:o, s:[[I, I]]}", "format", format_name, "format_version",
                             FORMAT_VERSION, "tokenizer", v->tokenizer, "size", (json_int_t)v->size, "id_bits",
                             v->id_bits, "special", specials_json(v), "ranges", ranges_json(v), "new_rows",
                             (json_int_t)v->text_size, (json_int_t)(last->offset + last->size));
    if (root && *v->tokenizer_sha256) json_object_set_new(root, "tokenizer_sha256", json_string(v->tokenizer_sha256));
    return root;
}

int vocabulary_save(const vocabulary *v, const char *path)
{
    int rc = OK;
    json_t *root = vocabulary_json(v);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL, *line = NULL;
    if (!text) FAIL(ERR_MEMORY, "no memory for %s", path);
    TRY(mem_format(&line, "%s\n", text));
    TRY(file_commit(path, line, strlen(line), "vocabulary"));
done:
    json_decref(root);
    free(text);
    mem_free(&line);
    return rc;
}

/* Size of the range of a modality; 0 if there is none. */
static int64_t range_size(const json_t *root, modality m)
{
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(root, "ranges"), i, r)
    {
        const char *name = json_string_value(json_object_get(r, "modality"));
        if (name && !strcmp(name, modality_name(m))) return json_integer_value(json_object_get(r, "size"));
    }
    return 0;
}

int vocabulary_load(vocabulary *v, const char *path)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    json_t *root = NULL, *again = NULL;
    int64_t sizes[N_MODALITIES];
    memset(v, 0, sizeof *v);
    rc = file_read(path, FILE_LIMIT, &bytes, &n);
    if (rc == ERR_LIMIT) FAIL(ERR_CORRUPT, "%s is too large for a vocabulary", path);
    TRY(rc);
    root = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL);
    const char *tokenizer = json_string_value(json_object_get(root, "tokenizer"));
    if (!tokenizer || strlen(tokenizer) >= sizeof v->tokenizer) FAIL(ERR_CORRUPT, "%s is not a vocabulary", path);
    for (int m = 0; m < N_MODALITIES; m++) {
        sizes[m] = range_size(root, (modality)m);
        if (sizes[m] < 0 || sizes[m] > most_codes) FAIL(ERR_CORRUPT, "%s: a range is too large", path);
    }
    vocabulary_make(v, tokenizer, sizes[MODALITY_TEXT], sizes[MODALITY_IMAGE], sizes[MODALITY_AUDIO],
                    sizes[MODALITY_SENSOR]);
    const char *sha256 = json_string_value(json_object_get(root, "tokenizer_sha256"));
    if (sha256 && strlen(sha256) < sizeof v->tokenizer_sha256) strcpy(v->tokenizer_sha256, sha256);
    again = vocabulary_json(v);
    if (!again) FAIL(ERR_MEMORY, "no memory for a vocabulary");
    if (!json_equal(root, again)) FAIL(ERR_CORRUPT, "%s is not a vocabulary that this version writes", path);
done:
    if (rc != OK) memset(v, 0, sizeof *v);
    mem_free(&bytes);
    json_decref(root);
    json_decref(again);
    return rc;
}
