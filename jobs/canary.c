#include "canary.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "suspects.h"

#include <string.h>

enum { MAX_BYTES = 16 << 20, MAX_SECONDS = 60, TRIES = 64 };

typedef struct canary {
    int64_t position;
    uint64_t hash;
} canary;

int canary_hash(core *c, const corpus_row *row, int64_t position, const char *root, uint64_t *hash)
{
    int rc = OK;
    media m[N_MEDIA];
    example e = {0};
    memset(m, 0, sizeof m);
    for (int k = 0; k < N_MEDIA; k++) TRY(media_open(root, row, k, MAX_BYTES, &m[k]));
    TRY(core_row(c, row, position, 1, m, 1, 1, NULL, NULL, &e));
    *hash = hash64(&e.outcome, sizeof e.outcome, 0);
    for (int s = 0; s < N_STREAMS; s++) {
        const example_stream *x = &e.stream[s];
        *hash = hash64(x->ids, x->n_ids * sizeof *x->ids, *hash);
        *hash = hash64(x->vectors, x->n_vectors * (size_t)x->width * sizeof *x->vectors, *hash);
        *hash = hash64(x->durations, x->n_durations * sizeof *x->durations, *hash);
    }
done:
    for (int k = 0; k < N_MEDIA; k++) media_close(&m[k]);
    example_free(&e);
    return rc;
}

static int is_suitable(const stages *s, const corpus_row *row)
{
    if (row->status != OK || suspects_asks(s->j, row->row) || corpus_row_seconds(row) > MAX_SECONDS) return 0;
    return row->media[MEDIA_AUDIO].size <= MAX_BYTES && row->media[MEDIA_IMAGE].size <= MAX_BYTES;
}

/* Rank 0 of the first life: choose rows by hash. The positions depend on the corpus alone. */
static int choose(const stages *s, canary *list, int64_t *n)
{
    int rc = OK;
    corpus_row row;
    int64_t rows = corpus_index_rows(s->index), wanted = *n;
    *n = 0;
    for (int64_t i = 0; i < rows && i < TRIES * wanted && *n < wanted; i++) {
        int64_t position = (int64_t)rng_permute(0x63616e617279, (uint64_t)i, (uint64_t)rows);
        TRY(corpus_index_row(s->index, position, &row));
        if (!is_suitable(s, &row)) continue;
        list[*n].position = position;
        TRY(canary_hash(s->core, &row, position, corpus_index_root(s->index), &list[*n].hash));
        (*n)++;
    }
done:
    return rc;
}

static int read_or_choose(const stages *s, const char *path, canary *list, int64_t *n)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t size;
    if (file_read(path, 1 << 20, &bytes, &size) == OK && size % sizeof *list == 0 && (int64_t)(size / sizeof *list) <= *n) {
        *n = (int64_t)(size / sizeof *list);
        memcpy(list, bytes, size);
        goto done;
    }
    TRY(choose(s, list, n));
    TRY(file_commit(path, list, (size_t)*n * sizeof *list, "canary"));
done:
    mem_free(&bytes);
    return rc;
}

static int compare(const stages *s, const canary *list, int64_t n)
{
    int rc = OK;
    corpus_row row;
    uint64_t hash;
    for (int64_t i = 0; i < n; i++) {
        TRY(corpus_index_row(s->index, list[i].position, &row));
        TRY(canary_hash(s->core, &row, list[i].position, corpus_index_root(s->index), &hash));
        if (hash != list[i].hash)
            FAIL(ERR_VERIFY, "node %s gives other tokens for canary row %.*s than the first life of this job did; its hardware or libraries differ",
                 s->j->p.host, (int)row.field[FIELD_ID].n, row.field[FIELD_ID].bytes);
    }
done:
    return rc;
}

int canary_check(stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *path = NULL;
    canary *list = NULL;
    int64_t n = j->run.canaries;
    rc = mem_alloc((void **)&list, (size_t)n + 1, sizeof *list);
    if (rc == OK && j->p.rank == 0) {
        rc = job_path(j, &path, "state/canary");
        if (rc == OK) rc = read_or_choose(s, path, list, &n);
    }
    TRY(par_agree(&j->p, rc));
    par_broadcast(&j->p, &n, sizeof n);
    par_broadcast(&j->p, list, (size_t)n * sizeof *list);
    rc = j->p.node_rank == 0 ? compare(s, list, n) : OK;
    TRY(par_agree(&j->p, rc));
done:
    mem_free(&path);
    mem_free(&list);
    return rc;
}
