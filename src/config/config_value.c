#include "config/config_value.h"

#include "base/memory.h"
#include "base/status.h"
#include "config/option_parse.h"

#include <string.h>

void config_value_free(config_value *v)
{
    mem_free(&v->text);
    for (size_t i = 0; i < v->list.n; i++) mem_free(&v->list.texts[i]);
    mem_free(&v->list.texts);
    *v = (config_value){0};
}

static int parse_enum(const option *o, const char *text, int64_t *out)
{
    int rc = OK;
    for (*out = 0; o->names[*out]; ++*out)
        if (!strcmp(o->names[*out], text)) goto done;
    FAIL(ERR_CONFIG, "\"%s\" is not ", option_show(text).text); /* the names follow */
done:
    return rc;
}

static int check_range(const option *o, const char *text, double value)
{
    int rc = OK;
    int unlimited = o->min == 0 && o->max == 0;
    int counts = o->type == OPTION_BYTES || o->type == OPTION_SECONDS;
    if (unlimited && counts && value < 0) FAIL(ERR_CONFIG, "%s is negative", option_show(text).text);
    if (!unlimited && !(value >= o->min && value <= o->max))
        FAIL(ERR_CONFIG, "%s is out of range", option_show(text).text);
done:
    return rc;
}

/* A scalar that is not a text or list. The message has neither place nor key. */
static int parse_scalar(const option *o, const char *text, config_value *out)
{
    int rc = OK, flag = 0;
    switch (o->type) {
    case OPTION_BOOL:
        TRY(option_parse_bool(text, &flag));
        out->whole = flag;
        break;
    case OPTION_INT:
        TRY(option_parse_int(text, &out->whole));
        TRY(check_range(o, text, (double)out->whole));
        break;
    case OPTION_BYTES:
        TRY(option_parse_bytes(text, &out->whole));
        TRY(check_range(o, text, (double)out->whole));
        break;
    case OPTION_REAL:
        TRY(option_parse_real(text, &out->real));
        TRY(check_range(o, text, out->real));
        break;
    case OPTION_SECONDS:
        TRY(option_parse_seconds(text, &out->real));
        TRY(check_range(o, text, out->real));
        break;
    case OPTION_ENUM: TRY(parse_enum(o, text, &out->whole)); break;
    default: FAIL(ERR_INTERNAL, "%s has an unknown type", o->key);
    }
done:
    return rc;
}

/* One entry of a list from a scalar, or "key: value" from a pair of a map. */
static int parse_entry(const option *o, const yaml_document *d, const yaml_node *key, const yaml_node *value,
                       char **out)
{
    int rc = OK;
    if (value->kind != YAML_SCALAR)
        FAIL(ERR_CONFIG, "%s: %s: an entry is %s, not a text or number", config_yaml_place(d, value).text, o->key,
             value->kind == YAML_LIST ? "a list" : "a map");
    if (config_yaml_is_null(value) || (key && config_yaml_is_null(key)))
        FAIL(ERR_CONFIG, "%s: %s: an entry has no value", config_yaml_place(d, value).text, o->key);
    if (key)
        TRY(mem_format(out, "%s: %s", key->text, value->text));
    else
        TRY(mem_string(out, value->text));
done:
    return rc;
}

static int check_unique_names(const option *o, const yaml_document *d, const yaml_node *map, size_t i)
{
    int rc = OK;
    for (size_t j = 0; j < i; j += 2)
        if (!strcmp(map->children[j]->text, map->children[i]->text))
            FAIL(ERR_CONFIG, "%s: %s: \"%s\" is given twice", config_yaml_place(d, map->children[i]).text, o->key,
                 option_show(map->children[i]->text).text);
done:
    return rc;
}

enum { MAX_MAP_ENTRIES = 4096 };

static int parse_list(const option *o, const yaml_document *d, const yaml_node *node, config_value *out)
{
    int rc = OK;
    size_t capacity = 0, bytes = 0;
    int is_map = node->kind == YAML_MAP;
    if (is_map && node->n > 2 * MAX_MAP_ENTRIES)
        FAIL(ERR_CONFIG, "%s: %s: more than %d entries", config_yaml_place(d, node).text, o->key, MAX_MAP_ENTRIES);
    for (size_t i = 0; i < node->n; i += 1 + (size_t)is_map) {
        const yaml_node *key = is_map ? node->children[i] : NULL, *value = node->children[i + (size_t)is_map];
        if (is_map) TRY(check_unique_names(o, d, node, i));
        if (!is_map && value->kind == YAML_MAP && value->n == 2) key = value->children[0], value = value->children[1];
        TRY(MEM_GROW(out->list.texts, &capacity, out->list.n + 1));
        TRY(parse_entry(o, d, key, value, &out->list.texts[out->list.n]));
        bytes += strlen(out->list.texts[out->list.n++]) + 16;
        if (bytes > CONFIG_MAX_TEXT)
            FAIL(ERR_CONFIG, "%s: %s: longer than %d bytes", config_yaml_place(d, value).text, o->key, CONFIG_MAX_TEXT);
    }
done:
    return rc;
}

/* A node that is not of the kind that the type needs. */
static int refuse_kind(const option *o, const yaml_document *d, const yaml_node *node)
{
    int rc = OK;
    char *type = NULL;
    yaml_place place = config_yaml_place(d, node);
    TRY(config_value_type(o, &type));
    if (config_yaml_is_null(node))
        FAIL(ERR_CONFIG, "%s: %s has no value%s", place.text, o->key,
             o->type == OPTION_LIST   ? "; write [] for an empty list"
             : o->type == OPTION_TEXT ? "; write \"\" for an empty text"
                                      : "");
    if (node->kind != YAML_SCALAR)
        FAIL(ERR_CONFIG, "%s: %s: %s is not %s", place.text, o->key, node->kind == YAML_LIST ? "a list" : "a map",
             type);
    FAIL(ERR_CONFIG, "%s: %s: \"%s\" is not a list; write [%s]", place.text, o->key, option_show(node->text).text,
         option_show(node->text).text);
done:
    mem_free(&type);
    return rc;
}

/* Add place, key and what is allowed to the message of parse_scalar. */
static int refuse_scalar(const option *o, const yaml_document *d, const yaml_node *node)
{
    int rc = OK;
    char *allowed = NULL, reason[256];
    snprintf(reason, sizeof reason, "%s", status_message());
    TRY(config_value_allowed(o, &allowed));
    FAIL(ERR_CONFIG, "%s: %s: %s%s", config_yaml_place(d, node).text, o->key, reason, allowed);
done:
    mem_free(&allowed);
    return rc;
}

int config_value_parse(const option *o, const yaml_document *d, const yaml_node *node, config_value *out)
{
    int rc = OK;
    *out = (config_value){0};
    if (config_yaml_is_null(node) || (node->kind == YAML_SCALAR) != (o->type != OPTION_LIST))
        return refuse_kind(o, d, node);
    if (o->type == OPTION_LIST) return parse_list(o, d, node, out);
    if (o->type != OPTION_TEXT) {
        rc = parse_scalar(o, node->text, out);
        return rc == ERR_CONFIG ? refuse_scalar(o, d, node) : rc;
    }
    if (strlen(node->text) > CONFIG_MAX_TEXT)
        FAIL(ERR_CONFIG, "%s: %s: longer than %d bytes", config_yaml_place(d, node).text, o->key, CONFIG_MAX_TEXT);
    TRY(mem_string(&out->text, node->text));
done:
    return rc;
}

int config_value_default(const option *o, config_value *out)
{
    int rc = OK;
    const char *text = o->default_text ? o->default_text : "";
    yaml_document d = {0};
    yaml_node empty = {.kind = o->type == OPTION_LIST ? YAML_LIST : YAML_SCALAR, .text = (char[]){""}};
    char reason[512];
    *out = (config_value){0};
    rc = config_yaml_parse("default", 0, text, strlen(text), &d);
    if (rc == OK) rc = config_value_parse(o, &d, d.root ? d.root : &empty, out);
    if (rc == ERR_CONFIG) {
        snprintf(reason, sizeof reason, "%s", status_message());
        FAIL(ERR_INTERNAL, "the table has a wrong default: %s: %s", o->key, reason);
    }
done:
    config_yaml_free(&d);
    return rc;
}

config_value config_value_of(const option *o, const void *options)
{
    const char *field = (const char *)options + o->offset;
    config_value v = {0};
    int number;
    switch (o->type) {
    case OPTION_BOOL:
    case OPTION_ENUM:
        memcpy(&number, field, sizeof number);
        v.whole = number;
        break;
    case OPTION_INT:
    case OPTION_BYTES: memcpy(&v.whole, field, sizeof v.whole); break;
    case OPTION_REAL:
    case OPTION_SECONDS: memcpy(&v.real, field, sizeof v.real); break;
    case OPTION_TEXT: memcpy(&v.text, field, sizeof v.text); break;
    case OPTION_LIST: memcpy(&v.list, field, sizeof v.list); break;
    }
    return v;
}

void config_value_store(const option *o, void *options, config_value *v)
{
    char *field = (char *)options + o->offset;
    int number = (int)v->whole;
    config_value old = {0};
    switch (o->type) {
    case OPTION_BOOL:
    case OPTION_ENUM: memcpy(field, &number, sizeof number); break;
    case OPTION_INT:
    case OPTION_BYTES: memcpy(field, &v->whole, sizeof v->whole); break;
    case OPTION_REAL:
    case OPTION_SECONDS: memcpy(field, &v->real, sizeof v->real); break;
    case OPTION_TEXT:
    case OPTION_LIST:
        old = config_value_of(o, options);
        if (o->type == OPTION_TEXT)
            memcpy(field, &v->text, sizeof v->text);
        else
            memcpy(field, &v->list, sizeof v->list);
        break;
    }
    *v = (config_value){0};
    config_value_free(&old);
}
