/* The scan: a manifest becomes numbered segments of raw rows, in the order of the manifest. */
#include "corpus/index.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"
#include "corpus/row_codec.h"
#include "corpus/run_merge.h"
#include "corpus/scan_info.h"
#include "corpus/split.h"

#include <stdio.h>
#include <string.h>

/* A segment ends here even when it has few rows: one rank holds the rows of one segment in memory. */
enum { SEGMENT_BYTES = 64 << 20 };

typedef struct segment_writer {
    const char *folder;
    scan_info *info;
    run_writer *run;
    int64_t n_rows, n_bytes; /* of the segment being written */
    byte_buffer entry;
} segment_writer;

static int finish_segment(segment_writer *w)
{
    int rc = OK;
    if (!w->run) return OK;
    TRY(run_commit(&w->run));
    w->info->n_segments++;
    w->n_rows = w->n_bytes = 0;
done:
    return rc;
}

static int add_row(segment_writer *w, const corpus_row *row, uint32_t flags)
{
    int rc = OK;
    char *path = NULL, stem[STEM_SIZE];
    w->entry.n = 0;
    TRY(row_encode(row, flags, &w->entry));
    if (w->n_rows == w->info->segment_rows || w->n_bytes + (int64_t)w->entry.n > SEGMENT_BYTES) TRY(finish_segment(w));
    if (!w->run) {
        scan_info_stem(w->info, "segment", stem);
        TRY(run_path_make(&path, w->folder, stem, w->info->n_segments));
        TRY(run_open(&w->run, path, RUN_ROWS));
    }
    TRY(run_add(w->run, w->entry.bytes, w->entry.n));
    w->n_rows++;
    w->n_bytes += (int64_t)w->entry.n;
    w->info->n_rows++;
done:
    mem_free(&path);
    return rc;
}

static int write_segments(const corpus_options *o, const char *folder, scan_info *info)
{
    int rc = OK, got;
    manifest *m = NULL;
    segment_writer w = {.folder = folder, .info = info};
    corpus_row row;
    uint32_t flags;
    TRY(manifest_open(&m, o));
    for (;;) {
        TRY(manifest_next(m, &row, &flags, &got));
        if (!got) break;
        TRY(add_row(&w, &row, flags));
    }
    TRY(finish_segment(&w));
done:
    run_abandon(&w.run);
    mem_free(&w.entry.bytes);
    manifest_close(&m);
    return rc;
}

int corpus_scan(const corpus_options *o, const char *manifest, const char *folder, int64_t *n_rows, int64_t *n_segments)
{
    int rc = OK;
    scan_info info = {0}, there;
    split_table splits = {0};
    *n_rows = *n_segments = 0;
    TRY(split_table_make(o, &splits));
    TRY(scan_info_settings(o, info.settings));
    rc = scan_info_read(folder, &there);
    if (rc == OK && !strcmp(there.settings, info.settings)) {
        info = there;
        goto done;
    }
    if (rc == ERR_CORRUPT)
        LOG_JOB(LOG_WARN, "%s: the manifest is scanned again", status_message());
    else if (rc != ERR_MISSING)
        TRY(rc);
    rc = OK;
    info.segment_rows = o->segment_rows;
    TRY(file_make_folder(folder));
    if (manifest)
        snprintf(info.manifest, sizeof info.manifest, "%s", manifest);
    else
        TRY(corpus_manifest_hash(o, info.manifest));
    scan_info_name(&info);
    TRY(write_segments(o, folder, &info));
    TRY(scan_info_write(folder, &info));
done:
    split_table_free(&splits);
    if (rc == OK) {
        *n_rows = info.n_rows;
        *n_segments = info.n_segments;
    }
    return rc;
}
