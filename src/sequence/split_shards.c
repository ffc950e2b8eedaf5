#include "sequence/split_shards.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int split_shards_open(split_shards *s, size_t i, shard_reader **r)
{
    int rc = OK;
    if (!s->reader || s->open != i) {
        shard_reader_close(&s->reader);
        TRY((s->unchecked ? shard_reader_open_unchecked : shard_reader_open)(&s->reader, s->paths[i]));
        s->open = i;
        if (shard_reader_examples(s->reader) != s->first[i + 1] - s->first[i])
            FAIL(ERR_CORRUPT, "%s: the number of examples is wrong", s->paths[i]);
    }
    *r = s->reader;
done:
    return rc;
}

int split_shards_make(split_shards *s, char *const *paths, size_t n)
{
    int rc = OK;
    h5_file *f = NULL;
    memset(s, 0, sizeof *s);
    if (n > UINT32_MAX) FAIL(ERR_LIMIT, "%zu shards are too many", n);
    s->paths = paths;
    s->n = n;
    TRY(MEM_ALLOC(s->first, n + 1));
    for (size_t i = 0; i < n; i++) {
        int64_t count = 0;
        TRY(h5_open(&f, paths[i]));
        TRY(h5_get_int(f, "/", "n_examples", &count));
        h5_close(&f);
        if (count < 0 || count > INT64_MAX - s->first[i]) FAIL(ERR_CORRUPT, "%s: n_examples is wrong", paths[i]);
        s->first[i + 1] = s->first[i] + count;
    }
done:
    if (rc == ERR_MISSING && f) rc = ERR_CORRUPT; /* not the file but the attribute */
    h5_close(&f);
    if (rc != OK) split_shards_free(s);
    return rc;
}

void split_shards_free(split_shards *s)
{
    shard_reader_close(&s->reader);
    mem_free(&s->first);
    memset(s, 0, sizeof *s);
}
