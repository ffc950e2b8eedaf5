#include "codebook/codebook.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

const char *const kmeans_metric_names[] = {"l2", "cosine", "inner", NULL};

void codebook_free(codebook *c)
{
    mem_free(&c->name);
    mem_free(&c->feature);
    mem_free(&c->encoder);
    mem_free(&c->centroids);
    mem_free(&c->counts);
    mem_free(&c->history);
    mem_free(&c->changed);
    mem_free(&c->filled);
    mem_free(&c->channel_mean);
    mem_free(&c->channel_deviation);
    *c = (codebook){0};
}

static void add_text(sha256 *s, const char *text)
{
    uint64_t n = text ? strlen(text) : 0;
    sha256_add(s, &n, sizeof n);
    if (n) sha256_add(s, text, n);
}

int codebook_hash(codebook *c)
{
    int rc = OK;
    sha256 *s = NULL;
    const int64_t sizes[] = {c->k, c->d, c->layer};
    TRY(sha256_create(&s));
    add_text(s, "tessera codebook 1");
    sha256_add(s, sizes, sizeof sizes);
    add_text(s, c->feature);
    add_text(s, c->encoder);
    if (c->metric != KMEANS_L2) add_text(s, kmeans_metric_names[c->metric]);
    sha256_add(s, c->centroids, (size_t)(c->k * c->d) * sizeof *c->centroids);
    if (c->n_channels) {
        sha256_add(s, c->channel_mean, (size_t)c->n_channels * sizeof *c->channel_mean);
        sha256_add(s, c->channel_deviation, (size_t)c->n_channels * sizeof *c->channel_deviation);
    }
    sha256_hex(s, c->sha256);
done:
    sha256_free(&s);
    return rc;
}
