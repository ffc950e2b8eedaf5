/* The JSON files of a model hub folder: numbers, texts and lists by key, with the code's defaults where a key is
 * missing. Errors are ERR_CONFIG and name file and key. Local. */
#pragma once

#include <stdint.h>

typedef struct model_config model_config;

/* FOLDER/NAME; with `part` (may be NULL) the object of that key instead of the whole. A missing file is an error unless
 * `optional`, which gives *out = NULL; all getters then give defaults. Caller: model_config_free. */
int model_config_open(model_config **out, const char *folder, const char *name, const char *part, int optional);
void model_config_free(model_config **c);

int model_config_has(const model_config *c, const char *key); /* there, and not null */

/* A whole number in min .. max. */
int model_config_int(const model_config *c, const char *key, int64_t otherwise, int64_t min, int64_t max, int64_t *out);
int model_config_bool(const model_config *c, const char *key, int otherwise, int *out);
int model_config_real(const model_config *c, const char *key, double otherwise, double *out);

/* One of `names` (ends with NULL), as its place; `otherwise` is a place too. */
int model_config_choice(const model_config *c, const char *key, const char *const *names, int otherwise, int *out);

/* A list of exactly n numbers into out, which holds the defaults. */
int model_config_reals(const model_config *c, const char *key, int64_t n, double *out);

/* A list of whole numbers in min .. max, up to *n of them; out holds the defaults. *n becomes their number. */
int model_config_ints(const model_config *c, const char *key, int64_t min, int64_t max, int64_t *n, int64_t *out);

/* A number, or a number inside the object of that key: "size": 224 or "size": {"height": 224}. */
int model_config_size(const model_config *c, const char *key, const char *inner, int64_t otherwise, int64_t min,
                      int64_t max, int64_t *out);

/* ERR_CONFIG with the path of the file in front: for what keys say together. */
int model_config_refuse(const model_config *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
