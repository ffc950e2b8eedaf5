#include "jobs/stage_ledgers.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "jobs/ledger.h"

typedef struct counting {
    const ledger_kind *kind;
    json_t *counts;
} counting;

static int count_line(void *user, const json_t *line)
{
    counting *c = user;
    ledger_count(c->counts, c->kind, line);
    return OK;
}

/* The lines of one shard: counted, and added to the file of all. */
static int add_shard(const stages *s, const ledger_kind *kind, int64_t shard, file_writer *w, json_t *entry)
{
    int rc = OK;
    char *path = NULL;
    file_mapping map = {0};
    counting c = {kind, json_object()};
    TRY(stage_numbered_path(s->j, kind->folder, shard, ".jsonl", &path));
    TRY(ledger_each(path, count_line, &c));
    if (ledger_sum(c.counts) != dataset_int(entry, kind->count))
        FAIL(ERR_CORRUPT, "%s has %lld lines, its shard counts %lld", path, (long long)ledger_sum(c.counts),
             (long long)dataset_int(entry, kind->count));
    json_object_set(entry, kind->counts, c.counts);
    TRY(file_map(path, &map));
    TRY(file_writer_add(w, map.bytes, map.n));
done:
    json_decref(c.counts);
    file_unmap(&map);
    mem_free(&path);
    return rc;
}

static int join(const stages *s, const ledger_kind *kind, json_t *shards, json_t *accounting)
{
    int rc = OK;
    char *path = NULL, what[32];
    file_writer *w = NULL;
    json_t *entry, *all = json_object();
    size_t i;
    TRY(job_path(s->j, &path, "%s", kind->file));
    snprintf(what, sizeof what, "%s-all", kind->folder);
    TRY(file_writer_open(&w, path, what));
    json_array_foreach(shards, i, entry)
    {
        TRY(add_shard(s, kind, (int64_t)i, w, entry));
        ledger_add(all, json_object_get(entry, kind->counts));
    }
    TRY(file_writer_commit(&w));
    json_object_set(accounting, kind->counts, all);
done:
    file_writer_abandon(&w);
    json_decref(all);
    mem_free(&path);
    return rc;
}

int stage_ledgers(const stages *s, json_t *shards, json_t *accounting)
{
    int rc = OK;
    for (int k = 0; k < N_LEDGERS; k++) TRY(join(s, &ledger_kinds[k], shards, accounting));
done:
    return rc;
}
