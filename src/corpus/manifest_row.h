/* One row of a JSONL or TSV manifest: its keys, their types, and what is made up where they are missing. Local.
 *
 *   id             text or whole number; without it the path of the first medium ("PATH@OFFSET" with an offset), and
 *                  "line-N" without a medium or for a broken line
 *   group, order   the id, 0; in a given group without order: the number of the row
 *   role, text, lang, text_lang, license, source                     text
 *   audio_filepath, image_filepath, sensor_filepath                  path
 *   offset, duration (s), rate_hz                                    number >= 0
 *   anything else is kept in FIELD_EXTRA
 *
 * null and "" stand for a missing key. The first problem of a row rejects it; it keeps what is usable. */
#pragma once

#include "corpus/flat_json.h"
#include "corpus/manifest_path.h"

#include <jansson.h>

enum { MANIFEST_NAME_BYTES = 4096 }; /* longest id, group, language ... */

typedef struct manifest_row {
    corpus_row *row; /* being filled; its views point into the values given and into the texts below */
    int64_t line;
    const char *where; /* not NULL: of a row of no line; messages name this, and its paths are not looked at */
    int has_order, has_offset;
    json_t *extra; /* unknown keys; NULL: none */
    json_t *texts; /* made of whole numbers; NULL: none */
    char *id, *extra_text, *message;
} manifest_row;

/* Start a row (cleared, with its number) of a line. A zeroed struct is safe to start and to free. */
void manifest_row_start(manifest_row *m, corpus_row *row, int64_t line);
void manifest_row_free(manifest_row *m);

/* Note what is wrong, as "line N: ...". ERR_MEMORY. */
int manifest_row_problem(manifest_row *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with another status than ERR_INVALID. */
int manifest_row_fail(manifest_row *m, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Whether this is a known key. */
int manifest_key_is_known(const char *key);

/* Give the row a key; a key that is not known goes to the extra ones. The value must live as long as the row.
 * ERR_MEMORY. */
int manifest_row_json(manifest_row *m, const char *key, json_t *value);
int manifest_row_cell(manifest_row *m, const char *key, text_view cell);
int manifest_row_pair(manifest_row *m, const flat_pair *pair); /* as manifest_row_json of what it stands for */

/* Complete the row. `id` (may be NULL) is the id of a row without one. ERR_MEMORY. */
int manifest_row_end(manifest_row *m, const manifest_root *root, const char *id);
