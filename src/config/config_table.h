/* The options of all sections as one table, grouped so that the keys of one map stand together; the struct behind
 * `config`. All Local. */
#pragma once

#include "config/config.h"
#include "config/config_yaml.h"

typedef struct config_entry {
    const option *option;
    void *options; /* the module's struct */
} config_entry;

struct config {
    config_entry *entries;
    size_t n;
};

/* Fill c->entries from the sections: table order, but a map's keys follow its first one. ERR_INTERNAL for tables that
 * cannot be: odd characters in a key, a key twice, a key that is also a map, an enum without names, a range upside
 * down. */
int config_table_build(config *c, const config_section *sections, size_t n);

/* Index of a key; c->n if there is none. */
size_t config_table_find(const config *c, const char *key);

/* Whether `path` names a map of keys; "" is the map at the top. */
int config_table_is_map(const config *c, const char *path);

/* Fails with ERR_CONFIG: unknown key, the nearest one, and the keys that are valid there. */
int config_table_refuse(const config *c, yaml_place place, const char *key);

/* Valid keys of a map as "a.b, a.c.*", at most `size` - 1 bytes. */
void config_table_list(const config *c, const char *map, char *out, size_t size);
