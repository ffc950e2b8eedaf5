/* How far a running or stopped job is, from the files that it has committed. */
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "jobs/ledger.h"
#include "jobs/runs_log.h"
#include "jobs/stages.h"
#include "work/owner.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Files below state/NAME whose name ends in `suffix`. */
static int64_t count_files(const char *folder, const char *suffix)
{
    file_list names = {0};
    int64_t n = 0;
    if (file_list_folder(folder, &names) != OK) return 0;
    for (size_t i = 0; i < names.n; i++) {
        char *path = NULL;
        struct stat st;
        size_t l = strlen(names.names[i]), k = strlen(suffix);
        if (file_join(&path, folder, names.names[i]) == OK && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            n += count_files(path, suffix);
        else
            n += l >= k && !strcmp(names.names[i] + l - k, suffix);
        mem_free(&path);
    }
    file_list_free(&names);
    return n;
}

static int print_count(const char *dataset, const char *name, const char *suffix, const char *text)
{
    int rc = OK;
    char *path = NULL;
    TRY(mem_format(&path, "%s/state/%s", dataset, name));
    int64_t n = count_files(path, suffix);
    if (n) printf("%-10s %lld %s\n", "", (long long)n, text);
done:
    mem_free(&path);
    return rc;
}

/* What the shards below this folder count. */
static void add_counts(const char *folder, shard_counts *sum)
{
    file_list names = {0};
    if (file_list_folder(folder, &names) != OK) return;
    for (size_t i = 0; i < names.n; i++) {
        char *path = NULL;
        shard_counts c;
        if (file_join(&path, folder, names.names[i]) != OK) break;
        if (stage_counts_of(path, &c) == OK) {
            sum->rows += c.rows;
            sum->examples += c.examples;
            sum->rejects += c.rejects;
            sum->filtered += c.filtered;
        } else {
            add_counts(path, sum);
        }
        mem_free(&path);
    }
    file_list_free(&names);
}

static int print_shards(const char *dataset)
{
    int rc = OK;
    char *folder = NULL;
    shard_counts c = {0};
    TRY(print_count(dataset, "shards", ".counts", "shards"));
    TRY(mem_format(&folder, "%s/state/shards", dataset));
    add_counts(folder, &c);
    if (c.rows)
        printf("%-10s %lld rows in them = %lld examples + %lld rejects + %lld filtered\n", "", (long long)c.rows,
               (long long)c.examples, (long long)c.rejects, (long long)c.filtered);
done:
    mem_free(&folder);
    return rc;
}

/* The last line of metrics.jsonl: phase and share. */
static int print_metrics(const char *dataset)
{
    int rc = OK;
    char *path = NULL;
    file_mapping map = {0};
    json_t *line = NULL;
    TRY(file_join(&path, dataset, "logs/metrics.jsonl"));
    if (file_map(path, &map) != OK || !map.n) goto done;
    size_t end = map.n, start;
    while (end > 0 && map.bytes[end - 1] == '\n') end--;
    for (start = end; start > 0 && map.bytes[start - 1] != '\n';) start--;
    line = json_loadb((const char *)map.bytes + start, end - start, 0, NULL);
    if (!line) goto done;
    printf("%-10s %s, %.1f %% (units %lld of %lld, %lld rejects)\n", "last seen", dataset_text(line, "phase"),
           100 * json_number_value(json_object_get(line, "share")), (long long)dataset_int(line, "units"),
           (long long)dataset_int(line, "units_total"), (long long)dataset_int(line, "rejects"));
done:
    json_decref(line);
    file_unmap(&map);
    mem_free(&path);
    return rc;
}

/* Codebooks of matrices (`tessera train` with train.data), in a folder without a corpus, that are all finished. */
static int print_codebooks(const char *dataset, int *n)
{
    int rc = OK;
    char *facts = NULL, *books = NULL, *train = NULL;
    *n = 0;
    TRY(file_join(&facts, dataset, "state/facts"));
    TRY(file_join(&books, dataset, "codebooks"));
    TRY(file_join(&train, dataset, "state/train"));
    if (file_exists(facts) || count_files(train, "checkpoint.bin")) goto done;
    *n = (int)count_files(books, ".h5");
    if (*n) printf("%-10s complete: %d of %s/*.h5\n", "codebooks", *n, books);
done:
    mem_free(&facts);
    mem_free(&books);
    mem_free(&train);
    return rc;
}

static int print_working(const char *dataset)
{
    int rc = OK, alive, n;
    char *path = NULL, *owner = NULL, *last = NULL;
    TRY(file_join(&path, dataset, "state/owner"));
    TRY(owner_describe(path, &owner, &alive));
    TRY(runs_log_last(dataset, &last));
    if (!alive) TRY(print_codebooks(dataset, &n));
    if (!alive && n) goto done;
    printf("%-10s %s\n", "state", alive ? "running" : "not complete and not running: run the same command again");
    if (*owner) printf("%-10s %s\n", "owner", owner);
    printf("%-10s %s\n", "before", last);
    TRY(print_metrics(dataset));
    TRY(print_count(dataset, "features", ".f16", "parts of the training sample"));
    TRY(print_count(dataset, "parts", ".part", "units that wait for their shard"));
    TRY(print_shards(dataset));
    TRY(print_count(dataset, "sequences", ".counts", "blocks of sequences"));
done:
    mem_free(&path);
    mem_free(&owner);
    mem_free(&last);
    return rc;
}

static int print_status(const char *dataset)
{
    int rc = OK;
    json_t *d = NULL;
    char *path = NULL;
    TRY(file_join(&path, dataset, "dataset.json"));
    if (!file_exists(path)) {
        mem_free(&path);
        TRY(file_join(&path, dataset, "state"));
        if (!file_exists(path)) FAIL(ERR_CONFIG, "%s is not a dataset of tessera, finished or begun", dataset);
        TRY(print_working(dataset));
        goto done;
    }
    TRY(dataset_read(dataset, "dataset.json", &d));
    printf("%-10s complete\n", "state");
    printf("%-10s %lld = %lld examples + %lld rejects + %lld filtered\n", "rows",
           (long long)dataset_int(d, "accounting.rows"), (long long)dataset_int(d, "accounting.examples"),
           (long long)dataset_int(d, "accounting.rejects"), (long long)dataset_int(d, "accounting.filtered"));
    printf("%-10s %zu\n", "shards", json_array_size(json_object_get(d, "shards")));
    const char *name;
    json_t *n;
    for (int k = 0; k < N_LEDGERS; k++)
        json_object_foreach(json_object_get(json_object_get(d, "accounting"), ledger_kinds[k].counts), name, n)
            printf("%-10s %lld %s\n", ledger_kinds[k].count, (long long)json_integer_value(n), name);
    json_object_foreach(json_object_get(json_object_get(d, "accounting"), "tokens"), name, n)
        printf("%-10s %lld %s\n", "tokens", (long long)json_integer_value(n), name);
done:
    json_decref(d);
    mem_free(&path);
    return rc;
}

int verb_status(job *j) { return j->p.rank == 0 ? print_status(j->target) : OK; }
