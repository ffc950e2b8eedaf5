/* croissant.json: the dataset as JSON-LD that dataset search engines and loaders read (MLCommons Croissant 1.0). Local.
 */
#pragma once

#include <jansson.h>

/* From dataset.json without "files" and the descriptions of further files: every file with its checksum. No dates.
 * Caller: mem_free. ERR_MEMORY. */
int croissant_make(const json_t *d, const json_t *files, char **text);
