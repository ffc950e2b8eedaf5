/* The folder of an export. `export.json` is written first, and once more when the export is complete: it says that the
 * folder is ours. Local. */
#pragma once

#include <jansson.h>

/* Make the folder, or empty it: one that holds nothing, an export that did not come to its end, or with `overwrite` a
 * complete one. ERR_CONFIG: it holds other files; ERR_SPACE, ERR_IO, ERR_MEMORY. */
int export_folder_begin(const char *path, int overwrite);

/* The export is complete. `facts` are added to export.json, with name and size of every file. */
int export_folder_end(const char *path, json_t *facts);
