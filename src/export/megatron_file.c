/* Indexed dataset of Megatron-LM: SPLIT.bin has the ids of all documents one after the other, SPLIT.idx says where each
 * begins (little-endian, without padding):
 *
 *   "MMIDIDX\0\0", u64 version 1, u8 type of the ids (8: u16, 4: i32)
 *   u64 S, u64 S + 1     sequences; entries of the list of documents
 *   i32 [S]              ids of each sequence
 *   i64 [S]              its first byte in SPLIT.bin
 *   i64 [S + 1]          sequences before each document, and the end
 *
 * Its sequences and its documents are both our documents, and the pieces of those that were split. */
#include "export/export.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "export/document_lengths.h"
#include "export/split_reader.h"

enum { TYPE_I32 = 4, TYPE_U16 = 8, U16_BELOW = 65500 };

/* Without padding; documents fill their sequence from its start to its end. `narrow`: (length), NULL for 32 bits. */
static int write_ids(const split_reader *r, uint16_t *narrow, file_writer *w)
{
    int rc = OK;
    const sequence_batch *b = &r->batch;
    for (int64_t i = 0; i < b->n; i++) {
        const uint32_t *ids = b->ids + i * b->length;
        size_t n = b->tokens[i];
        if (narrow) narrow_ids(ids, (int64_t)n, narrow);
        TRY(narrow ? file_writer_add(w, narrow, n * sizeof *narrow) : file_writer_add(w, ids, n * sizeof *ids));
    }
done:
    return rc;
}

static int write_bin(const export_split *s, const export_options *o, int wide, const char *path, export_counts *counts)
{
    int rc = OK, more;
    split_reader r;
    file_writer *w = NULL;
    uint16_t *narrow = NULL;
    split_reader_start(&r, s, o->batch_tokens);
    if (!wide) TRY(MEM_ALLOC(narrow, (size_t)s->sources.options->length));
    TRY(file_writer_open(&w, path, "export"));
    for (;;) {
        TRY(split_reader_next(&r, &more));
        if (!more) break;
        TRY(write_ids(&r, narrow, w));
    }
    TRY(file_writer_commit(&w));
    *counts = r.counts;
done:
    file_writer_abandon(&w);
    mem_free(&narrow);
    split_reader_close(&r);
    return rc;
}

typedef struct index_writer {
    file_writer *file;
    int64_t width, byte, n; /* bytes of an id; of all ids so far; documents so far */
} index_writer;

static int put_length(void *user, int64_t tokens)
{
    index_writer *w = user;
    int32_t n = (int32_t)tokens;
    w->n++;
    return file_writer_add(w->file, &n, sizeof n);
}

static int put_start(void *user, int64_t tokens)
{
    index_writer *w = user;
    int64_t at = w->byte;
    w->byte += tokens * w->width;
    return file_writer_add(w->file, &at, sizeof at);
}

static int put_header(file_writer *f, int wide, int64_t n)
{
    int rc = OK;
    const uint64_t version = 1, counts[2] = {(uint64_t)n, (uint64_t)n + 1};
    const uint8_t type = wide ? TYPE_I32 : TYPE_U16;
    TRY(file_writer_add(f, "MMIDIDX\0", 9));
    TRY(file_writer_add(f, &version, sizeof version));
    TRY(file_writer_add(f, &type, sizeof type));
    TRY(file_writer_add(f, counts, sizeof counts));
done:
    return rc;
}

/* The spans are walked twice, so that no list of documents is held. */
static int write_idx(const export_split *s, int wide, const char *path, const export_counts *counts)
{
    int rc = OK;
    index_writer w = {.width = wide ? sizeof(int32_t) : sizeof(uint16_t)};
    TRY(file_writer_open(&w.file, path, "export"));
    TRY(put_header(w.file, wide, counts->documents));
    TRY(document_lengths(s, put_length, &w));
    TRY(document_lengths(s, put_start, &w));
    if (w.n != counts->documents || w.byte != counts->tokens * w.width)
        FAIL(ERR_CORRUPT, "split %s of set %s changed while it was read", s->name, s->set);
    for (int64_t i = 0; i <= counts->documents; i++) TRY(file_writer_add(w.file, &i, sizeof i));
    TRY(file_writer_commit(&w.file));
done:
    file_writer_abandon(&w.file);
    return rc;
}

int export_megatron(const export_split *s, const export_options *o, const char *folder, export_counts *counts)
{
    int rc = OK, wide = s->sources.words->size >= U16_BELOW;
    char *bin = NULL, *idx = NULL;
    TRY(mem_format(&bin, "%s/%s.bin", folder, s->name));
    TRY(mem_format(&idx, "%s/%s.idx", folder, s->name));
    TRY(write_bin(s, o, wide, bin, counts));
    TRY(write_idx(s, wide, idx, counts));
done:
    mem_free(&bin);
    mem_free(&idx);
    return rc;
}
