#include "jobs/croissant.h"

#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"

#include <stdlib.h>
#include <string.h>

static const char *media_type(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {{".h5", "application/x-hdf5"},   {".npy", "application/octet-stream"}, {".json", "application/json"},
                 {".jsonl", "application/jsonl"}, {".yaml", "application/yaml"},        {".md", "text/markdown"}};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (!strcmp(dot, types[i].ending)) return types[i].type;
    return "application/octet-stream";
}

static void add_file(json_t *distribution, const json_t *entry)
{
    const char *name = dataset_text(entry, "file");
    char size[32];
    snprintf(size, sizeof size, "%lld B", (long long)dataset_int(entry, "bytes"));
    json_array_append_new(distribution,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "@type", "cr:FileObject", "@id", name,
                                    "name", name, "contentUrl", name, "contentSize", size, "encodingFormat",
                                    media_type(name), "sha256", dataset_text(entry, "sha256")));
}

/* The terms of Croissant 1.0 that are used here. */
static json_t *context(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "@language", "en", "@vocab", "https://schema.org/",
                     "sc", "https://schema.org/", "cr", "http://mlcommons.org/croissant/", "dct",
                     "http://purl.org/dc/terms/", "conformsTo", "dct:conformsTo", "sha256", "cr:sha256", "FileObject",
                     "cr:FileObject");
}

int croissant_make(const json_t *d, const json_t *files, char **text)
{
    int rc = OK;
    size_t i;
    json_t *entry, *set, *distribution = json_array(), *out = NULL;
    const char *name;
    char *dump = NULL, description[256];
    json_array_foreach(json_object_get(d, "shards"), i, entry) add_file(distribution, entry);
    json_object_foreach(json_object_get(d, "sequences"), name, set)
    {
        json_array_foreach(json_object_get(set, "files"), i, entry) add_file(distribution, entry);
    }
    json_array_foreach(files, i, entry) add_file(distribution, entry);
    snprintf(
        description, sizeof description,
        "Token dataset of %lld examples: ids of text, pictures, sound and sensors in one joint vocabulary of %lld.",
        (long long)dataset_int(d, "accounting.examples"), (long long)dataset_int(d, "vocabulary_size"));
    out = json_pack("{s:o, s:s, s:s, s:s, s:s, s:O}", "@context", context(), "@type", "sc:Dataset", "conformsTo",
                    "http://mlcommons.org/croissant/1.0", "name", "tessera-token-dataset", "description", description,
                    "distribution", distribution);
    dump = out ? json_dumps(out, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    if (!dump) FAIL(ERR_MEMORY, "no memory for croissant.json");
    TRY(mem_string(text, dump));
done:
    free(dump);
    json_decref(out);
    json_decref(distribution);
    return rc;
}
