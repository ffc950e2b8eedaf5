#include "corpus/row_codec.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

size_t row_text_size(const row_record *record)
{
    size_t n = 0;
    for (int f = 0; f < N_FIELDS; f++) n += record->text_n[f];
    return n;
}

uint64_t row_record_hash(const row_record *record, const char *texts)
{
    row_record copy = *record;
    copy.check = 0;
    return hash64(texts, row_text_size(record), hash64(&copy, sizeof copy, 0));
}

static int make_record(const corpus_row *row, uint32_t flags, row_record *out)
{
    int rc = OK;
    text_view id = row->field[FIELD_ID], group = row->field[FIELD_GROUP];
    *out = (row_record){.row = row->row,
                        .order = row->order,
                        .split = row->split,
                        .status = row->status,
                        .offset_s = row->offset_s,
                        .duration_s = row->duration_s,
                        .rate_hz = row->rate_hz,
                        .audio_frames = row->audio_frames,
                        .audio_rate_hz = row->audio_rate_hz,
                        .audio_channels = row->audio_channels,
                        .image_width = row->image_width,
                        .image_height = row->image_height,
                        .flags = flags};
    for (int k = 0; k < N_MEDIA; k++) {
        out->size[k] = row->media[k].size;
        out->mtime_ns[k] = row->media[k].mtime_ns;
        out->tar_offset[k] = row->media[k].tar_offset;
    }
    for (int f = 0; f < N_FIELDS; f++) {
        if (row->field[f].n > UINT32_MAX) FAIL(ERR_LIMIT, "a text of %zu bytes", row->field[f].n);
        out->text_n[f] = (uint32_t)row->field[f].n;
    }
    if (group.n == id.n && !memcmp(group.bytes, id.bytes, id.n)) {
        out->flags |= ROW_GROUP_IS_ID;
        out->text_n[FIELD_GROUP] = 0;
    }
done:
    return rc;
}

int row_encode(const corpus_row *row, uint32_t flags, byte_buffer *out)
{
    int rc = OK;
    row_record record;
    size_t need;
    TRY(make_record(row, flags, &record));
    TRY(size_add(out->n, sizeof record + row_text_size(&record) + 8, &need));
    TRY(mem_grow((void **)&out->bytes, &out->capacity, need, 1));
    char *texts = (char *)out->bytes + out->n + sizeof record, *to = texts;
    for (int f = 0; f < N_FIELDS; f++) {
        if (record.text_n[f]) memcpy(to, row->field[f].bytes, record.text_n[f]);
        to += record.text_n[f];
    }
    record.check = row_record_hash(&record, texts);
    memcpy(out->bytes + out->n, &record, sizeof record);
    out->n = (size_t)(to - (char *)out->bytes);
    while (out->n % 8) out->bytes[out->n++] = 0;
done:
    return rc;
}

int row_entry_check(const uint8_t *entry, size_t left, size_t *n)
{
    int rc = OK;
    const row_record *record = (const row_record *)(const void *)entry;
    *n = 0;
    if (left < sizeof *record) FAIL(ERR_CORRUPT, "a row is cut");
    size_t size = (sizeof *record + row_text_size(record) + 7) / 8 * 8;
    if (size > left) FAIL(ERR_CORRUPT, "a row is cut");
    if (record->check != row_record_hash(record, row_entry_texts(entry))) FAIL(ERR_CORRUPT, "a row is damaged");
    *n = size;
done:
    return rc;
}

void row_decode(const row_record *record, const char *texts, corpus_row *row)
{
    *row = (corpus_row){.row = record->row,
                        .order = record->order,
                        .split = record->split,
                        .status = record->status,
                        .offset_s = record->offset_s,
                        .duration_s = record->duration_s,
                        .rate_hz = record->rate_hz,
                        .audio_frames = record->audio_frames,
                        .audio_rate_hz = record->audio_rate_hz,
                        .audio_channels = record->audio_channels,
                        .image_width = record->image_width,
                        .image_height = record->image_height};
    for (int k = 0; k < N_MEDIA; k++)
        row->media[k] = (row_media){record->size[k], record->mtime_ns[k], record->tar_offset[k]};
    for (int f = 0; f < N_FIELDS; f++) {
        row->field[f] = (text_view){texts, record->text_n[f]};
        texts += record->text_n[f];
    }
    if (record->flags & ROW_GROUP_IS_ID) row->field[FIELD_GROUP] = row->field[FIELD_ID];
}

void row_content_hash(const row_record *record, const char *texts, hash_stream *h)
{
    row_record content = *record;
    memset(content.mtime_ns, 0, sizeof content.mtime_ns);
    content.text_start = 0;
    content.check = 0;
    hash_stream_add(h, &content, sizeof content);
    hash_stream_add(h, texts, row_text_size(record));
}

/* The id is the first text and the group the second. */
static text_view group_of(const row_record *record)
{
    const char *texts = row_entry_texts((const uint8_t *)record);
    if (record->flags & ROW_GROUP_IS_ID) return (text_view){texts, record->text_n[FIELD_ID]};
    return (text_view){texts + record->text_n[FIELD_ID], record->text_n[FIELD_GROUP]};
}

int row_entry_compare(const void *a, const void *b)
{
    const row_record *x = a, *y = b;
    if (x->split != y->split) return x->split < y->split ? -1 : 1;
    text_view g = group_of(x), h = group_of(y);
    int c = memcmp(g.bytes, h.bytes, g.n < h.n ? g.n : h.n);
    if (c) return c;
    if (g.n != h.n) return g.n < h.n ? -1 : 1;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}
