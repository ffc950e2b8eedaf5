#include "tokens/run_length.h"

#include "base/memory.h"
#include "base/status.h"

size_t run_length_reduce(uint32_t *ids, size_t n, uint32_t *durations)
{
    size_t runs = 0;
    for (size_t i = 0; i < n; i++) {
        if (runs && ids[runs - 1] == ids[i] && durations[runs - 1] < UINT32_MAX) {
            durations[runs - 1]++;
            continue;
        }
        ids[runs] = ids[i];
        durations[runs++] = 1;
    }
    return runs;
}

int run_length_total(const uint32_t *durations, size_t n, size_t *total)
{
    int rc = OK;
    *total = 0;
    for (size_t i = 0; i < n; i++) TRY(size_add(*total, durations[i], total));
done:
    return rc;
}

void run_length_expand(const uint32_t *ids, const uint32_t *durations, size_t n, uint32_t *out)
{
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < durations[i]; k++) *out++ = ids[i];
}
