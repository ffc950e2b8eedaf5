#include "corpus/scan_info.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, MAX_BYTES = 1 << 16 };
static const char format_name[] = "tessera-scan";

static int is_hex(const char *text, size_t n) { return strlen(text) == n && strspn(text, "0123456789abcdef") == n; }

int scan_info_read(const char *folder, scan_info *out)
{
    int rc = OK, version = 0;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    json_t *json = NULL;
    const char *format, *manifest, *settings;
    json_int_t rows, segments, segment_rows;
    TRY(file_join(&path, folder, "scan.json"));
    TRY(file_read(path, MAX_BYTES, &bytes, &n));
    json = json_loadb((char *)bytes, n, JSON_REJECT_DUPLICATES, NULL);
    if (!json || json_unpack(json, "{s:s, s:i, s:I, s:I, s:I, s:s, s:s}", "format", &format, "version", &version,
                             "rows", &rows, "segments", &segments, "segment_rows", &segment_rows, "manifest", &manifest,
                             "settings", &settings) != 0)
        FAIL(ERR_CORRUPT, "%s is damaged", path);
    if (strcmp(format, format_name) != 0 || version != VERSION)
        FAIL(ERR_CORRUPT, "%s: format %s version %d, expected %s version %d", path, format, version, format_name,
             (int)VERSION);
    if (rows < 0 || segments < 0 || segments > rows || segment_rows < 1 || !is_hex(manifest, 32) ||
        !is_hex(settings, 32))
        FAIL(ERR_CORRUPT, "%s: a value cannot be", path);
    *out = (scan_info){.n_rows = rows, .n_segments = segments, .segment_rows = segment_rows};
    memcpy(out->manifest, manifest, sizeof out->manifest);
    memcpy(out->settings, settings, sizeof out->settings);
    scan_info_name(out);
done:
    json_decref(json);
    mem_free(&bytes);
    mem_free(&path);
    return rc;
}

int scan_info_write(const char *folder, const scan_info *info)
{
    int rc = OK;
    char *path = NULL, *text = NULL;
    json_t *json = json_pack("{s:s, s:i, s:I, s:I, s:I, s:s, s:s}", "format", format_name, "version", (int)VERSION,
                             "rows", (json_int_t)info->n_rows, "segments", (json_int_t)info->n_segments, "segment_rows",
                             (json_int_t)info->segment_rows, "manifest", info->manifest, "settings", info->settings);
    if (json) text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (!text) FAIL(ERR_MEMORY, "no memory for scan.json");
    TRY(file_join(&path, folder, "scan.json"));
    TRY(file_commit(path, text, strlen(text), "index"));
done:
    json_decref(json);
    free(text);
    mem_free(&path);
    return rc;
}

int scan_info_settings(const corpus_options *o, char hex[HASH128_HEX])
{
    int rc = OK;
    hash_stream *h = NULL;
    const int64_t numbers[] = {VERSION,  o->format,     o->allow_outside,    o->probe,
                               o->limit, o->split_seed, (int64_t)o->splits.n};
    TRY(hash_stream_create(&h));
    hash_stream_add(h, numbers, sizeof numbers);
    for (size_t i = 0; i < o->splits.n; i++) hash_stream_add(h, o->splits.texts[i], strlen(o->splits.texts[i]) + 1);
    hash128_hex(hash_stream_value(h), hex);
done:
    hash_stream_free(&h);
    return rc;
}

void scan_info_name(scan_info *info)
{
    char text[2 * HASH128_HEX + 32];
    int n = snprintf(text, sizeof text, "%s %s %lld", info->manifest, info->settings, (long long)info->segment_rows);
    snprintf(info->build, sizeof info->build, "%016llx", (unsigned long long)hash64(text, (size_t)n, 0));
}

void scan_info_stem(const scan_info *info, const char *what, char stem[STEM_SIZE])
{
    snprintf(stem, STEM_SIZE, "%s-%s", what, info->build);
}
