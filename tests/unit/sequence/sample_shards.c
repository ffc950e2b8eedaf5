#include "sample_shards.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "shards/part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t sizes[N_STREAMS] = {[STREAM_TEXT] = 256, [STREAM_IMAGE] = 100, [STREAM_AUDIO] = 70};

uint32_t sample_id(stream_kind s, int64_t row, int64_t k)
{
    return (uint32_t)((row * 31 + k * 7 + (int64_t)s * 3 + k * (row / 4) * 13) % sizes[s]);
}

static int64_t count_of(const sample_row *r, stream_kind s)
{
    switch (s) {
    case STREAM_TEXT: return r->text;
    case STREAM_IMAGE: return r->image_rows < 0 ? -1 : (int64_t)r->image_rows * r->image_columns;
    case STREAM_AUDIO: return r->audio;
    default: return -1;
    }
}

static void set_text(example *e, example_text t, const char *text)
{
    e->text[t].bytes = text;
    e->text[t].n = strlen(text);
}

static void add_row(part_writer *w, const sample_shards *sample, int64_t row, int64_t group)
{
    const sample_row *r = &sample->rows[row];
    const sample_says *says = sample->says ? &sample->says[row] : NULL;
    example e = {0};
    char id[32], name[32];
    snprintf(id, sizeof id, "row-%lld", (long long)row);
    snprintf(name, sizeof name, "group-%lld", (long long)group);
    e.row = e.position = row;
    e.starts_group = r->starts;
    e.outcome = OUTCOME_EXAMPLE;
    set_text(&e, EXAMPLE_ID, id);
    set_text(&e, EXAMPLE_GROUP, name);
    if (sample->texts) set_text(&e, EXAMPLE_TEXT, sample->texts[row]);
    if (says && says->role) set_text(&e, EXAMPLE_ROLE, says->role);
    if (says && says->lang) set_text(&e, EXAMPLE_LANG, says->lang);
    if (says && says->source) set_text(&e, EXAMPLE_SOURCE, says->source);
    for (stream_kind s = 0; s < N_STREAMS; s++) {
        int64_t n = count_of(r, s);
        if (n < 0) continue;
        example_stream *x = &e.stream[s];
        x->used = 1;
        x->n_ids = x->ids_capacity = (size_t)n;
        assert_int_equal(MEM_ALLOC(x->ids, (size_t)n), OK);
        for (int64_t k = 0; k < n; k++) x->ids[k] = sample_id(s, row, s == STREAM_AUDIO ? k / sample->hold : k);
        if (s != STREAM_TEXT) {
            x->width = 2;
            x->n_vectors = (size_t)n;
            x->vectors_capacity = 2 * (size_t)n;
            assert_int_equal(MEM_ALLOC(x->vectors, 2 * (size_t)n), OK);
        }
        if (s == STREAM_IMAGE) {
            x->rows = r->image_rows;
            x->columns = r->image_columns;
        }
    }
    assert_int_equal(part_writer_add(w, &e), OK);
    example_free(&e);
}

static void make_shard(sample_shards *s, size_t i, int64_t *group)
{
    part_header header = {.tokens_hash = 7, .unit = (int64_t)i, .piece_position = -1};
    shard_options o = {.tokens_hash = 7, .deflate = i > 0 && i + 1 == s->n_shards ? 6 : 0};
    shard_counts counts;
    part_writer *w = NULL;
    char *part = NULL, *rejects = NULL, *filtered = NULL, *name = NULL;
    const int64_t units[] = {(int64_t)i};
    assert_int_equal(mem_format(&part, "%s/part-%zu", s->folder, i), OK);
    assert_int_equal(mem_format(&rejects, "%s/rejects-%zu", s->folder, i), OK);
    assert_int_equal(mem_format(&filtered, "%s/filtered-%zu", s->folder, i), OK);
    assert_int_equal(shard_name(&name, "train", (int64_t)i, (int64_t)s->n_shards), OK);
    assert_int_equal(mem_format(&s->paths[i], "%s/shards/%s", s->folder, name), OK);
    for (int k = 0; k < N_STREAMS; k++) {
        o.stream[k].used = sizes[k] > 0;
        o.stream[k].vocab_size = sizes[k];
        o.stream[k].layer = -1;
        o.stream[k].vectors = k != STREAM_TEXT;
        o.stream[k].width = 2;
    }
    assert_int_equal(part_writer_create(&w, &header), OK);
    for (int64_t row = s->first[i]; row < s->first[i + 1]; row++) {
        *group += s->rows[row].starts;
        add_row(w, s, row, *group);
    }
    assert_int_equal(part_writer_commit(w, part), OK);
    part_writer_free(&w);
    if (shard_gather(&(shard_files){s->paths[i], rejects, filtered}, &(shard_parts){&part, units, 1}, &o, NULL,
                     &counts) != OK)
        fail_msg("%s", status_message());
    mem_free(&part);
    mem_free(&rejects);
    mem_free(&filtered);
    mem_free(&name);
}

static void make(sample_shards *s, const sample_row *rows, const sample_says *says, const char *const *texts, int hold,
                 const int64_t *ends, size_t n_shards)
{
    int64_t group = 0;
    char *shards = NULL;
    memset(s, 0, sizeof *s);
    strcpy(s->folder, "/dev/shm/tessera-test-sequence-XXXXXX"); /* in memory: hundreds of files are flushed */
    if (!mkdtemp(s->folder)) {
        strcpy(s->folder, "/tmp/tessera-test-sequence-XXXXXX");
        assert_non_null(mkdtemp(s->folder));
    }
    assert_int_equal(file_join(&shards, s->folder, "shards"), OK);
    assert_int_equal(file_make_folder(shards), OK);
    mem_free(&shards);
    s->rows = rows;
    s->says = says;
    s->texts = texts;
    s->hold = hold;
    s->n_shards = n_shards;
    for (size_t i = 0; i < n_shards; i++) s->first[i + 1] = ends[i];
    s->n_rows = ends[n_shards - 1];
    vocabulary_make(&s->vocabulary, "bytes", sizes[STREAM_TEXT], sizes[STREAM_IMAGE], sizes[STREAM_AUDIO], 0);
    for (size_t i = 0; i < n_shards; i++) make_shard(s, i, &group);
}

void sample_make(sample_shards *s, const sample_row *rows, const int64_t *ends, size_t n_shards)
{
    make(s, rows, NULL, NULL, 1, ends, n_shards);
}

void sample_make_said(sample_shards *s, const sample_row *rows, const sample_says *says, const int64_t *ends,
                      size_t n_shards)
{
    make(s, rows, says, NULL, 1, ends, n_shards);
}

void sample_make_stored(sample_shards *s, const sample_row *rows, const char *const *texts, const int64_t *ends,
                        size_t n_shards)
{
    make(s, rows, NULL, texts, 1, ends, n_shards);
}

void sample_make_held(sample_shards *s, const sample_row *row, int hold)
{
    const int64_t end = 1;
    make(s, row, NULL, NULL, hold, &end, 1);
}

void sample_remove(sample_shards *s)
{
    for (size_t i = 0; i < s->n_shards; i++) mem_free(&s->paths[i]);
    file_remove_tree(s->folder);
}

static const struct {
    int begin, end, base;
} joint[N_STREAMS] = {
    [STREAM_TEXT] = {-1, -1, 0},
    [STREAM_IMAGE] = {256 + SPECIAL_BOI, 256 + SPECIAL_EOI, 320},
    [STREAM_AUDIO] = {256 + SPECIAL_BOA, 256 + SPECIAL_EOA, 420},
};

typedef struct tokens {
    uint32_t *ids;
    int64_t n, capacity;
} tokens;

static void put(tokens *t, int64_t id)
{
    assert_true(t->n < t->capacity);
    t->ids[t->n++] = (uint32_t)id;
}

static void put_stream(tokens *t, const sample_row *r, stream_kind s, int64_t row, int newline)
{
    if (joint[s].begin >= 0) put(t, joint[s].begin);
    for (int64_t k = 0; k < count_of(r, s); k++) {
        put(t, joint[s].base + sample_id(s, row, k));
        if (s == STREAM_IMAGE && newline && (k + 1) % r->image_columns == 0) put(t, 256 + SPECIAL_IMAGE_NEWLINE);
    }
    if (joint[s].end >= 0) put(t, joint[s].end);
}

int64_t sample_document(const sample_shards *s, const char *const *layout, size_t n_layout, int newline, int64_t row,
                        int64_t *next, uint32_t *ids, int64_t capacity)
{
    tokens t = {ids, 0, capacity};
    put(&t, 256 + SPECIAL_BOS);
    do {
        const sample_row *r = &s->rows[row];
        int sep = t.n > 1;
        for (size_t i = 0; i < n_layout; i++)
            for (stream_kind k = 0; k < N_STREAMS; k++) {
                if (strcmp(layout[i], stream_name(k)) || count_of(r, k) <= 0) continue;
                if (sep) put(&t, 256 + SPECIAL_SEP);
                sep = 0;
                put_stream(&t, r, k, row, newline);
            }
        row++;
    } while (row < s->n_rows && !s->rows[row].starts);
    *next = row;
    if (t.n == 1) return 0;
    put(&t, 256 + SPECIAL_EOS);
    return t.n;
}

sequence_options sample_options(int64_t length)
{
    static char *document[] = {"<bos>{rows}<eos>"}, *row[] = {"{image}{audio}{text}"};
    return (sequence_options){.length = length,
                              .seed = 11,
                              .name = "default",
                              .document = {document, 1},
                              .row = {row, 1},
                              .separator = "<sep>",
                              .block = 1 << 20,
                              .overlong = SEQUENCE_SPLIT};
}

sequence_set sample_set(const sample_shards *s, const sequence_options *o)
{
    return (sequence_set){.options = o, .words = &s->vocabulary, .shards = s->paths, .n_shards = s->n_shards};
}
