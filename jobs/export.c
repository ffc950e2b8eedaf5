/* The packed sequences of a finished dataset in the formats of others. Rank 0 alone works. */
#include "export/export.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "export/text_form.h"
#include "jobs/dataset_file.h"
#include "jobs/export_folder.h"
#include "jobs/sequence_job.h"
#include "jobs/verbs.h"
#include "work/stop.h"

#include <string.h>

/* A split as the writers want it, and what that is made from. */
typedef struct split_files {
    char **shards, **indexes;
    size_t n_shards, n_indexes;
    export_split split;
} split_files;

typedef struct exporting {
    job *j;
    json_t *d;
    const export_format *format;
    export_options options;
    const char *set;
    const json_t *described; /* the set in dataset.json */
    vocabulary words;
    sequence_job sequences;
    split_files *splits;
    size_t n_splits;
} exporting;

static int go_on(void)
{
    int rc = OK;
    if (stop_asked()) FAIL(ERR_STOPPED, "%s", stop_reason());
done:
    return rc;
}

static int check_options(exporting *x)
{
    int rc = OK;
    job *j = x->j;
    const char *name = j->format ? j->format : "";
    if (j->n_args) FAIL(ERR_USAGE, "tessera export needs one dataset, not also \"%s\"", j->args[0]);
    for (int i = 0; i < N_EXPORT_FORMATS; i++)
        if (!strcmp(export_formats[i].name, name)) x->format = &export_formats[i];
    if (!x->format)
        FAIL(ERR_USAGE, "tessera export needs --format megatron, webdataset, jsonl or npy%s%s", *name ? ", not " : "",
             name);
    if (!j->to || !*j->to) FAIL(ERR_USAGE, "tessera export needs --to: a new or empty folder");
    if (j->audio_token) TRY(token_pattern_check("--audio-token", j->audio_token));
    if (j->image_token) TRY(token_pattern_check("--image-token", j->image_token));
    x->options = (export_options){.per_tar = j->per_tar ? j->per_tar : EXPORT_PER_TAR,
                                  .token = {[STREAM_IMAGE] = j->image_token, [STREAM_AUDIO] = j->audio_token},
                                  .batch_tokens = EXPORT_BATCH_TOKENS};
done:
    return rc;
}

/* "a, b" of the members of an object. */
static int names_of(const json_t *object, char **out)
{
    int rc = OK;
    const char *name;
    json_t *one;
    char *more = NULL;
    TRY(mem_string(out, ""));
    json_object_foreach((json_t *)object, name, one)
    {
        TRY(mem_format(&more, "%s%s%s", *out, **out ? ", " : "", name));
        mem_free(out);
        *out = more;
        more = NULL;
    }
done:
    return rc;
}

/* The set that is named, or the only one. */
static int find_set(exporting *x)
{
    int rc = OK;
    const json_t *sets = json_object_get(x->d, "sequences");
    char *names = NULL;
    TRY(names_of(sets, &names));
    if (!*names) FAIL(ERR_CONFIG, "%s has no sequences; tessera pack makes them", x->j->target);
    x->set = x->j->sequences;
    if (!x->set && json_object_size(sets) == 1) x->set = json_object_iter_key(json_object_iter((json_t *)sets));
    if (!x->set) FAIL(ERR_CONFIG, "%s has several sets of sequences; --sequences names one: %s", x->j->target, names);
    x->described = json_object_get(sets, x->set);
    if (!x->described) FAIL(ERR_CONFIG, "%s has no set of sequences \"%s\", but: %s", x->j->target, x->set, names);
done:
    mem_free(&names);
    return rc;
}

static int open_sequences(exporting *x)
{
    int rc = OK;
    char *path = NULL;
    job *j = x->j;
    TRY(file_join(&path, j->target, "vocabulary.json"));
    TRY(vocabulary_load(&x->words, path));
    TRY(sequence_job_load(j, j->target, x->set));
    TRY(sequence_job_open(&x->sequences, j, &x->words, json_object_get(x->d, "streams")));
done:
    mem_free(&path);
    return rc;
}

/* The split's number of sequences, and the paths of its index files. */
static int find_indexes(const exporting *x, split_files *s)
{
    int rc = OK;
    size_t i, capacity = 0;
    json_t *entry;
    json_array_foreach(json_object_get(x->described, "files"), i, entry)
    {
        if (strcmp(dataset_text(entry, "split"), s->split.name)) continue;
        TRY(MEM_GROW(s->indexes, &capacity, s->n_indexes + 1));
        TRY(file_join(&s->indexes[s->n_indexes], x->j->target, dataset_text(entry, "file")));
        s->n_indexes++;
        s->split.n_sequences += dataset_int(entry, "sequences");
    }
done:
    return rc;
}

static int open_split(exporting *x, const char *name)
{
    int rc = OK;
    int64_t examples;
    split_files *s = &x->splits[x->n_splits++];
    s->split.name = name;
    TRY(find_indexes(x, s));
    TRY(dataset_shards(x->d, x->j->target, name, &s->shards, &s->n_shards, &examples));
    s->split.set = x->set;
    s->split.sources = sequence_job_set(&x->sequences, (int)x->n_splits - 1, s->shards, s->n_shards);
    s->split.index_paths = s->indexes;
    s->split.n_index = s->n_indexes;
    s->split.go_on = go_on;
    TRY(export_check(x->format, &s->split));
done:
    return rc;
}

/* The split that is named, or all that have sequences, in the order of the dataset. */
static int open_splits(exporting *x)
{
    int rc = OK;
    size_t i;
    json_t *entry, *files = json_object_get(x->described, "files"), *seen = json_object();
    char *names = NULL;
    TRY(MEM_ALLOC(x->splits, json_array_size(files)));
    json_array_foreach(files, i, entry)
    {
        const char *name = dataset_text(entry, "split");
        if (!dataset_int(entry, "sequences") || json_object_get(seen, name)) continue;
        json_object_set_new(seen, name, json_true());
        if (!x->j->split || !strcmp(x->j->split, name)) TRY(open_split(x, name));
    }
    if (x->n_splits) goto done;
    TRY(names_of(seen, &names));
    if (x->j->split && *names)
        FAIL(ERR_CONFIG, "set %s has no sequences of split \"%s\", but of: %s", x->set, x->j->split, names);
    FAIL(ERR_CONFIG, "set %s has no sequences", x->set);
done:
    json_decref(seen);
    mem_free(&names);
    return rc;
}

static int write_splits(const exporting *x, json_t *counted)
{
    int rc = OK;
    for (size_t i = 0; i < x->n_splits; i++) {
        export_counts c;
        const char *name = x->splits[i].split.name;
        TRY(x->format->write(&x->splits[i].split, &x->options, x->j->to, &c));
        json_object_set_new(counted, name,
                            json_pack("{s:I, s:I, s:I}", "sequences", (json_int_t)c.sequences, "documents",
                                      (json_int_t)c.documents, "tokens", (json_int_t)c.tokens));
        LOG_JOB(LOG_INFO, "export: %lld sequences, %lld documents, %lld tokens of split %s to %s",
                (long long)c.sequences, (long long)c.documents, (long long)c.tokens, name, x->j->to);
    }
done:
    return rc;
}

/* What a reader of the files needs to know besides. */
static json_t *facts(const exporting *x, json_t *counted)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:O}", "export", x->format->name, "set", x->set, "length",
                     (json_int_t)x->j->sequence.length, "vocabulary_size", (json_int_t)x->words.size, "pad_id",
                     (json_int_t)vocabulary_special(&x->words, SPECIAL_PAD), "eos_id",
                     (json_int_t)vocabulary_special(&x->words, SPECIAL_EOS), "splits", counted);
}

static int write_all(const exporting *x)
{
    int rc = OK;
    json_t *counted = json_object(), *all = NULL;
    TRY(export_folder_begin(x->j->to, x->j->overwrite));
    TRY(write_splits(x, counted));
    all = facts(x, counted);
    TRY(export_folder_end(x->j->to, all));
done:
    json_decref(counted);
    json_decref(all);
    return rc;
}

static int export_dataset(exporting *x)
{
    int rc = OK;
    TRY(check_options(x));
    rc = dataset_read(x->j->target, "dataset.json", &x->d);
    if (rc == ERR_MISSING) FAIL(ERR_CONFIG, "%s has no dataset.json: not a finished dataset", x->j->target);
    TRY(rc);
    TRY(find_set(x));
    TRY(open_sequences(x));
    TRY(open_splits(x));
    for (size_t i = 0; x->j->dry_run && i < x->n_splits; i++)
        LOG_JOB(LOG_INFO, "export: %lld sequences of split %s; nothing written: --dry-run",
                (long long)x->splits[i].split.n_sequences, x->splits[i].split.name);
    if (!x->j->dry_run) TRY(write_all(x));
done:
    return rc;
}

int verb_export(job *j)
{
    exporting x = {.j = j};
    if (j->p.rank != 0) return OK;
    int rc = export_dataset(&x);
    for (size_t i = 0; i < x.n_splits; i++) {
        dataset_paths_free(&x.splits[i].shards, x.splits[i].n_shards);
        dataset_paths_free(&x.splits[i].indexes, x.splits[i].n_indexes);
    }
    mem_free(&x.splits);
    sequence_job_close(&x.sequences);
    json_decref(x.d);
    return rc;
}
