#include "jobs/ledger.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

const ledger_kind ledger_kinds[N_LEDGERS] = {
    [LEDGER_REJECTS] = {"rejects.jsonl", "rejects", "reason", "rejects", "reasons"},
    [LEDGER_FILTERED] = {"filtered.jsonl", "filtered", "rule", "filtered", "filtered_by_rule"}};

int ledger_each(const char *path, int (*line)(void *user, const json_t *line), void *user)
{
    int rc = OK;
    file_mapping map = {0};
    TRY(file_map(path, &map));
    for (size_t at = 0; at < map.n;) {
        const uint8_t *end = memchr(map.bytes + at, '\n', map.n - at);
        size_t n = end ? (size_t)(end - map.bytes) - at : map.n - at;
        json_t *value = json_loadb((const char *)map.bytes + at, n, 0, NULL);
        rc = line(user, value);
        json_decref(value);
        TRY(rc);
        at += n + 1;
    }
done:
    file_unmap(&map);
    return rc;
}

static void add(json_t *counts, const char *name, int64_t n)
{
    json_object_set_new(counts, name, json_integer(json_integer_value(json_object_get(counts, name)) + n));
}

void ledger_count(json_t *counts, const ledger_kind *kind, const json_t *line)
{
    const char *name = json_string_value(json_object_get(line, kind->by));
    add(counts, name ? name : "", 1);
}

void ledger_add(json_t *counts, const json_t *more)
{
    const char *name;
    json_t *n;
    json_object_foreach((json_t *)more, name, n) add(counts, name, json_integer_value(n));
}

int64_t ledger_sum(const json_t *counts)
{
    const char *name;
    json_t *n;
    int64_t sum = 0;
    json_object_foreach((json_t *)counts, name, n) sum += json_integer_value(n);
    return sum;
}
