/* What the scan found, in scan.json: how many rows in how many segments, and of which manifest and settings. All files
 * of an index build carry the `build` of its scan in their names, so that files of another one are never taken for it.
 * Local. */
#pragma once

#include "base/hash.h"
#include "corpus/index.h"

typedef struct scan_info {
    int64_t n_rows, n_segments;
    int64_t segment_rows;
    char manifest[HASH128_HEX]; /* corpus_manifest_hash */
    char settings[HASH128_HEX]; /* of the options that decide what is in the index */
    char build[17];             /* hash of manifest, settings and segment_rows */
} scan_info;

/* ERR_MISSING, ERR_CORRUPT, ERR_IO, ERR_MEMORY. */
int scan_info_read(const char *folder, scan_info *out);
int scan_info_write(const char *folder, const scan_info *info);

/* Fill settings and build from the options; `manifest` and `segment_rows` are there. ERR_CONFIG, ERR_MEMORY. */
int scan_info_settings(const corpus_options *o, char hex[HASH128_HEX]);
void scan_info_name(scan_info *info);

/* "WHAT-BUILD", the stem of the files of a kind ("segment", "rows", "ids", "table"). */
enum { STEM_SIZE = 40 };
void scan_info_stem(const scan_info *info, const char *what, char stem[STEM_SIZE]);
