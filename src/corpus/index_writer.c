#include "corpus/index_writer.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_RUN = 1 << 20 }; /* most entries of one run of the table */

int index_writer_start(index_writer *w, const char *folder, const scan_info *info, const duplicate_rows *duplicates,
                       index_header *header)
{
    int rc = OK;
    char *path = NULL;
    *w = (index_writer){.folder = folder, .info = info, .duplicates = duplicates, .header = header};
    w->capacity = info->segment_rows < TABLE_RUN ? (size_t)info->segment_rows : TABLE_RUN;
    TRY(MEM_ALLOC(w->ids, w->capacity));
    TRY(hash_stream_create(&w->hash));
    TRY(index_file_path(&path, folder, info->build, "rows"));
    TRY(run_open(&w->records, path, RUN_RECORDS));
    mem_free(&path);
    TRY(index_file_path(&path, folder, info->build, "texts"));
    TRY(run_open(&w->texts, path, RUN_TEXTS));
done:
    mem_free(&path);
    return rc;
}

void index_writer_abandon(index_writer *w)
{
    run_abandon(&w->records);
    run_abandon(&w->texts);
    hash_stream_free(&w->hash);
    mem_free(&w->ids);
    mem_free(&w->changed.bytes);
}

/* Sizes come from headers of media, which may say anything. */
static void add_up(int64_t *sum, int64_t a, int64_t b)
{
    int64_t product;
    if (a <= 0 || b <= 0) return;
    if (__builtin_mul_overflow(a, b, &product) || __builtin_add_overflow(*sum, product, sum)) *sum = INT64_MAX;
}

static void count(corpus_totals *t, const corpus_row *row)
{
    t->rows++;
    if (row->status != OK) {
        t->rejected++;
        return;
    }
    t->audio_rows += corpus_row_has(row, MEDIA_AUDIO);
    t->image_rows += corpus_row_has(row, MEDIA_IMAGE);
    t->text_rows += row->field[FIELD_TEXT].n > 0;
    t->audio_seconds += corpus_row_seconds(row);
    add_up(&t->pixels, row->image_width, row->image_height);
    t->text_bytes += (int64_t)row->field[FIELD_TEXT].n;
    if (corpus_row_has(row, MEDIA_SENSOR)) {
        t->sensor_rows++;
        t->sensor_seconds += row->duration_s >= 0 ? row->duration_s : 0;
        if (row->duration_s < 0) add_up(&t->sensor_bytes, row->media[MEDIA_SENSOR].size, 1);
    }
    for (int k = 0; k < N_MEDIA; k++) add_up(&t->media_bytes, row->media[k].size, 1);
}

static int flush_ids(index_writer *w)
{
    int rc = OK;
    char *path = NULL, stem[STEM_SIZE];
    run_writer *run = NULL;
    if (!w->n_ids) return OK;
    scan_info_stem(w->info, "table", stem);
    qsort(w->ids, w->n_ids, sizeof *w->ids, id_entry_compare);
    TRY(run_path_make(&path, w->folder, stem, w->n_runs));
    TRY(run_open(&run, path, RUN_IDS));
    for (size_t i = 0; i < w->n_ids; i++) TRY(run_add(run, &w->ids[i], sizeof w->ids[i]));
    TRY(run_commit(&run));
    w->n_runs++;
    w->n_ids = 0;
done:
    run_abandon(&run);
    mem_free(&path);
    return rc;
}

/* The ids of first rows go into the table: an id stands there once. */
static int add_id(index_writer *w, const corpus_row *row)
{
    int rc = OK;
    hash128 h = hash128_of(row->field[FIELD_ID].bytes, row->field[FIELD_ID].n);
    if (w->n_ids == w->capacity) TRY(flush_ids(w));
    w->ids[w->n_ids++] = (id_entry){h.high, h.low, w->header->totals.rows};
    w->header->n_ids++;
done:
    return rc;
}

/* Reject a row that has the id of row `first`; *entry becomes its new form. */
static int reject_duplicate(index_writer *w, corpus_row *row, int64_t first, const uint8_t **entry)
{
    int rc = OK;
    char *message = NULL;
    text_view id = row->field[FIELD_ID];
    TRY(mem_format(&message, "row %lld already has the id \"%.*s\"", (long long)first, (int)id.n, id.bytes));
    row->status = ERR_DUPLICATE;
    row->field[FIELD_MESSAGE] = (text_view){message, strlen(message)};
    w->changed.n = 0;
    TRY(row_encode(row, 0, &w->changed));
    *entry = w->changed.bytes;
done:
    mem_free(&message);
    return rc;
}

static int write_row(index_writer *w, const uint8_t *entry)
{
    int rc = OK;
    row_record record;
    const char *texts = row_entry_texts(entry);
    memcpy(&record, entry, sizeof record);
    size_t n = row_text_size(&record);
    record.text_start = w->header->text_bytes;
    record.check = row_record_hash(&record, texts);
    row_content_hash(&record, texts, w->hash);
    TRY(run_add(w->records, &record, sizeof record));
    TRY(run_add(w->texts, texts, n));
    w->header->text_bytes += (int64_t)n;
done:
    return rc;
}

int index_writer_add(void *writer, const uint8_t *entry, size_t n)
{
    int rc = OK;
    index_writer *w = writer;
    corpus_row row;
    row_decode((const row_record *)(const void *)entry, row_entry_texts(entry), &row);
    if (row.split < 0 || row.split >= w->header->n_splits) FAIL(ERR_CORRUPT, "a run has a row of split %d", row.split);
    int64_t first = duplicate_rows_first(w->duplicates, row.row);
    if (first < 0) TRY(add_id(w, &row));
    if (first >= 0 && row.status == OK) TRY(reject_duplicate(w, &row, first, &entry));
    TRY(write_row(w, entry));
    count(&w->header->totals, &row);
    for (int i = row.split + 1; i <= w->header->n_splits; i++) w->header->split_starts[i] = w->header->totals.rows;
done:
    return rc;
}

static int to_file(void *user, const uint8_t *entry, size_t n) { return run_add(user, entry, n); }

/* The runs of the table become one file. */
static int write_table(index_writer *w, const corpus_options *o, int (*tick)(void *user), void *user)
{
    int rc = OK;
    char *path = NULL, stem[STEM_SIZE];
    run_writer *table = NULL;
    TRY(flush_ids(w));
    scan_info_stem(w->info, "table", stem);
    TRY(index_file_path(&path, w->folder, w->info->build, "ids"));
    TRY(run_open(&table, path, RUN_IDS));
    const run_merge_job job = {.folder = w->folder,
                               .stem = stem,
                               .kind = RUN_IDS,
                               .n_runs = w->n_runs,
                               .width = o->merge_width,
                               .sink = to_file,
                               .sink_user = table,
                               .tick = tick,
                               .tick_user = user};
    TRY(run_merge(&job));
    TRY(run_commit(&table));
done:
    run_abandon(&table);
    mem_free(&path);
    return rc;
}

int index_writer_finish(index_writer *w, const corpus_options *o, int (*tick)(void *user), void *user)
{
    int rc = OK;
    TRY(run_commit(&w->records));
    TRY(run_commit(&w->texts));
    TRY(write_table(w, o, tick, user));
    hash128_hex(hash_stream_value(w->hash), w->header->hash);
done:
    return rc;
}
