#include "jobs/canary.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "jobs/corpus_again.h"
#include "jobs/dataset_file.h"
#include "jobs/shard_work.h"
#include "jobs/suspects.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CANARIES = 4, MAX_BYTES = 16 << 20, MAX_SECONDS = 60, TRIES = 64 };

typedef struct canary {
    int64_t position;
    uint64_t hash;
} canary;

static int hash_example(void *user, const example *e)
{
    int rc = OK;
    uint64_t *hash = user;
    if (e->outcome == OUTCOME_REJECT && status_is_environment(e->status)) FAIL(ERR_ENVIRONMENT, "%s", e->message);
    *hash = hash64(&e->outcome, sizeof e->outcome, 0);
    for (int s = 0; s < N_STREAMS; s++) {
        const example_stream *x = &e->stream[s];
        *hash = hash64(x->ids, x->n_ids * sizeof *x->ids, *hash);
        *hash = hash64(x->vectors, x->n_vectors * (size_t)x->width * sizeof *x->vectors, *hash);
        *hash = hash64(x->durations, x->n_durations * sizeof *x->durations, *hash);
    }
done:
    return rc;
}

int canary_hash(core *c, const corpus_row *row, int64_t position, const char *root, uint64_t *hash)
{
    int rc = OK;
    media m[N_MEDIA];
    const core_caller caller = {.final = 1, .take = hash_example, .user = hash};
    memset(m, 0, sizeof m);
    for (int k = 0; k < N_MEDIA; k++) {
        TRY(media_open(root, row, k, MAX_BYTES, NULL, &m[k]));
        if (m[k].status != OK) FAIL(ERR_ENVIRONMENT, "%s", m[k].message);
    }
    TRY(core_row(c, &caller, row, position, 1, m, 1));
    TRY(core_finish(c));
done:
    if (rc != OK) core_forget(c);
    for (int k = 0; k < N_MEDIA; k++) media_close(&m[k]);
    return rc;
}

/* One that is filtered before decoding says nothing about tokens. */
static int is_suitable(const job *j, const corpus_row *row)
{
    row_filter filter = job_filter(j);
    filter_hit hit;
    int suitable =
        row->status == OK && !row_filter_listed(&filter, row, &hit) && corpus_row_seconds(row) <= MAX_SECONDS;
    for (int k = 0; k < N_MEDIA; k++) suitable &= row->media[k].size <= MAX_BYTES;
    return suitable;
}

/* A row in this process, noted as in hand; one that was in hand when a life died is first tried on its own. */
static int hash_row(const stages *s, int64_t position, const corpus_row *row, uint64_t *hash)
{
    int rc = OK;
    char *config = NULL, number[32], *arguments[] = {(char *)"_row", NULL, number, NULL};
    TRY(job_path(s->j, &config, "state/child.yaml"));
    arguments[1] = config;
    snprintf(number, sizeof number, "%lld", (long long)position);
    TRY(suspects_check(s->j, row->row, arguments, NULL, NULL));
    inhand_note(s->j->inhand, row->row);
    rc = canary_hash(s->core, row, position, corpus_index_root(s->index), hash);
done:
    inhand_note(s->j->inhand, -1);
    mem_free(&config);
    return rc;
}

/* Rank 0 of the first life: choose rows by hash. They are part of dataset.json, so nothing but the corpus decides. */
static int choose(const stages *s, canary list[CANARIES], int64_t *n)
{
    int rc = OK;
    corpus_row row;
    int64_t rows = corpus_index_rows(s->index);
    *n = 0;
    for (int64_t i = 0; i < rows && i < TRIES * CANARIES && *n < CANARIES; i++) {
        int64_t position = (int64_t)rng_permute(0x63616e617279, (uint64_t)i, (uint64_t)rows);
        TRY(corpus_index_row(s->index, position, &row));
        if (!is_suitable(s->j, &row)) continue;
        list[*n].position = position;
        rc = hash_row(s, position, &row, &list[*n].hash);
        if (rc == OK) (*n)++;
        if (rc == ERR_ENVIRONMENT || rc == ERR_CRASHED) rc = OK; /* says nothing about tokens */
        TRY(rc);
    }
done:
    return rc;
}

static int read_or_choose(const stages *s, const char *path, canary list[CANARIES], int64_t *n)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t size;
    if (file_read(path, CANARIES * sizeof *list, &bytes, &size) == OK && size % sizeof *list == 0) {
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
        rc = hash_row(s, list[i].position, &row, &hash);
        if (rc == ERR_ENVIRONMENT || rc == ERR_CRASHED) {
            LOG_RANK(LOG_WARN, "a canary row cannot be read: %s", status_message());
            rc = OK;
            continue;
        }
        TRY(rc);
        if (hash != list[i].hash)
            FAIL(ERR_VERIFY,
                 "node %s gives other tokens for canary row %.*s than the first life of this job did; its hardware or "
                 "libraries differ",
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
    canary list[CANARIES] = {{0}};
    int64_t n = 0;
    if (j->p.rank == 0) {
        rc = job_path(j, &path, "state/canary");
        if (rc == OK) rc = read_or_choose(s, path, list, &n);
    }
    TRY(par_agree(&j->p, rc));
    par_broadcast(&j->p, &n, sizeof n);
    par_broadcast(&j->p, list, sizeof list);
    if (n > j->run.canaries) n = j->run.canaries;
    rc = j->p.node_rank == 0 ? compare(s, list, n) : OK;
    TRY(par_agree(&j->p, rc));
done:
    mem_free(&path);
    return rc;
}

int canary_describe(const stages *s, json_t **out)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t size;
    corpus_row row;
    *out = json_array();
    TRY(job_path(s->j, &path, "state/canary"));
    TRY(file_read(path, 1 << 20, &bytes, &size));
    for (size_t i = 0; i < size / sizeof(canary); i++) {
        canary c;
        char hex[17];
        memcpy(&c, bytes + i * sizeof c, sizeof c);
        TRY(corpus_index_row(s->index, c.position, &row));
        snprintf(hex, sizeof hex, "%016" PRIx64, c.hash);
        json_array_append_new(
            *out, json_pack("{s:s%, s:s}", "id", row.field[FIELD_ID].bytes, row.field[FIELD_ID].n, "xxh3", hex));
    }
done:
    mem_free(&path);
    mem_free(&bytes);
    return rc;
}

/* ---- a finished dataset ---- */

typedef struct finished {
    corpus_again corpus;
    codebook book[N_MEDIA];
    projection *map;
    core *core;
} finished;

static int load_finished_book(const char *dataset, const char *name, codebook *out)
{
    int rc = OK;
    char *path = NULL;
    TRY(mem_format(&path, "%s/codebooks/%s.h5", dataset, name));
    if (file_exists(path)) TRY(codebook_load(path, out));
done:
    mem_free(&path);
    return rc;
}

static int open_finished(finished *f, job *j, const json_t *d)
{
    int rc = OK;
    char *path = NULL;
    TRY(corpus_again_open(&f->corpus, j, j->target));
    TRY(models_open_alone(j));
    TRY(models_load_alone(j));
    for (int k = 0; k < N_MEDIA; k++)
        TRY(load_finished_book(j->target, stream_name(core_stream((media_kind)k)), &f->book[k]));
    int sensors = json_object_get(json_object_get(d, "streams"), stream_name(STREAM_SENSOR)) != NULL;
    TRY(file_join(&path, j->target, "codebooks/image-projection.bin"));
    if (file_exists(path)) TRY(projection_read(&f->map, path));
    core_settings settings = {.audio = &j->audio,
                              .image = &j->image,
                              .sensor = sensors ? &j->sensor : NULL,
                              .text = j->models.text,
                              .keep_partial = j->corpus.partial == PARTIAL_KEEP,
                              .filter = &j->filter,
                              .models = &j->models.core,
                              .image_map = f->map};
    for (int k = 0; k < N_MEDIA; k++) settings.codebook[k] = f->book[k].k ? &f->book[k] : NULL;
    TRY(core_create(&f->core, &settings));
done:
    mem_free(&path);
    return rc;
}

static int verify_one(finished *f, const json_t *entry, void (*fault)(void *user, const char *text), void *user)
{
    int rc = OK;
    const char *id = dataset_text(entry, "id");
    int64_t position;
    corpus_row row;
    uint64_t hash;
    char hex[17], text[512];
    TRY(corpus_index_find(f->corpus.index, (text_view){id, strlen(id)}, &position));
    if (position < 0) {
        snprintf(text, sizeof text, "the corpus has no row \"%.200s\" any more", id);
        fault(user, text);
        goto done;
    }
    TRY(corpus_index_row(f->corpus.index, position, &row));
    rc = canary_hash(f->core, &row, position, corpus_index_root(f->corpus.index), &hash);
    if (rc == ERR_ENVIRONMENT) {
        snprintf(text, sizeof text, "row \"%.200s\" cannot be read any more: %.200s", id, status_message());
        fault(user, text);
        rc = OK;
        goto done;
    }
    TRY(rc);
    snprintf(hex, sizeof hex, "%016" PRIx64, hash);
    if (strcmp(hex, dataset_text(entry, "xxh3"))) {
        snprintf(text, sizeof text, "row \"%.200s\" gives other tokens here than those of the dataset", id);
        fault(user, text);
    }
done:
    return rc;
}

int canary_verify(job *j, const json_t *d, void (*fault)(void *user, const char *text), void *user)
{
    int rc = OK;
    finished f = {0};
    size_t i;
    json_t *entry;
    if (!json_array_size(json_object_get(d, "canary"))) goto done;
    rc = open_finished(&f, j, d);
    if (rc == ERR_CONFIG && !j->corpus_root) {
        LOG_JOB(LOG_INFO, "canary rows are not checked: %s (--corpus PATH names the corpus)", status_message());
        rc = OK;
        goto done;
    }
    if (rc == ERR_CORRUPT) { /* a damaged codebook is a fault like any other */
        fault(user, status_message());
        rc = OK;
        goto done;
    }
    TRY(rc);
    json_array_foreach(json_object_get(d, "canary"), i, entry) TRY(verify_one(&f, entry, fault, user));
    LOG_JOB(LOG_INFO, "%zu canary rows were encoded again", json_array_size(json_object_get(d, "canary")));
done:
    core_free(&f.core);
    projection_free(&f.map);
    for (int k = 0; k < N_MEDIA; k++) codebook_free(&f.book[k]);
    corpus_again_close(&f.corpus);
    return rc;
}
