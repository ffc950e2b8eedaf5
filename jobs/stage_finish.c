/* The last step, on rank 0: accounts, small files, dataset.json, and then the state goes. */
#include "jobs/stage_dataset.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/canary.h"
#include "jobs/card.h"
#include "jobs/codebook_fit.h"
#include "jobs/croissant.h"
#include "jobs/dataset_file.h"
#include "jobs/note.h"
#include "jobs/output_folder.h"
#include "jobs/stage_ledgers.h"
#include "jobs/tokenizer_files.h"

#include <stdlib.h>
#include <string.h>

int stage_dataset_shards(const stages *s, json_t **out)
{
    int rc = OK;
    const job *j = s->j;
    json_t *list = NULL, *one = NULL;
    char *path = NULL, *split = NULL;
    if (s->repack || s->complete) return dataset_read(j->out, s->complete ? "dataset.json" : "state/dataset.json", out);
    list = json_array();
    for (int64_t i = 0; i < unit_table_shards(s->units); i++) {
        shard_counts c;
        mem_free(&path);
        mem_free(&split);
        TRY(stage_read_counts(s, i, &c));
        TRY(stage_shard_path(s, i, &path));
        TRY(corpus_split_name(&j->corpus, (int)unit_table_shard(s->units, i)->split, &split));
        one = json_pack("{s:s, s:s, s:I, s:s}", "file", path + strlen(j->out) + 1, "split", split, "bytes",
                        (json_int_t)c.bytes, "sha256", c.sha256);
        TRY(dataset_add_counts(one, &c));
        json_array_append_new(list, one);
        one = NULL;
    }
    *out = json_pack("{s:O}", "shards", list);
    if (!*out) FAIL(ERR_MEMORY, "no memory for dataset.json");
done:
    json_decref(list);
    json_decref(one);
    mem_free(&path);
    mem_free(&split);
    return rc;
}

int stage_dataset_words(const stages *s, vocabulary *out)
{
    int rc = OK;
    char *path = NULL;
    if (!s->repack && !s->complete) {
        *out = s->words;
        return OK;
    }
    TRY(job_path(s->j, &path, "vocabulary.json"));
    TRY(vocabulary_load(out, path));
done:
    mem_free(&path);
    return rc;
}

static void sum_counts(const json_t *shards, shard_counts *total)
{
    size_t i;
    json_t *one;
    *total = (shard_counts){0};
    json_array_foreach(shards, i, one)
    {
        shard_counts c;
        dataset_get_counts(one, &c);
        total->rows += c.rows;
        total->examples += c.examples;
        total->rejects += c.rejects;
        total->filtered += c.filtered;
        total->seconds += c.seconds;
        for (int k = 0; k < N_STREAMS; k++) {
            total->ids[k] += c.ids[k];
            total->streams[k] += c.streams[k];
        }
    }
}

static json_t *made_from(const settings *s)
{
    json_t *out = json_object();
    for (const char *p = s->facts; *p;) {
        char key[64], value[512];
        size_t line = strcspn(p, "\n"), name = strcspn(p, ":");
        snprintf(key, sizeof key, "%.*s", (int)name, p);
        snprintf(value, sizeof value, "%.*s", (int)(line > name + 2 ? line - name - 2 : 0), p + name + 2);
        json_object_set_new(out, key, json_string(value));
        p += line + (p[line] == '\n');
    }
    return out;
}

static json_t *describe_stream(const shard_stream_options *o)
{
    json_t *one = json_pack("{s:s, s:I, s:b, s:b}", "encoder", o->encoder, "vocab_size", (json_int_t)o->vocab_size,
                            "reduced", o->reduced, "vectors", o->vectors);
    if (o->rate_hz > 0) json_object_set_new(one, "rate_hz", json_real(o->rate_hz));
    if (o->width) json_object_set_new(one, "width", json_integer(o->width));
    if (*o->codebook_sha256) json_object_set_new(one, "codebook_sha256", json_string(o->codebook_sha256));
    if (!*o->weights_sha256) return one;
    if (o->layer >= 0) json_object_set_new(one, "layer", json_integer(o->layer));
    json_object_set_new(one, "weights_sha256", json_string(o->weights_sha256));
    if (*o->precision) json_object_set_new(one, "precision", json_string(o->precision));
    return one;
}

json_t *stage_dataset_streams(const stages *s)
{
    json_t *out = json_object();
    for (int k = 0; k < N_STREAMS; k++)
        if (s->shard.stream[k].used) json_object_set_new(out, stream_name(k), describe_stream(&s->shard.stream[k]));
    return out;
}

static json_t *describe_book(const codebook *b)
{
    const codebook_quality *q = &b->quality;
    char file[64];
    snprintf(file, sizeof file, "codebooks/%s.h5", b->name);
    return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:I, s:f, s:f, s:I, s:f}", "name", b->name, "file", file, "k",
                     (json_int_t)b->k, "d", (json_int_t)b->d, "sha256", b->sha256, "feature", b->feature,
                     "training_vectors", (json_int_t)q->n_train, "inertia_per_vector",
                     q->n_train ? q->inertia / (double)q->n_train : 0.0, "inertia_held_out_per_vector",
                     q->n_held_out ? q->inertia_held_out / (double)q->n_held_out : 0.0, "codes_used",
                     (json_int_t)q->codes_used, "perplexity", q->perplexity);
}

static int describe_files(const stages *s, json_t **out)
{
    static const char *const names[] = {"README.md",           "config.resolved.yaml",
                                        "vocabulary.json",     "rejects.jsonl",
                                        "filtered.jsonl",      "codebooks/audio.h5",
                                        "codebooks/audio.npy", "codebooks/image.h5",
                                        "codebooks/image.npy", "codebooks/image-projection.bin",
                                        "codebooks/sensor.h5", "codebooks/sensor.npy"};
    int rc = OK;
    *out = json_array();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *one = NULL;
        rc = dataset_describe(s->j->out, names[i], &one);
        if (rc == ERR_MISSING && i >= 5) {
            rc = OK; /* a codebook that is not used */
            continue;
        }
        TRY(rc);
        json_array_append_new(*out, one);
    }
    for (const char *const *name = tokenizer_file_names; *name; name++) {
        json_t *one = NULL;
        rc = dataset_describe(s->j->out, *name, &one);
        if (rc == OK) json_array_append_new(*out, one);
        if (rc == ERR_MISSING) rc = OK; /* of another kind of tokenizer */
        TRY(rc);
    }
done:
    return rc;
}

/* Whether a model was trained without a row that could not be read. */
static int models_lack_rows(const stages *s)
{
    int lack = s->image_map && fit_unread(s->j, "projection");
    for (int k = 0; k < N_MEDIA; k++) lack |= s->book[k].k && fit_unread(s->j, coded_stream_of(s->j, k).name);
    if (lack)
        LOG_JOB(LOG_WARN, "rows of the training sample could not be read; only --overwrite trains without this loss");
    return lack;
}

/* Everything but "files": what a card is written from. */
static int describe_dataset(stages *s, json_t *d, int *environment)
{
    int rc = OK;
    shard_counts total;
    json_t *accounting = json_object(), *books = json_array(), *canary = NULL;
    char resolved[SHA256_HEX];
    sum_counts(json_object_get(d, "shards"), &total);
    if (total.rows != corpus_index_rows(s->index) || total.examples + total.rejects + total.filtered != total.rows)
        FAIL(ERR_INTERNAL, "accounts do not balance: %lld rows, %lld examples, %lld rejects, %lld filtered of %lld",
             (long long)total.rows, (long long)total.examples, (long long)total.rejects, (long long)total.filtered,
             (long long)corpus_index_rows(s->index));
    TRY(sha256_bytes(s->settings.resolved, strlen(s->settings.resolved), resolved));
    TRY(dataset_add_counts(accounting, &total));
    TRY(stage_ledgers(s, json_object_get(d, "shards"), accounting));
    *environment = json_object_get(json_object_get(accounting, "reasons"), status_name(ERR_ENVIRONMENT)) != NULL;
    *environment |= models_lack_rows(s);
    TRY(canary_describe(s, &canary));
    for (int k = 0; k < N_MEDIA; k++)
        if (s->book[k].k) json_array_append_new(books, describe_book(&s->book[k]));
    char tokens[32];
    snprintf(tokens, sizeof tokens, "%016llx", (unsigned long long)s->tokens_hash);
    json_t *shards = json_incref(json_object_get(d, "shards"));
    json_object_clear(d);
    json_object_set_new(d, "format", json_string("tessera-dataset"));
    json_object_set_new(d, "format_version", json_integer(1));
    json_object_set_new(d, "created_by", json_string("tessera " TESSERA_VERSION));
    json_object_set_new(d, "reproducible", json_boolean(!*environment));
    json_object_set_new(d, "accounting", json_incref(accounting));
    json_object_set_new(d, "streams", stage_dataset_streams(s));
    json_object_set_new(d, "vocabulary_size", json_integer(s->words.size));
    json_object_set_new(d, "codebooks", json_incref(books));
    json_object_set(d, "canary", canary);
    json_object_set_new(d, "made_from", made_from(&s->settings));
    json_object_set_new(
        d, "hashes",
        json_pack("{s:s, s:s, s:s}", "config", resolved, "index", corpus_index_hash(s->index), "tokens", tokens));
    json_object_set_new(d, "shards", shards);
done:
    json_decref(accounting);
    json_decref(books);
    json_decref(canary);
    return rc;
}

static int write_dataset(const stages *s, json_t *d)
{
    int rc = OK;
    char *path = NULL, *text = NULL, *card = NULL, *croissant = NULL;
    json_t *files = NULL, *one = NULL;
    TRY(card_make(d, &card));
    TRY(note_text(s->j, "README.md", card, "dataset-text"));
    TRY(note_text(s->j, "config.resolved.yaml", s->settings.resolved, "dataset-text"));
    TRY(describe_files(s, &files));
    TRY(croissant_make(d, files, &croissant));
    TRY(note_text(s->j, "croissant.json", croissant, "dataset-text"));
    TRY(dataset_describe(s->j->out, "croissant.json", &one));
    json_array_append_new(files, one);
    json_object_set_new(d, "files", files);
    files = NULL;
    text = json_dumps(d, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    if (!text) FAIL(ERR_MEMORY, "no memory for dataset.json");
    TRY(job_path(s->j, &path, "dataset.json"));
    TRY(file_commit(path, text, strlen(text), "dataset"));
done:
    json_decref(files);
    free(text);
    mem_free(&croissant);
    mem_free(&card);
    mem_free(&path);
    return rc;
}

int stage_clear(stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *withdrawn = NULL;
    json_t *d = NULL;
    TRY(dataset_read(j->out, "dataset.json", &d));
    TRY(job_path(j, &withdrawn, "state/dataset.json"));
    TRY(file_remove(withdrawn)); /* of a repack, which has come to its end */
    /* with rows that failed for reasons outside their bytes the state is what --retry-environment works from */
    if (j->run.keep_state || !json_is_true(json_object_get(d, "reproducible"))) goto done;
    s->finished = 1;
    TRY(output_empty_state(j, "inhand")); /* which goes with the life */
done:
    json_decref(d);
    mem_free(&withdrawn);
    return rc;
}

static int finish_root(stages *s)
{
    int rc = OK, environment = 0;
    job *j = s->j;
    json_t *d = NULL, *sequences = NULL;
    char *path = NULL;
    TRY(stage_dataset_shards(s, &d));
    if (!s->repack) {
        TRY(job_path(j, &path, "vocabulary.json"));
        TRY(vocabulary_save(&s->words, path));
        TRY(tokenizer_files_write(j, &s->words));
        TRY(describe_dataset(s, d, &environment));
    }
    TRY(stage_sequence_files(s, d, &sequences));
    json_object_set(d, "sequences", sequences);
    if (s->repack) {
        char sha256[SHA256_HEX];
        TRY(sha256_bytes(s->settings.resolved, strlen(s->settings.resolved), sha256));
        json_object_set_new(json_object_get(d, "hashes"), "config", json_string(sha256));
        environment = !json_is_true(json_object_get(d, "reproducible"));
    }
    TRY(write_dataset(s, d));
    TRY(stage_clear(s));
    LOG_JOB(LOG_INFO, "complete: %s: %lld rows = %lld examples + %lld rejects + %lld filtered, %zu shards", j->out,
            (long long)dataset_int(d, "accounting.rows"), (long long)dataset_int(d, "accounting.examples"),
            (long long)dataset_int(d, "accounting.rejects"), (long long)dataset_int(d, "accounting.filtered"),
            json_array_size(json_object_get(d, "shards")));
    if (environment)
        LOG_JOB(LOG_WARN, "some rows failed for reasons outside their bytes; run again with --retry-environment when "
                          "these are mended");
done:
    json_decref(d);
    json_decref(sequences);
    mem_free(&path);
    return rc;
}

int stage_finish(stages *s)
{
    int rc = s->j->p.rank == 0 ? finish_root(s) : OK;
    return par_agree(&s->j->p, rc);
}
