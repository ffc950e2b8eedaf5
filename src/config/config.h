/* The configuration: tables of options filled from defaults, a YAML file (and its presets) and --set, in this order.
 * Local.
 *
 * Errors are ERR_CONFIG with a message that names file, line, column, the offending key, and the valid keys or values.
 */
#pragma once

#include "config/options.h"

#include <stdio.h>

typedef struct config config;

typedef struct config_section {
    const option_table *table;
    void *options; /* the module's struct, zeroed by the caller; filled and owned (texts, lists) by the config */
} config_section;

/* All options at their defaults. The structs must outlive the config. Caller: config_free, which clears the texts too.
 */
int config_create(config **out, const config_section *sections, size_t n);
void config_free(config **c);

/* Read a YAML file and, first, the presets that it names (`preset: NAME` or a list; NAME.yaml beside the file, or a
 * path, seen from the file's folder). Pipes are welcome. On error the options are safe to free, their values undefined.
 */
int config_read(config *c, const char *path);

/* Read YAML text; `name` stands for the file in messages. No presets. */
int config_load(config *c, const char *name, const char *text, size_t n);

/* One assignment "a.b=value" (value in YAML, as in a file). */
int config_set(config *c, const char *assignment);

/* All keys, run keys too, as YAML that config_load reads back to the same values. Caller: mem_free. */
int config_dump(const config *c, char **yaml);

/* The content keys alone, as the YAML of config.resolved.yaml (nested, table order, defaults written out). Caller:
 * mem_free. */
int config_resolved(const config *c, char **yaml);

/* The keys of one scope as sorted lines "key: value\n": what the hash of the stage is taken over. Caller: mem_free. */
int config_scope_text(const config *c, option_scope scope, char **text);

/* Compare with a config.resolved.yaml made earlier. `first` is the lowest content scope with a difference, or SCOPE_RUN
 * if there is none; `differences` has one line per differing key, "key: old -> new". Caller: mem_free. ERR_CORRUPT if
 * the text is not such a file. */
int config_compare(const config *c, const char *resolved, option_scope *first, char **differences);

/* Help for all keys (key, type, range, default, scope, text), in table order. */
void config_help(const config *c, FILE *out);

/* Every key as commented YAML: what configs/reference.yaml holds; a test compares the two. Caller: mem_free. */
int config_reference(const config *c, char **yaml);
