/* Check a finished dataset: files, shards, sequences, accounts, and canary rows encoded again. Shards are shared out to
 * the ranks. */
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "jobs/canary.h"
#include "jobs/dataset_file.h"
#include "jobs/ledger_check.h"
#include "jobs/sequence_job.h"
#include "tokens/vocabulary.h"

#include <string.h>

typedef struct checking {
    job *j;
    json_t *d;
    vocabulary words;
    const char *file; /* being checked */
    int64_t faults;
    /* over all shards of this rank: sums that do not depend on order */
    int64_t rows, row_sum;
    int64_t total; /* rows that there must be */
    uint8_t *seen; /* a bit per row; rank 0 looks for lost and doubled rows with it */
} checking;

static void fault(void *user, const char *text)
{
    checking *c = user;
    c->faults++;
    printf("FAULT %s: %s\n", c->file, text);
}

static void fault_here(void *user, const char *file, const char *text)
{
    checking *c = user;
    c->file = file;
    fault(c, text);
}

/* Size and checksum of a file as dataset.json has them. */
static int check_file(checking *c, const json_t *entry)
{
    int rc = OK;
    const char *name = dataset_text(entry, "file");
    char text[256];
    json_t *now = NULL;
    rc = dataset_describe(c->j->target, name, &now);
    if (rc == ERR_MISSING) {
        fault_here(c, name, "the file is missing");
        rc = OK;
        goto done;
    }
    TRY(rc);
    if (dataset_int(now, "bytes") != dataset_int(entry, "bytes")) {
        snprintf(text, sizeof text, "%lld bytes, should be %lld", (long long)dataset_int(now, "bytes"),
                 (long long)dataset_int(entry, "bytes"));
        fault_here(c, name, text);
    } else if (strcmp(dataset_text(now, "sha256"), dataset_text(entry, "sha256"))) {
        fault_here(c, name, "SHA-256 differs: bytes were changed");
    }
done:
    json_decref(now);
    return rc;
}

static void expect_stream(const checking *c, const char *name, shard_stream_options *o)
{
    const json_t *s = json_object_get(json_object_get(c->d, "streams"), name);
    if (!s) return;
    o->used = 1;
    o->vocab_size = dataset_int(s, "vocab_size");
    o->reduced = json_is_true(json_object_get(s, "reduced"));
    o->vectors = json_is_true(json_object_get(s, "vectors"));
    o->width = dataset_int(s, "width");
    o->rate_hz = json_number_value(json_object_get(s, "rate_hz"));
    o->layer = json_object_get(s, "layer") ? dataset_int(s, "layer") : -1;
    snprintf(o->weights_sha256, sizeof o->weights_sha256, "%s", dataset_text(s, "weights_sha256"));
    snprintf(o->precision, sizeof o->precision, "%s", dataset_text(s, "precision"));
    snprintf(o->encoder, sizeof o->encoder, "%s", dataset_text(s, "encoder"));
    snprintf(o->codebook_sha256, sizeof o->codebook_sha256, "%s", dataset_text(s, "codebook_sha256"));
}

static void note_row(void *user, const char *file, int64_t row)
{
    checking *c = user;
    (void)file;
    c->rows++;
    c->row_sum = (int64_t)((uint64_t)c->row_sum + rng_bits(1, (uint64_t)row, 0));
}

static int read_rows(checking *c, const char *path)
{
    int rc = OK;
    shard_reader *r = NULL;
    TRY(shard_reader_open(&r, path));
    for (int64_t i = 0; i < shard_reader_examples(r); i++) note_row(c, path, shard_reader_row(r, i));
done:
    shard_reader_close(&r);
    return rc;
}

static void compare_counts(checking *c, const json_t *entry, const shard_counts *now)
{
    shard_counts then;
    char text[256];
    dataset_get_counts(entry, &then);
    if (then.examples != now->examples) {
        snprintf(text, sizeof text, "%lld examples, dataset.json has %lld", (long long)now->examples,
                 (long long)then.examples);
        fault(c, text);
    }
    for (int s = 0; s < N_STREAMS; s++)
        if (then.ids[s] != now->ids[s]) {
            snprintf(text, sizeof text, "%lld %s tokens, dataset.json has %lld", (long long)now->ids[s], stream_name(s),
                     (long long)then.ids[s]);
            fault(c, text);
        }
}

static int check_shard(checking *c, const json_t *entry)
{
    int rc = OK;
    char *path = NULL;
    shard_options expected = {0};
    shard_counts now;
    int64_t before = c->faults;
    for (int s = 0; s < N_STREAMS; s++) expect_stream(c, stream_name(s), &expected.stream[s]);
    TRY(check_file(c, entry));
    c->file = dataset_text(entry, "file");
    TRY(file_join(&path, c->j->target, c->file));
    if (!file_exists(path)) goto done;
    rc = shard_check(path, &expected, fault, c, &now);
    if (rc == ERR_CORRUPT && c->faults == before) fault(c, status_message());
    if (rc != OK && rc != ERR_VERIFY && rc != ERR_CORRUPT) goto done;
    if (rc == OK) compare_counts(c, entry, &now);
    rc = read_rows(c, path);
    if (rc == ERR_CORRUPT) rc = OK; /* said already; its rows count as lost */
done:
    mem_free(&path);
    return rc;
}

/* Name lost and doubled rows: only when the sums say that there are any. Rank 0. */
static void mark(void *user, const char *where, int64_t row)
{
    checking *c = user;
    char text[256];
    if (row < 0 || row >= c->total) {
        snprintf(text, sizeof text, "row %lld does not exist", (long long)row);
        fault_here(c, where, text);
    } else if (c->seen[row / 8] >> (row % 8) & 1) {
        snprintf(text, sizeof text, "row %lld is there twice", (long long)row);
        fault_here(c, where, text);
    } else {
        c->seen[row / 8] = (uint8_t)(c->seen[row / 8] | 1 << (row % 8));
    }
}

static int name_rows(checking *c)
{
    int rc = OK;
    size_t i;
    json_t *entry;
    char *path = NULL, text[128];
    shard_reader *r = NULL;
    TRY(MEM_ALLOC(c->seen, (size_t)c->total / 8 + 1));
    json_array_foreach(json_object_get(c->d, "shards"), i, entry)
    {
        mem_free(&path);
        TRY(file_join(&path, c->j->target, dataset_text(entry, "file")));
        if (shard_reader_open(&r, path) != OK) continue;
        for (int64_t e = 0; e < shard_reader_examples(r); e++)
            mark(c, dataset_text(entry, "file"), shard_reader_row(r, e));
        shard_reader_close(&r);
    }
    TRY(ledger_rows(c->j->target, &(ledger_checker){fault_here, mark, c})); /* a missing ledger is said already */
    for (int64_t row = 0; row < c->total; row++)
        if (!(c->seen[row / 8] >> (row % 8) & 1)) {
            snprintf(text, sizeof text, "row %lld is neither an example nor rejected or filtered", (long long)row);
            fault_here(c, "accounting", text);
        }
done:
    mem_free(&path);
    mem_free(&c->seen);
    return rc;
}

static int check_accounts(checking *c)
{
    int rc = OK;
    int64_t sums[2] = {c->rows, c->row_sum}, expected = 0;
    par_sum(&c->j->p, sums, 2);
    if (c->j->p.rank != 0) return OK;
    c->total = dataset_int(c->d, "accounting.rows");
    for (int64_t row = 0; row < c->total; row++)
        expected = (int64_t)((uint64_t)expected + rng_bits(1, (uint64_t)row, 0));
    if (sums[0] != c->total || sums[1] != expected) TRY(name_rows(c));
done:
    return rc;
}

static int check_small_files(checking *c)
{
    int rc = OK;
    size_t i;
    json_t *entry, *set;
    const char *name;
    json_array_foreach(json_object_get(c->d, "files"), i, entry) TRY(check_file(c, entry));
    json_object_foreach(json_object_get(c->d, "sequences"), name, set)
    {
        json_array_foreach(json_object_get(set, "files"), i, entry) TRY(check_file(c, entry));
        TRY(check_file(c, json_object_get(set, "config")));
    }
    json_array_foreach(json_object_get(c->d, "codebooks"), i, entry)
    {
        codebook book = {0};
        char *path = NULL;
        rc = file_join(&path, c->j->target, dataset_text(entry, "file"));
        if (rc == OK && codebook_load(path, &book) != OK)
            fault_here(c, dataset_text(entry, "file"), status_message());
        else if (rc == OK && strcmp(book.sha256, dataset_text(entry, "sha256")))
            fault_here(c, dataset_text(entry, "file"),
                       "its content is not the codebook that the tokens were made with");
        codebook_free(&book);
        mem_free(&path);
        TRY(rc);
    }
done:
    return rc;
}

/* The packed sequences of one split against its shards. */
static int check_sequences(checking *c, const sequence_job *job, const char *name, const json_t *set, const char *split,
                           int number)
{
    int rc = OK;
    char **shards = NULL, **blocks = NULL;
    size_t n_shards = 0, n_blocks = 0, capacity = 0, i;
    int64_t examples;
    json_t *entry;
    sequence_counts counts;
    TRY(dataset_shards(c->d, c->j->target, split, &shards, &n_shards, &examples));
    json_array_foreach(json_object_get(set, "files"), i, entry)
    {
        if (strcmp(dataset_text(entry, "split"), split)) continue;
        TRY(MEM_GROW(blocks, &capacity, n_blocks + 1));
        TRY(file_join(&blocks[n_blocks], c->j->target, dataset_text(entry, "file")));
        n_blocks++;
    }
    c->file = name;
    int64_t before = c->faults;
    const sequence_set sources = sequence_job_set(job, number, shards, n_shards);
    rc = pack_check(&sources, blocks, n_blocks, fault, c, &counts);
    if (rc != OK && rc != ERR_VERIFY && c->faults == before) fault(c, status_message());
    rc = OK;
done:
    dataset_paths_free(&shards, n_shards);
    dataset_paths_free(&blocks, n_blocks);
    return rc;
}

/* One set, split by split. */
static int check_set(checking *c, const char *name, const json_t *set)
{
    int rc = OK;
    sequence_job job = {0};
    json_t *entry;
    size_t i;
    char *first = NULL, file[256], last[64] = "";
    snprintf(file, sizeof file, "sequences/%s", name);
    rc = sequence_job_load(c->j, c->j->target, name);
    if (rc == ERR_MISSING || rc == ERR_CORRUPT) {
        fault_here(c, file, status_message());
        return OK;
    }
    TRY(rc);
    TRY(sequence_job_open(&job, c->j, &c->words, json_object_get(c->d, "streams")));
    TRY(corpus_split_name(&c->j->corpus, 0, &first));
    json_array_foreach(json_object_get(c->d, "shards"), i, entry)
    {
        const char *split = dataset_text(entry, "split");
        if (!strcmp(split, last)) continue; /* shards are listed split by split */
        snprintf(last, sizeof last, "%s", split);
        TRY(check_sequences(c, &job, file, set, split, strcmp(split, first) != 0));
    }
done:
    sequence_job_close(&job);
    mem_free(&first);
    return rc;
}

static int check_all_sequences(checking *c)
{
    int rc = OK;
    const char *name;
    json_t *set;
    json_object_foreach(json_object_get(c->d, "sequences"), name, set) TRY(check_set(c, name, set));
done:
    return rc;
}

static int check_dataset(checking *c)
{
    int rc = OK;
    job *j = c->j;
    char *path = NULL;
    size_t i;
    json_t *entry;
    rc = dataset_read(j->target, "dataset.json", &c->d);
    if (rc == ERR_MISSING)
        rc = status_set(ERR_CONFIG, __FILE__, __LINE__,
                        "%s has no dataset.json: not a finished dataset (tessera status tells more)", j->target);
    if (rc == OK) rc = file_join(&path, j->target, "vocabulary.json");
    if (rc == OK && vocabulary_load(&c->words, path) != OK && j->p.rank == 0)
        fault_here(c, "vocabulary.json", status_message());
    TRY(par_agree(&j->p, rc));
    json_array_foreach(json_object_get(c->d, "shards"), i, entry)
    {
        if ((int)(i % (size_t)j->p.size) == j->p.rank && rc == OK) rc = check_shard(c, entry);
    }
    if (rc == OK && j->p.rank == 0) rc = check_small_files(c);
    if (rc == OK && j->p.rank == 0) rc = ledger_check(j->target, c->d, &(ledger_checker){fault_here, note_row, c});
    TRY(par_agree(&j->p, rc));
    TRY(par_agree(&j->p, check_accounts(c)));
    /* sequences point into shards: with faults there the check would only repeat them */
    if (par_sum_one(&j->p, c->faults) == 0) {
        rc = j->p.rank == 0 ? check_all_sequences(c) : OK;
        TRY(par_agree(&j->p, rc));
    }
    c->file = "canary rows";
    rc = j->p.rank == 0 ? canary_verify(j, c->d, fault, c) : OK;
    TRY(par_agree(&j->p, rc));
done:
    mem_free(&path);
    return rc;
}

int verb_verify(job *j)
{
    int rc = OK;
    checking c = {.j = j};
    TRY(check_dataset(&c));
    fflush(stdout);
    int64_t faults = par_sum_one(&j->p, c.faults);
    if (faults) FAIL(ERR_VERIFY, "%s: %lld faults", j->target, (long long)faults);
    if (j->p.rank == 0)
        printf("OK %s: %lld rows = %lld examples + %lld rejects + %lld filtered, %zu shards\n", j->target,
               (long long)dataset_int(c.d, "accounting.rows"), (long long)dataset_int(c.d, "accounting.examples"),
               (long long)dataset_int(c.d, "accounting.rejects"), (long long)dataset_int(c.d, "accounting.filtered"),
               json_array_size(json_object_get(c.d, "shards")));
done:
    json_decref(c.d);
    return rc;
}
