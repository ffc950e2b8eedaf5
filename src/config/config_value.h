/* One typed value of an option: from a YAML node, to canonical YAML text, in and out of the module's struct. All Local.
 */
#pragma once

#include "config/config_yaml.h"
#include "config/options.h"

#include <stdint.h>
#include <stdio.h>

/* Longest text, and longest list in bytes: an alias can repeat one text many times. */
enum { CONFIG_MAX_TEXT = 1 << 20 };

typedef struct config_value {
    int64_t whole; /* OPTION_BOOL, _INT, _BYTES; OPTION_ENUM: index */
    double real;   /* OPTION_REAL, _SECONDS */
    char *text;    /* OPTION_TEXT */
    option_list list;
} config_value;

/* Parse and check. ERR_CONFIG "place: key: ..."; the caller frees *out in any case. */
int config_value_parse(const option *o, const yaml_document *d, const yaml_node *node, config_value *out);

/* Parse the default. ERR_INTERNAL if the table has one that is not allowed. */
int config_value_default(const option *o, config_value *out);
void config_value_free(config_value *v);

/* The value in a module's struct, borrowed; and replace it: the struct then owns what v held, and v is empty. */
config_value config_value_of(const option *o, const void *options);
void config_value_store(const option *o, void *options, config_value *v);

/* Canonical YAML on one line; parses back to an equal value. */
void config_value_write(const option *o, const config_value *v, FILE *out);

/* A text as YAML reads it back: plain where no YAML reader takes it for something else, else in double quotes. */
void config_value_write_text(const char *text, FILE *out);

/* Type and range for people: "a whole number, 1 to 192000", "one of power, log-mel, mfcc". Caller: mem_free. */
int config_value_type(const option *o, char **out);

/* What completes the message about a wrong scalar: " (1 to 192000)", or the names of an enum. Caller: mem_free. */
int config_value_allowed(const option *o, char **out);
