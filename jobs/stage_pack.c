/* Shards to sequences: blocks of examples as tasks. Works on a dataset in the making and on a finished one. */
#include "jobs/stage_dataset.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "jobs/note.h"
#include "jobs/output_folder.h"
#include "jobs/sequence_job.h"
#include "work/schedule.h"

#include <stdlib.h>
#include <string.h>

typedef struct split_blocks {
    char *name, **paths;
    size_t n_paths;
    int64_t examples, first, n; /* blocks: task numbers first .. first + n - 1 */
} split_blocks;

typedef struct packing {
    stages *s;
    sequence_job sequences;
    split_blocks *splits;
    int n_splits;
    int64_t n_blocks, next;
    int materialise;
} packing;

static const split_blocks *split_of(const packing *x, int64_t task)
{
    int i = 0;
    while (task >= x->splits[i].first + x->splits[i].n) i++;
    return &x->splits[i];
}

static int block_path(const packing *x, int64_t task, const char *kind, char **out)
{
    int rc = OK;
    const split_blocks *b = split_of(x, task);
    char *name = NULL;
    TRY(sequence_file_name(&name, x->s->j->sequence.name, kind, b->name, task - b->first, b->n));
    TRY(job_path(x->s->j, out, "%s", name));
done:
    mem_free(&name);
    return rc;
}

static sequence_set set_of(const packing *x, const split_blocks *b)
{
    return sequence_job_set(&x->sequences, (int)(b - x->splits), b->paths, b->n_paths);
}

static int is_done(const packing *x, int64_t task)
{
    char *path = NULL, *counts = NULL;
    int there = block_path(x, task, x->materialise ? "tokens-" : "", &path) == OK && file_exists(path) &&
                (x->materialise ||
                 (stage_numbered_path(x->s->j, "sequences", task, ".counts", &counts) == OK && file_exists(counts)));
    mem_free(&path);
    mem_free(&counts);
    return there;
}

static int64_t next_block(void *user, int rank)
{
    (void)rank;
    packing *x = user;
    while (x->next < x->n_blocks && is_done(x, x->next)) x->next++;
    return x->next < x->n_blocks ? x->next++ : -1;
}

static int64_t blocks_left(void *user) { return ((packing *)user)->n_blocks - ((packing *)user)->next; }

static int pack_one(void *user, schedule *schedule, int64_t task, int final, progress_counts *counts)
{
    int rc = OK;
    packing *x = user;
    const split_blocks *b = split_of(x, task);
    const sequence_set set = set_of(x, b);
    char *path = NULL, *counts_path = NULL, *tokens = NULL;
    sequence_counts c;
    (void)schedule;
    (void) final;
    counts->work = 1;
    TRY(block_path(x, task, "", &path));
    if (x->materialise) {
        TRY(block_path(x, task, "tokens-", &tokens));
        TRY(pack_materialise(&set, path, tokens));
        goto done;
    }
    TRY(pack_block(&set, task - b->first, path, &c));
    TRY(stage_numbered_path(x->s->j, "sequences", task, ".counts", &counts_path));
    TRY(file_commit(counts_path, &c, sizeof c, "sequence-counts"));
done:
    mem_free(&path);
    mem_free(&counts_path);
    mem_free(&tokens);
    return rc;
}

/* Of the settings, the format, and the content of all shards: these change when rows are done again. */
static int hash_sources(const packing *x, const json_t *d, uint64_t *hash)
{
    int rc = OK;
    uint64_t shards = 0;
    char more[32];
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(d, "shards"), i, one)
    {
        const char *sha256 = dataset_text(one, "sha256");
        shards = hash64(sha256, strlen(sha256), shards);
    }
    snprintf(more, sizeof more, "%016llx %d", (unsigned long long)shards, SEQUENCE_FORMAT_VERSION);
    TRY(settings_hash(x->s->j, SCOPE_SEQUENCES, "", more, hash));
done:
    return rc;
}

/* Blocks made from something else go; the note says what the rest is made from. Other sets stay as long as the shards
 * are the same. Rank 0. */
static int prepare(const packing *x, const json_t *d)
{
    static const char note[] = "state/sequences/settings";
    int rc = OK;
    const stages *s = x->s;
    job *j = s->j;
    char *path = NULL;
    uint64_t hash;
    TRY(hash_sources(x, d, &hash));
    if (!note_is(j, note, hash)) {
        TRY(output_remove(j, "state/sequences"));
        TRY(job_path(j, &path, "state/sequences"));
        TRY(file_make_folder(path));
        mem_free(&path);
        TRY(job_path(j, &path, s->repack ? "sequences/%s" : "sequences", j->sequence.name));
        TRY(file_remove_tree(path));
        TRY(file_make_folder(path));
        TRY(note_hash(j, note, hash, "", "sequence-settings"));
    }
    TRY(stage_make_folders(j, "sequences", x->n_blocks));
    mem_free(&path);
    TRY(job_path(j, &path, "sequences/%s", j->sequence.name));
    TRY(file_make_folder(path));
done:
    mem_free(&path);
    return rc;
}

static int open_sequences(packing *x, const json_t *d)
{
    int rc = OK;
    const stages *s = x->s;
    vocabulary words;
    json_t *streams = json_incref(json_object_get(d, "streams"));
    if (!streams) streams = stage_dataset_streams(s);
    TRY(stage_dataset_words(s, &words));
    TRY(sequence_job_open(&x->sequences, s->j, &words, streams));
done:
    json_decref(streams);
    return rc;
}

static void packing_free(packing *x)
{
    for (int i = 0; x->splits && i < x->n_splits; i++) {
        mem_free(&x->splits[i].name);
        dataset_paths_free(&x->splits[i].paths, x->splits[i].n_paths);
    }
    mem_free(&x->splits);
    sequence_job_close(&x->sequences);
}

static int open_splits(packing *x, const json_t *d)
{
    int rc = OK;
    TRY(open_sequences(x, d));
    x->n_splits = corpus_split_count(&x->s->j->corpus);
    TRY(MEM_ALLOC(x->splits, (size_t)x->n_splits));
    for (int i = 0; i < x->n_splits; i++) {
        split_blocks *b = &x->splits[i];
        TRY(corpus_split_name(&x->s->j->corpus, i, &b->name));
        TRY(dataset_shards(d, x->s->j->out, b->name, &b->paths, &b->n_paths, &b->examples));
        b->first = x->n_blocks;
        sequence_set set = set_of(x, b);
        b->n = pack_blocks(&set, b->examples);
        if (b->n < 0) FAIL(ERR_LIMIT, "%lld examples with their copies are too many", (long long)b->examples);
        x->n_blocks += b->n;
    }
done:
    return rc;
}

static int run(packing *x)
{
    job *j = x->s->j;
    schedule_options o = {.root_works_below = j->run.root_works_below,
                          .phase = x->materialise ? "materialise" : "pack",
                          .metrics = j->metrics};
    o.total.units = x->n_blocks;
    o.total.work = (double)x->n_blocks;
    for (int64_t b = 0; j->p.rank == 0 && b < x->n_blocks; b++)
        if (is_done(x, b)) {
            o.before.units++;
            o.before.work++;
        }
    schedule_tasks tasks = {.next = next_block, .left = blocks_left, .perform = pack_one, .user = x};
    x->next = 0;
    return schedule_run(&j->p, &o, &tasks);
}

int stage_pack(stages *s)
{
    int rc = OK;
    job *j = s->j;
    packing x = {.s = s};
    json_t *d = NULL;
    rc = stage_dataset_shards(s, &d);
    if (rc == OK) rc = open_splits(&x, d);
    if (rc == OK && j->p.rank == 0 && !s->complete) rc = prepare(&x, d);
    TRY(par_agree(&j->p, rc));
    if (!s->complete) TRY(run(&x));
    LOG_JOB(LOG_INFO, "pack: %lld blocks of sequences of %lld tokens", (long long)x.n_blocks,
            (long long)j->sequence.length);
    if (j->materialise) {
        x.materialise = 1;
        TRY(run(&x));
    }
done:
    packing_free(&x);
    json_decref(d);
    return rc;
}

/* What dataset.json says of a set. */
static json_t *describe_set(const job *j, const sequence_counts *n, json_t *files, json_t *config)
{
    json_t *specials = json_object();
    for (size_t i = 0; i < j->sequence.specials.n; i++)
        json_object_set_new(specials, j->sequence.specials.texts[i], json_integer((json_int_t)(SPECIAL_CUSTOM + i)));
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:O, s:O}", "length",
                     (json_int_t)j->sequence.length, "sequences", (json_int_t)n->sequences, "documents",
                     (json_int_t)n->documents, "tokens", (json_int_t)n->tokens, "split_documents",
                     (json_int_t)n->split_documents, "dropped_documents", (json_int_t)n->dropped_documents,
                     "dropped_tokens", (json_int_t)n->dropped_tokens, "repeated_documents",
                     (json_int_t)n->repeated_documents, "left_out_documents", (json_int_t)n->left_out_documents,
                     "specials", specials, "config", config, "files", files);
}

static void add_counts(sequence_counts *total, const sequence_counts *c)
{
    total->sequences += c->sequences;
    total->documents += c->documents;
    total->tokens += c->tokens;
    total->split_documents += c->split_documents;
    total->dropped_documents += c->dropped_documents;
    total->dropped_tokens += c->dropped_tokens;
    total->repeated_documents += c->repeated_documents;
    total->left_out_documents += c->left_out_documents;
}

static int describe_block(const packing *x, int64_t block, json_t *files, sequence_counts *total)
{
    int rc = OK;
    const job *j = x->s->j;
    char *path = NULL;
    uint8_t *bytes = NULL;
    sequence_counts c;
    size_t n;
    json_t *one = NULL;
    TRY(stage_numbered_path(j, "sequences", block, ".counts", &path));
    TRY(file_read(path, sizeof c, &bytes, &n));
    if (n != sizeof c) FAIL(ERR_CORRUPT, "%s is damaged", path);
    memcpy(&c, bytes, sizeof c);
    mem_free(&path);
    TRY(block_path(x, block, "", &path));
    TRY(dataset_describe(j->out, path + strlen(j->out) + 1, &one));
    json_object_update_new(one, json_pack("{s:s, s:I, s:I, s:I}", "split", split_of(x, block)->name, "sequences",
                                          (json_int_t)c.sequences, "documents", (json_int_t)c.documents, "tokens",
                                          (json_int_t)c.tokens));
    json_array_append_new(files, one);
    add_counts(total, &c);
done:
    mem_free(&path);
    mem_free(&bytes);
    return rc;
}

int stage_sequence_files(const stages *s, const json_t *d, json_t **out)
{
    int rc = OK;
    const job *j = s->j;
    packing x = {.s = (stages *)s};
    char *path = NULL;
    json_t *files = json_array(), *config = NULL;
    sequence_counts total = {0};
    TRY(open_splits(&x, d));
    for (int64_t b = 0; b < x.n_blocks; b++) TRY(describe_block(&x, b, files, &total));
    TRY(mem_format(&path, "sequences/%s/config.resolved.yaml", j->sequence.name));
    TRY(note_text(j, path, s->settings.resolved, "dataset-text"));
    TRY(dataset_describe(j->out, path, &config));
    *out = s->repack ? json_copy(json_object_get(d, "sequences")) : json_object();
    if (!*out) *out = json_object();
    if (json_object_set_new(*out, j->sequence.name, describe_set(j, &total, files, config)) != 0)
        FAIL(ERR_MEMORY, "no memory for dataset.json");
done:
    packing_free(&x);
    mem_free(&path);
    json_decref(files);
    json_decref(config);
    return rc;
}
