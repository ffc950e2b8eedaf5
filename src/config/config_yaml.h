/* YAML text as a tree of nodes with their places: the only file that knows libfyaml. All Local. */
#pragma once

#include <stddef.h>

typedef enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP } yaml_kind;

typedef struct yaml_node yaml_node;
struct yaml_node {
    yaml_kind kind;
    int plain;        /* a scalar without quotes */
    int line, column; /* from 1 */
    char *text;       /* of a scalar, with a final zero byte and none before */
    yaml_node *
        *children;   /* of a list; of a map: key, value, key, value ... An alias is the node that it names, shared */
    size_t n;        /* children */
    yaml_node *next; /* all nodes of the document, to free them */
};

typedef struct yaml_document {
    const char *name; /* in messages; borrowed */
    int in_file;      /* messages give line and column */
    yaml_node *root;  /* NULL if the text is empty */
    yaml_node *nodes;
} yaml_document;

enum {
    YAML_MAX_BYTES = 16 << 20,
    YAML_MAX_DEPTH = 32,
    YAML_MAX_NODES = 1 << 18,
    YAML_MAX_ANCHORS = 1000,
    YAML_MAX_SIGNS = 1 << 19 /* of []{},:?-*&! anywhere in the text */
};

/* Parse one document of n bytes, UTF-8. ERR_CONFIG with the place for a syntax error, a tag, a second document, a key
 * that is not a scalar, or more than the limits above; ERR_MEMORY. The caller frees *out in any case. */
int config_yaml_parse(const char *name, int in_file, const char *text, size_t n, yaml_document *out);
void config_yaml_free(yaml_document *d);

/* Whether a node is YAML's null: an empty or missing value, ~ or null without quotes. */
int config_yaml_is_null(const yaml_node *node);

/* "file:line:col", or the name alone. */
typedef struct yaml_place {
    char text[320];
} yaml_place;
yaml_place config_yaml_place(const yaml_document *d, const yaml_node *node);
