/* One segment of raw rows becomes a sorted run: captions are read, media looked up and probed, splits chosen. Memory:
 * the rows of the segment. */
#include "corpus/index.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/caption.h"
#include "corpus/index_header.h"
#include "corpus/row_codec.h"
#include "corpus/run_merge.h"
#include "corpus/scan_info.h"
#include "corpus/split.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct segment_job {
    const corpus_options *options;
    char *root;
    split_table splits;
    corpus_probe probe;
    int (*tick)(void *user);
    void *user;
    run_reader raw;
    byte_buffer rows; /* entries, in the order of the manifest */
    size_t *starts;   /* (n) of the entries */
    id_entry *ids;    /* (n) */
    size_t n;
    char *caption, *message; /* of the current row */
} segment_job;

/* Write the path of each medium in a message as the manifest does: where the corpus lies is not part of the index. */
static int shorten_paths(segment_job *s, const corpus_row *row)
{
    int rc = OK;
    char *path = NULL;
    for (int k = 0; k < N_MEDIA; k++) {
        if (!corpus_row_has(row, k)) continue;
        mem_free(&path);
        TRY(corpus_row_path(row, k, s->root, &path));
        size_t n = strlen(path), drop = n - corpus_row_file(row, k).n;
        for (char *p = s->message; drop && (p = strstr(p, path));) memmove(p, p + drop, strlen(p + drop) + 1);
    }
done:
    mem_free(&path);
    return rc;
}

/* Make an item error of the row; pass others on. */
static int settle(segment_job *s, corpus_row *row, int code)
{
    int rc = OK;
    if (code == OK || !status_is_item(code)) return code;
    mem_free(&s->message);
    TRY(mem_string(&s->message, status_message()));
    TRY(shorten_paths(s, row));
    utf8_clean(s->message, strlen(s->message));
    row->status = code;
    row->field[FIELD_MESSAGE] = (text_view){s->message, strlen(s->message)};
done:
    return rc;
}

/* FIELD_TEXT is the path of a file: put its content there. */
static int read_caption(segment_job *s, corpus_row *row)
{
    int rc = OK;
    char *path = NULL;
    text_view name = row->field[FIELD_TEXT];
    size_t n = 0;
    row->field[FIELD_TEXT] = (text_view){"", 0};
    mem_free(&s->caption);
    if (name.n && name.bytes[0] == '/')
        TRY(mem_copy(&path, name.bytes, name.n));
    else
        TRY(mem_format(&path, "%s/%.*s", s->root, (int)name.n, name.bytes));
    rc = file_read(path, CAPTION_MAX_BYTES, (uint8_t **)&s->caption, &n);
    if (rc == ERR_MISSING) FAIL(ERR_MISSING, "%.*s: no such file", (int)name.n, name.bytes);
    if (rc == ERR_LIMIT)
        FAIL(ERR_LIMIT, "%.*s: more than %d bytes of text", (int)name.n, name.bytes, (int)CAPTION_MAX_BYTES);
    if (rc == ERR_IO) FAIL(ERR_ENVIRONMENT, "cannot read %s", path);
    TRY(rc);
    if (s->options->invalid_utf8 == INVALID_REPLACE) TRY(utf8_mend(&s->caption, &n));
    TRY(caption_take(row, name, s->caption, n));
done:
    mem_free(&path);
    return rc;
}

static int look_up(const corpus_row *row, media_kind kind, const char *root, row_media *out)
{
    int rc = OK;
    struct stat st;
    char *path = NULL;
    TRY(corpus_row_path(row, kind, root, &path));
    if (stat(path, &st) != 0) {
        int gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG;
        if (gone) FAIL(ERR_MISSING, "%s: no such file", path);
        FAIL(ERR_ENVIRONMENT, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) FAIL(ERR_INVALID, "%s: not a regular file", path);
    int64_t mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (out->tar_offset < 0) {
        out->size = st.st_size;
        out->mtime_ns = mtime_ns;
        goto done;
    }
    /* where the member lies is known from the scan: it must be the same tar still */
    if (out->mtime_ns != mtime_ns || out->tar_offset > st.st_size || out->size > st.st_size - out->tar_offset)
        FAIL(ERR_CHANGED, "%s was modified after it was scanned", path);
done:
    mem_free(&path);
    return rc;
}

static int needs_probe(const segment_job *s, const corpus_row *row)
{
    int any = 0;
    for (int k = 0; k < N_MEDIA; k++) any |= corpus_row_has(row, k);
    if (!s->probe || !any || s->options->probe == PROBE_NEVER) return 0;
    return s->options->probe == PROBE_ALWAYS || corpus_row_has(row, MEDIA_IMAGE) ||
           (corpus_row_has(row, MEDIA_AUDIO) && row->duration_s < 0) ||
           (corpus_row_has(row, MEDIA_SENSOR) && row->rate_hz <= 0);
}

static int look_at_media(segment_job *s, corpus_row *row)
{
    int rc = OK;
    for (int k = 0; k < N_MEDIA; k++)
        if (corpus_row_has(row, k)) TRY(look_up(row, k, s->root, &row->media[k]));
    if (needs_probe(s, row)) TRY(s->probe(s->user, s->root, row));
done:
    return rc;
}

static int take_row(segment_job *s)
{
    int rc = OK;
    corpus_row row;
    const row_record *record = (const row_record *)(const void *)s->raw.entry;
    row_decode(record, row_entry_texts(s->raw.entry), &row);
    if (record->flags & ROW_CAPTION_FILE) TRY(settle(s, &row, read_caption(s, &row)));
    if (row.status == OK) TRY(settle(s, &row, look_at_media(s, &row)));
    row.split = split_of(&s->splits, row.field[FIELD_GROUP]);
    hash128 id = hash128_of(row.field[FIELD_ID].bytes, row.field[FIELD_ID].n);
    s->starts[s->n] = s->rows.n;
    s->ids[s->n++] = (id_entry){id.high, id.low, row.row};
    TRY(row_encode(&row, 0, &s->rows));
done:
    return rc;
}

static int by_entry(const void *a, const void *b, void *user)
{
    const uint8_t *entries = user;
    return row_entry_compare(entries + *(const size_t *)a, entries + *(const size_t *)b);
}

static int write_ids(segment_job *s, const char *path)
{
    int rc = OK;
    run_writer *w = NULL;
    qsort(s->ids, s->n, sizeof *s->ids, id_entry_compare);
    TRY(run_open(&w, path, RUN_IDS));
    for (size_t i = 0; i < s->n; i++) TRY(run_add(w, &s->ids[i], sizeof s->ids[i]));
    TRY(run_commit(&w));
done:
    run_abandon(&w);
    return rc;
}

static int write_rows(segment_job *s, const char *path)
{
    int rc = OK;
    run_writer *w = NULL;
    qsort_r(s->starts, s->n, sizeof *s->starts, by_entry, s->rows.bytes);
    TRY(run_open(&w, path, RUN_ROWS));
    for (size_t i = 0; i < s->n; i++) {
        const uint8_t *entry = s->rows.bytes + s->starts[i];
        size_t n;
        TRY(row_entry_check(entry, s->rows.n - s->starts[i], &n));
        TRY(run_add(w, entry, n));
    }
    TRY(run_commit(&w));
done:
    run_abandon(&w);
    return rc;
}

static int segment_path(char **path, const char *folder, const scan_info *info, const char *what, int64_t segment)
{
    char stem[STEM_SIZE];
    scan_info_stem(info, what, stem);
    return run_path(path, folder, stem, segment);
}

static int output_path(char **path, const char *folder, const scan_info *info, const char *what, int64_t segment)
{
    char stem[STEM_SIZE];
    scan_info_stem(info, what, stem);
    return run_path_make(path, folder, stem, segment);
}

static int build(segment_job *s, const char *folder, const scan_info *info, int64_t segment)
{
    int rc = OK;
    char *path = NULL;
    TRY(segment_path(&path, folder, info, "segment", segment));
    TRY(run_reader_open(&s->raw, path, RUN_ROWS));
    size_t n = (size_t)s->raw.n_left + (s->raw.entry != NULL);
    TRY(MEM_ALLOC(s->starts, n));
    TRY(MEM_ALLOC(s->ids, n));
    while (s->raw.entry) {
        if (s->tick) TRY(s->tick(s->user));
        TRY(take_row(s));
        TRY(run_reader_next(&s->raw));
    }
    mem_free(&path);
    TRY(output_path(&path, folder, info, "ids", segment));
    TRY(write_ids(s, path));
    mem_free(&path);
    TRY(output_path(&path, folder, info, "rows", segment));
    TRY(write_rows(s, path)); /* last: its presence means that the segment is built */
done:
    mem_free(&path);
    return rc;
}

/* Whether the run of the segment, or the whole index, is there. */
static int is_built(const char *folder, const scan_info *info, int64_t segment, int *built)
{
    int rc = OK;
    char *path = NULL;
    TRY(segment_path(&path, folder, info, "rows", segment));
    *built = file_exists(path) || index_is_committed(folder, info->build);
done:
    mem_free(&path);
    return rc;
}

int corpus_segment_is_built(const char *folder, int64_t segment)
{
    scan_info info;
    int built = 0;
    return scan_info_read(folder, &info) == OK && is_built(folder, &info, segment, &built) == OK && built;
}

int corpus_segment_build(const corpus_options *o, const char *folder, int64_t segment, corpus_probe probe,
                         int (*tick)(void *user), void *user)
{
    int rc = OK, built = 0;
    scan_info info;
    segment_job s = {.options = o, .probe = probe, .tick = tick, .user = user};
    TRY(scan_info_read(folder, &info));
    if (segment < 0 || segment >= info.n_segments)
        FAIL(ERR_INTERNAL, "no segment %lld, the scan made %lld", (long long)segment, (long long)info.n_segments);
    TRY(is_built(folder, &info, segment, &built));
    if (built) goto done;
    TRY(corpus_root(o, &s.root));
    TRY(split_table_make(o, &s.splits));
    TRY(build(&s, folder, &info, segment));
done:
    run_reader_close(&s.raw);
    split_table_free(&s.splits);
    mem_free(&s.root);
    mem_free(&s.rows.bytes);
    mem_free(&s.starts);
    mem_free(&s.ids);
    mem_free(&s.caption);
    mem_free(&s.message);
    return rc;
}
