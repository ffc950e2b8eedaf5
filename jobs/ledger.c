#include "jobs/ledger.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int ledger_each(const char *dataset, int (*line)(void *user, const json_t *line), void *user)
{
    int rc = OK;
    char *path = NULL;
    file_mapping map = {0};
    TRY(file_join(&path, dataset, "rejects.jsonl"));
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
    mem_free(&path);
    return rc;
}
