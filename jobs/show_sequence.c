#include "jobs/show_sequence.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "jobs/sequence_job.h"
#include "sequence/sequence_print.h"

#include <stdlib.h>
#include <string.h>

/* The index file that holds sequence *number of the split; *number becomes that within the file. */
static int find_file(const json_t *set, const char *split, int64_t *number, const char **file)
{
    int rc = OK;
    int64_t total = 0, wanted = *number;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(set, "files"), i, entry)
    {
        int64_t n = dataset_int(entry, "sequences");
        if (strcmp(dataset_text(entry, "split"), split)) continue;
        if (wanted < total + n) {
            *number = wanted - total;
            *file = dataset_text(entry, "file");
            return OK;
        }
        total += n;
    }
    FAIL(ERR_CONFIG, "split %s has %lld sequences, numbers start at 0", split, (long long)total);
done:
    return rc;
}

static int print(job *j, const json_t *d, const char *name, const char *split, int64_t number)
{
    int rc = OK;
    const json_t *set = json_object_get(json_object_get(d, "sequences"), name);
    const char *file = NULL;
    char *path = NULL, **shards = NULL;
    size_t n_shards = 0;
    int64_t examples;
    vocabulary words;
    sequence_job job = {0};
    TRY(find_file(set, split, &number, &file));
    TRY(file_join(&path, j->target, "vocabulary.json"));
    TRY(vocabulary_load(&words, path));
    mem_free(&path);
    TRY(sequence_job_load(j, j->target, name));
    TRY(sequence_job_open(&job, j, &words, json_object_get(d, "streams")));
    TRY(dataset_shards(d, j->target, split, &shards, &n_shards, &examples));
    const sequence_set sources = sequence_job_set(&job, 0, shards, n_shards);
    TRY(file_join(&path, j->target, file));
    TRY(sequence_print(stdout, &sources, path, number));
done:
    sequence_job_close(&job);
    dataset_paths_free(&shards, n_shards);
    mem_free(&path);
    return rc;
}

int show_sequence(job *j, const json_t *d, const char *name, int *done)
{
    int rc = OK;
    char *set = NULL;
    const char *first = strchr(name, '/'), *second = first ? strchr(first + 1, '/') : NULL;
    *done = 0;
    if (!second || !second[1] || second[1 + strspn(second + 1, "0123456789")]) return OK;
    TRY(mem_copy(&set, name, (size_t)(second - name)));
    set[first - name] = 0;
    if (!json_object_get(json_object_get(d, "sequences"), set)) goto done;
    *done = 1;
    TRY(print(j, d, set, set + (first - name) + 1, strtoll(second + 1, NULL, 10)));
done:
    mem_free(&set);
    return rc;
}
