/* From YAML nodes to the structs of options. All Local. */
#pragma once

#include "config/config_table.h"
#include "config/config_yaml.h"

/* One document on its way in. */
typedef struct config_source {
    config *config;
    const yaml_document *document;
    int *lines;     /* of each entry: the line that gave it, 0 if none has */
    int has_preset; /* the key "preset" at the top was seen to before */
} config_source;

/* Give a node, a value or a map, to the key or keys at `path`. ERR_CONFIG with the place: unknown key, key given twice,
 * value not allowed. */
int config_load_node(config_source *s, const char *path, const yaml_node *key, const yaml_node *value);

/* All keys of a document. */
int config_load_document(config *c, const yaml_document *d, int has_preset);
