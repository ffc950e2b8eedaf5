/* Where parts, shards and their counts lie. */
#include "jobs/stages.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { PER_FOLDER = 4096 };

typedef struct counts_file {
    char magic[8];
    shard_counts counts;
    uint64_t checksum;
} counts_file;

static const char magic[8] = "TSCOUNT1";

int stage_numbered_path(const job *j, const char *folder, int64_t number, const char *suffix, char **out)
{
    return job_path(j, out, "state/%s/%05lld/%010lld%s", folder, (long long)(number / PER_FOLDER), (long long)number,
                    suffix);
}

int stage_make_folders(const job *j, const char *folder, int64_t n)
{
    int rc = OK;
    char *path = NULL;
    for (int64_t i = 0; i < n; i += PER_FOLDER) {
        mem_free(&path);
        TRY(stage_numbered_path(j, folder, i, "", &path));
        *strrchr(path, '/') = 0;
        TRY(file_make_folder(path));
    }
done:
    mem_free(&path);
    return rc;
}

int stage_shard_path(const stages *s, int64_t shard, char **out)
{
    int rc = OK;
    char *split = NULL, *name = NULL;
    const unit_shard *sh = unit_table_shard(s->units, shard);
    TRY(corpus_split_name(&s->j->corpus, (int)sh->split, &split));
    TRY(shard_name(&name, split, sh->number, sh->of));
    TRY(job_path(s->j, out, "shards/%s", name));
done:
    mem_free(&split);
    mem_free(&name);
    return rc;
}

int stage_counts_of(const char *path, shard_counts *out)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    counts_file f;
    TRY(file_read(path, sizeof f, &bytes, &n));
    if (n != sizeof f) FAIL(ERR_CORRUPT, "%s is damaged", path);
    memcpy(&f, bytes, sizeof f);
    if (memcmp(f.magic, magic, sizeof magic) || f.checksum != hash64(&f.counts, sizeof f.counts, 0))
        FAIL(ERR_CORRUPT, "%s is damaged", path);
    *out = f.counts;
done:
    mem_free(&bytes);
    return rc;
}

int stage_read_counts(const stages *s, int64_t shard, shard_counts *out)
{
    int rc = OK;
    char *path = NULL, *file = NULL;
    TRY(stage_shard_path(s, shard, &file));
    TRY(stage_numbered_path(s->j, "shards", shard, ".counts", &path));
    TRY(stage_counts_of(path, out));
    if (!file_exists(file)) FAIL(ERR_MISSING, "%s is not there", file);
done:
    mem_free(&path);
    mem_free(&file);
    return rc;
}

int stage_write_counts(const stages *s, int64_t shard, const shard_counts *c)
{
    int rc = OK;
    char *path = NULL;
    counts_file f;
    memset(&f, 0, sizeof f);
    memcpy(f.magic, magic, sizeof magic);
    f.counts = *c;
    f.checksum = hash64(&f.counts, sizeof f.counts, 0);
    TRY(stage_numbered_path(s->j, "shards", shard, ".counts", &path));
    TRY(file_commit(path, &f, sizeof f, "counts"));
done:
    mem_free(&path);
    return rc;
}
