#include "config/config_load.h"

#include "base/memory.h"
#include "base/status.h"
#include "config/config.h"
#include "config/config_value.h"
#include "config/option_parse.h"

#include <string.h>

static int load_value(config_source *s, size_t i, const yaml_node *key, const yaml_node *value)
{
    int rc = OK;
    config_value v = {0};
    const config_entry *e = &s->config->entries[i];
    if (s->lines[i] && s->document->in_file)
        FAIL(ERR_CONFIG, "%s: \"%s\" is given twice (first in line %d)", config_yaml_place(s->document, key).text,
             e->option->key, s->lines[i]);
    if (s->lines[i])
        FAIL(ERR_CONFIG, "%s: \"%s\" is given twice", config_yaml_place(s->document, key).text, e->option->key);
    TRY(config_value_parse(e->option, s->document, value, &v));
    config_value_store(e->option, e->options, &v);
    s->lines[i] = key->line;
done:
    config_value_free(&v);
    return rc;
}

static int load_map(config_source *s, const char *path, const yaml_node *map)
{
    int rc = OK;
    char *full = NULL;
    for (size_t i = 0; i < map->n; i += 2) {
        const yaml_node *key = map->children[i];
        /* few keys are ever compared: those before this one are known keys, each of them once */
        for (size_t j = 0; j < i; j += 2)
            if (!strcmp(map->children[j]->text, key->text))
                FAIL(ERR_CONFIG, "%s: \"%s\" is given twice (first in line %d)",
                     config_yaml_place(s->document, key).text, option_show(key->text).text, map->children[j]->line);
        if (s->has_preset && !*path && !strcmp(key->text, "preset")) continue;
        mem_free(&full);
        TRY(mem_format(&full, "%s%s%s", path, *path ? "." : "", key->text));
        TRY(config_load_node(s, full, key, map->children[i + 1]));
    }
done:
    mem_free(&full);
    return rc;
}

int config_load_node(config_source *s, const char *path, const yaml_node *key, const yaml_node *value)
{
    int rc = OK;
    char keys[400];
    yaml_place place = config_yaml_place(s->document, key);
    size_t i = config_table_find(s->config, path);
    if (i < s->config->n) return load_value(s, i, key, value);
    if (!strcmp(path, "preset")) FAIL(ERR_CONFIG, "%s: presets can be named at the top of a file only", place.text);
    if (!strcmp(key->text, "<<"))
        FAIL(ERR_CONFIG, "%s: merge keys (<<) are not part of YAML 1.2; use a preset", place.text);
    if (!*path || !config_table_is_map(s->config, path)) return config_table_refuse(s->config, place, path);
    if (value->kind == YAML_MAP) return load_map(s, path, value);
    if (config_yaml_is_null(value) && s->document->in_file) return OK; /* a heading with nothing below it */
    config_table_list(s->config, path, keys, sizeof keys);
    FAIL(ERR_CONFIG, "%s: \"%s\" is a map of keys, not a value; its keys: %s", place.text, path, keys);
done:
    return rc;
}

int config_load_document(config *c, const yaml_document *d, int has_preset)
{
    int rc = OK;
    config_source s = {.config = c, .document = d, .has_preset = has_preset};
    if (!d->root) return OK;
    TRY(MEM_ALLOC(s.lines, c->n));
    if (d->root->kind != YAML_MAP)
        FAIL(ERR_CONFIG, "%s: a map of keys is expected (key: value)", config_yaml_place(d, d->root).text);
    TRY(load_map(&s, "", d->root));
done:
    mem_free(&s.lines);
    return rc;
}

int config_load(config *c, const char *name, const char *text, size_t n)
{
    int rc = OK;
    yaml_document d = {0};
    TRY(config_yaml_parse(name, 1, text, n, &d));
    TRY(config_load_document(c, &d, 0));
done:
    config_yaml_free(&d);
    return rc;
}

int config_set(config *c, const char *assignment)
{
    int rc = OK;
    char *key = NULL, *name = NULL;
    yaml_document d = {0};
    config_source s = {.config = c, .document = &d};
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        FAIL(ERR_CONFIG, "--set %s: this is not of the form KEY=VALUE", option_show(assignment).text);
    TRY(mem_format(&name, "--set %s", option_show(assignment).text));
    TRY(mem_copy(&key, assignment, (size_t)(equals - assignment)));
    TRY(MEM_ALLOC(s.lines, c->n));
    TRY(config_yaml_parse(name, 0, equals + 1, strlen(equals + 1), &d));
    /* nothing after the sign is an empty text, as a shell user expects; where a number belongs it is an error all the
     * same */
    yaml_node none = {.kind = YAML_SCALAR, .text = (char[]){""}, .plain = 1};
    size_t i = config_table_find(c, key);
    if (i < c->n && c->entries[i].option->type == OPTION_TEXT && !equals[1]) none.plain = 0;
    yaml_node place = {.kind = YAML_SCALAR, .text = key, .line = 1, .column = 1};
    TRY(config_load_node(&s, key, &place, d.root ? d.root : &none));
done:
    config_yaml_free(&d);
    mem_free(&s.lines);
    mem_free(&key);
    mem_free(&name);
    return rc;
}
