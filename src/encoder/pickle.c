#include "encoder/pickle.h"

#include "base/memory.h"
#include "base/status.h"
#include "encoder/pickle_parts.h"

int pickle_read(const uint8_t *bytes, size_t n, const char *path, pickle_list *out)
{
    int rc = OK;
    pickle_machine m = {.path = path, .at = bytes, .end = bytes + n};
    pickle_value top;
    *out = (pickle_list){0};
    if (n > PICKLE_STREAM_LIMIT)
        FAIL(ERR_CONFIG, "%s: data.pkl has %zu bytes, more than %d", path, n, PICKLE_STREAM_LIMIT);
    if (n < 2 || bytes[0] != 0x80) FAIL(ERR_CONFIG, "%s: data.pkl is no pickle stream of protocol 2 to 4", path);
    while (m.at < m.end && *m.at != '.') TRY(pickle_step(&m));
    if (m.at == m.end) FAIL(ERR_CONFIG, "%s: data.pkl is cut off", path);
    TRY(pickle_pop(&m, &top));
    TRY(pickle_flatten(&m, top, out));
done:
    pickle_machine_free(&m);
    if (rc != OK) pickle_list_free(out);
    return rc;
}

void pickle_list_free(pickle_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        mem_free(&l->tensors[i].name);
        mem_free(&l->tensors[i].storage);
    }
    mem_free(&l->tensors);
    *l = (pickle_list){0};
}
