/* SPLIT.input_ids.npy (u2, or u4 as vocabulary.id_bits says), .loss_mask.npy (u1), .position_ids.npy (i4, from 0 in
 * each document) and .modality.npy (u1): (sequences, length), padding as in pack.h. The final shape is known at the
 * start, so they are written from front to back. */
#include "export/export.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "export/split_reader.h"
#include "store/npy.h"

enum { IDS, LOSS, POSITIONS, KINDS, N_TABLES };
static const char *const names[N_TABLES] = {"input_ids", "loss_mask", "position_ids", "modality"};

typedef struct tables {
    file_writer *file[N_TABLES];
    uint16_t *narrow; /* (length); NULL for ids of 32 bits */
} tables;

static int open_tables(tables *t, const export_split *s, const char *folder)
{
    int rc = OK;
    char *path = NULL, *header = NULL;
    size_t n;
    const char *const types[N_TABLES] = {t->narrow ? "<u2" : "<u4", "|u1", "<i4", "|u1"};
    const int64_t shape[2] = {s->n_sequences, s->sources.options->length};
    for (int i = 0; i < N_TABLES; i++) {
        mem_free(&path);
        mem_free(&header);
        TRY(mem_format(&path, "%s/%s.%s.npy", folder, s->name, names[i]));
        TRY(npy_header(types[i], 2, shape, &header, &n));
        TRY(file_writer_open(&t->file[i], path, "export"));
        TRY(file_writer_add(t->file[i], header, n));
    }
done:
    mem_free(&path);
    mem_free(&header);
    return rc;
}

static int write_batch(tables *t, const sequence_batch *b)
{
    int rc = OK;
    size_t n = (size_t)b->length;
    for (int64_t i = 0; i < b->n; i++) {
        const uint32_t *ids = b->ids + i * b->length;
        if (t->narrow) narrow_ids(ids, b->length, t->narrow);
        TRY(t->narrow ? file_writer_add(t->file[IDS], t->narrow, n * sizeof *t->narrow)
                      : file_writer_add(t->file[IDS], ids, n * sizeof *ids));
    }
    n *= (size_t)b->n;
    TRY(file_writer_add(t->file[LOSS], b->loss, n));
    TRY(file_writer_add(t->file[POSITIONS], b->positions, n * sizeof *b->positions));
    TRY(file_writer_add(t->file[KINDS], b->kind, n));
done:
    return rc;
}

int export_npy(const export_split *s, const export_options *o, const char *folder, export_counts *counts)
{
    int rc = OK, more;
    split_reader r;
    tables t = {0};
    split_reader_start(&r, s, o->batch_tokens);
    if (s->sources.words->id_bits == 16) TRY(MEM_ALLOC(t.narrow, (size_t)s->sources.options->length));
    TRY(open_tables(&t, s, folder));
    for (;;) {
        TRY(split_reader_next(&r, &more));
        if (!more) break;
        TRY(write_batch(&t, &r.batch));
    }
    for (int i = 0; i < N_TABLES; i++) TRY(file_writer_commit(&t.file[i]));
    *counts = r.counts;
done:
    for (int i = 0; i < N_TABLES; i++) file_writer_abandon(&t.file[i]);
    mem_free(&t.narrow);
    split_reader_close(&r);
    return rc;
}
