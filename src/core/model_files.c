#include "core/model_files.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 1 << 20 };

/* The folder may be named by its config.json. Caller: mem_free. */
static int path_of(const char *folder, const char *name, char **path)
{
    size_t n = strlen(folder), end = strlen("config.json");
    if (n < end || strcmp(folder + n - end, "config.json")) return file_join(path, folder, name);
    return mem_format(path, "%.*s%s", (int)(n - end), folder, name);
}

/* *out stays NULL where the file is missing. Caller: json_decref. */
static int read_object(const char *folder, const char *name, json_t **out)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    json_error_t error;
    *out = NULL;
    TRY(path_of(folder, name, &path));
    rc = file_read(path, FILE_BYTES, &bytes, &n);
    if (rc == ERR_MISSING) {
        rc = OK;
        goto done;
    }
    if (rc != OK && rc != ERR_MEMORY) FAIL(ERR_CONFIG, "%s: %s", path, status_message());
    TRY(rc);
    *out = json_loadb((const char *)bytes, n, 0, &error);
    if (!*out) FAIL(ERR_CONFIG, "%s:%d:%d: %s", path, error.line, error.column, error.text);
done:
    mem_free(&bytes);
    mem_free(&path);
    return rc;
}

int model_files_check(const char *folder, const char *section, encoder_input takes)
{
    static const struct {
        const char *type;
        encoder_input takes;
    } kinds[] = {{"hubert", ENCODER_SPEECH}, {"wav2vec2", ENCODER_SPEECH}, {"vit", ENCODER_PICTURES}};
    int rc = OK;
    json_t *config = NULL;
    rc = read_object(folder, "config.json", &config);
    if (rc == ERR_CONFIG) FAIL(ERR_CONFIG, "%s.encoder.path: %s", section, status_message());
    TRY(rc);
    if (!config)
        FAIL(ERR_CONFIG, "%s.encoder.path: %s has no config.json; a model is a folder with config.json and weights",
             section, folder);
    const char *type = json_string_value(json_object_get(config, "model_type"));
    for (size_t i = 0; type && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(type, kinds[i].type) && kinds[i].takes != takes)
            FAIL(ERR_CONFIG, "%s.encoder.path: %s is a %s model, which takes %s", section, folder, type,
                 takes == ENCODER_SPEECH ? "pictures" : "sound");
done:
    json_decref(config);
    return rc;
}

int model_files_hash(const char *folder, char hex[65])
{
    static const char *const files[] = {"config.json", "preprocessor_config.json"};
    static const char *const remarks[] = {"_name_or_path", "transformers_version", "architectures", "torch_dtype",
                                          "dtype"};
    int rc = OK;
    sha256 *sum = NULL;
    json_t *object = NULL;
    char *text = NULL;
    TRY(sha256_create(&sum));
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        TRY(read_object(folder, files[f], &object));
        for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++) json_object_del(object, remarks[i]);
        text = object ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;
        if (object && !text) FAIL(ERR_MEMORY, "no memory for %s", files[f]);
        if (text) sha256_add(sum, text, strlen(text));
        sha256_add(sum, "\n", 1);
        free(text);
        text = NULL;
        json_decref(object);
        object = NULL;
    }
    sha256_hex(sum, hex);
done:
    sha256_free(&sum);
    json_decref(object);
    return rc;
}
