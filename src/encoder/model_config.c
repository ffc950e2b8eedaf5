#include "encoder/model_config.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct model_config {
    char *path;
    json_t *whole, *object; /* object: borrowed */
};

enum { FILE_BYTES = 1 << 20 };

int model_config_open(model_config **out, const char *folder, const char *name, const char *part, int optional)
{
    int rc = OK;
    model_config *c = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    json_error_t error;
    *out = NULL;
    TRY(MEM_ALLOC(c, 1));
    TRY(file_join(&c->path, folder, name));
    rc = file_read(c->path, FILE_BYTES, &bytes, &n);
    if (rc == ERR_MISSING && optional) {
        rc = OK;
        goto done;
    }
    if (rc != OK) FAIL(ERR_CONFIG, "%s cannot be read: a model is a folder with config.json and weights", c->path);
    c->whole = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, &error);
    if (!c->whole) FAIL(ERR_CONFIG, "%s:%d:%d: %s", c->path, error.line, error.column, error.text);
    c->object = part ? json_object_get(c->whole, part) : c->whole;
    if (!json_is_object(c->object)) FAIL(ERR_CONFIG, "%s has no object %s", c->path, part ? part : "in it");
    *out = c;
    c = NULL;
done:
    mem_free(&bytes);
    model_config_free(&c);
    return rc;
}

void model_config_free(model_config **c)
{
    if (!*c) return;
    mem_free(&(*c)->path);
    json_decref((*c)->whole);
    mem_free(c);
}

int model_config_refuse(const model_config *c, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return status_set(ERR_CONFIG, __FILE__, __LINE__, "%s: %s", c ? c->path : "config.json", text);
}

/* NULL: not there. */
static json_t *value_of(const model_config *c, const char *key)
{
    json_t *v = c ? json_object_get(c->object, key) : NULL;
    return v && !json_is_null(v) ? v : NULL;
}

int model_config_has(const model_config *c, const char *key) { return value_of(c, key) != NULL; }

static int take_int(const model_config *c, const char *key, const json_t *v, int64_t min, int64_t max, int64_t *out)
{
    *out = v && json_is_integer(v) ? json_integer_value(v) : INT64_MIN;
    if (v && json_is_real(v) && json_real_value(v) == floor(json_real_value(v)) && fabs(json_real_value(v)) < 1e15)
        *out = (int64_t)json_real_value(v);
    if (*out >= min && *out <= max) return OK;
    return model_config_refuse(c, "%s must be a whole number from %lld to %lld", key, (long long)min, (long long)max);
}

int model_config_int(const model_config *c, const char *key, int64_t otherwise, int64_t min, int64_t max, int64_t *out)
{
    const json_t *v = value_of(c, key);
    *out = otherwise;
    return v ? take_int(c, key, v, min, max, out) : OK;
}

int model_config_size(const model_config *c, const char *key, const char *inner, int64_t otherwise, int64_t min,
                      int64_t max, int64_t *out)
{
    const json_t *v = value_of(c, key);
    *out = otherwise;
    if (v && json_is_object(v)) v = json_object_get(v, inner);
    return v ? take_int(c, key, v, min, max, out) : OK;
}

int model_config_bool(const model_config *c, const char *key, int otherwise, int *out)
{
    const json_t *v = value_of(c, key);
    *out = v ? json_is_true(v) : otherwise;
    return !v || json_is_boolean(v) ? OK : model_config_refuse(c, "%s must be true or false", key);
}

int model_config_real(const model_config *c, const char *key, double otherwise, double *out)
{
    const json_t *v = value_of(c, key);
    *out = v ? json_number_value(v) : otherwise;
    return !v || json_is_number(v) ? OK : model_config_refuse(c, "%s must be a number", key);
}

int model_config_choice(const model_config *c, const char *key, const char *const *names, int otherwise, int *out)
{
    const json_t *v = value_of(c, key);
    const char *text = json_is_string(v) ? json_string_value(v) : NULL;
    char all[256] = "";
    *out = otherwise;
    if (!v) return OK;
    for (int i = 0; names[i]; i++) {
        size_t at = strlen(all);
        if (text && strcmp(text, names[i]) == 0) {
            *out = i;
            return OK;
        }
        snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", names[i]);
    }
    return model_config_refuse(c, "%s is %s; supported: %s", key, text ? text : "no text", all);
}

int model_config_reals(const model_config *c, const char *key, int64_t n, double *out)
{
    const json_t *v = value_of(c, key);
    if (!v) return OK;
    if (!json_is_array(v) || json_array_size(v) != (size_t)n) goto bad;
    for (int64_t i = 0; i < n; i++) {
        const json_t *x = json_array_get(v, (size_t)i);
        if (!json_is_number(x)) goto bad;
        out[i] = json_number_value(x);
    }
    return OK;
bad:
    return model_config_refuse(c, "%s must be a list of %lld numbers", key, (long long)n);
}

int model_config_ints(const model_config *c, const char *key, int64_t min, int64_t max, int64_t *n, int64_t *out)
{
    int rc = OK;
    const json_t *v = value_of(c, key);
    if (!v) return OK;
    if (!json_is_array(v) || json_array_size(v) < 1 || json_array_size(v) > (size_t)*n)
        return model_config_refuse(c, "%s must be a list of 1 to %lld numbers", key, (long long)*n);
    *n = (int64_t)json_array_size(v);
    for (int64_t i = 0; i < *n && rc == OK; i++) rc = take_int(c, key, json_array_get(v, (size_t)i), min, max, out + i);
    return rc;
}
