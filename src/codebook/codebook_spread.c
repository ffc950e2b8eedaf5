#include "codebook/codebook.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Long double: its functions are the same on every processor. */
int codebook_spread_of(const codebook *c, codebook_spread *out)
{
    int rc = OK;
    int64_t *sorted = NULL, k = c->k;
    long double n = 0, squares = 0, entropy = 0;
    *out = (codebook_spread){0};
    TRY(MEM_ALLOC(sorted, (size_t)k));
    memcpy(sorted, c->counts, (size_t)k * sizeof *sorted);
    qsort(sorted, (size_t)k, sizeof *sorted, ascending);
    for (int64_t i = 0; i < k; i++) n += (long double)sorted[i];
    if (n <= 0) goto done;
    for (int64_t i = 0; i < k; i++) {
        long double share = (long double)sorted[i] / n;
        squares += share * share;
        if (sorted[i])
            entropy -= share * log2l(share);
        else
            out->dead++;
    }
    out->entropy_bits = (double)entropy;
    out->entropy_share = k > 1 ? (double)(entropy / log2l((long double)k)) : 1;
    out->imbalance = (double)((long double)k * squares);
    out->least = sorted[0];
    out->median = ((double)sorted[(k - 1) / 2] + (double)sorted[k / 2]) / 2;
    out->most = sorted[k - 1];
done:
    mem_free(&sorted);
    return rc;
}
