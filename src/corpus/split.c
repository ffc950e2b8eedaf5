#include "corpus/split.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SPLITS = 1000 };

/* "train: 0.98" or "train=0.98". */
static int parse_entry(const char *entry, char **out_name, double *share)
{
    int rc = OK;
    char *end = NULL;
    size_t n = strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    const char *p = entry + n + strspn(entry + n, " \t");
    *out_name = NULL;
    *share = -1;
    if (n && (*p == ':' || *p == '=')) {
        p += 1 + strspn(p + 1, " \t");
        if (*p && !p[strspn(p, "0123456789.eE+-")]) *share = strtod(p, &end);
    }
    if (!end || *end || !isfinite(*share))
        FAIL(ERR_CONFIG, "corpus.splits: \"%s\" is not of the form NAME: SHARE (NAME of letters, digits, _ and -)",
             entry);
    if (*share < 0 || *share > 1) FAIL(ERR_CONFIG, "corpus.splits: the share in \"%s\" is not in 0..1", entry);
    TRY(mem_copy(out_name, entry, n));
done:
    return rc;
}

int split_table_make(const corpus_options *o, split_table *out)
{
    int rc = OK;
    double sum = 0, share;
    split_table t = {.seed = (uint64_t)o->split_seed};
    *out = (split_table){0};
    if (o->splits.n == 0 || o->splits.n > MAX_SPLITS)
        FAIL(ERR_CONFIG, "corpus.splits: %zu splits, must be 1..%d", o->splits.n, (int)MAX_SPLITS);
    TRY(MEM_ALLOC(t.names, o->splits.n));
    TRY(MEM_ALLOC(t.ends, o->splits.n));
    for (; t.n < o->splits.n; t.n++) {
        TRY(parse_entry(o->splits.texts[t.n], &t.names[t.n], &share));
        t.ends[t.n] = sum += share;
        for (size_t i = 0; i < t.n; i++)
            if (!strcmp(t.names[i], t.names[t.n])) {
                t.n++;
                FAIL(ERR_CONFIG, "corpus.splits: \"%s\" is there twice", t.names[i]);
            }
    }
    if (fabs(sum - 1) > 1e-6) FAIL(ERR_CONFIG, "corpus.splits: the shares sum to %.9g, must be 1", sum);
    /* splits without a share at the end stay empty */
    for (size_t i = t.n; i-- > 0 && t.ends[i] == sum;) t.ends[i] = 1;
    *out = t;
    t = (split_table){0};
done:
    split_table_free(&t);
    return rc;
}

void split_table_free(split_table *t)
{
    for (size_t i = 0; i < t->n; i++) mem_free(&t->names[i]);
    mem_free(&t->names);
    mem_free(&t->ends);
    *t = (split_table){0};
}

int split_of(const split_table *t, text_view group)
{
    double u = (double)(hash64(group.bytes, group.n, t->seed) >> 11) * 0x1p-53;
    size_t i = 0;
    while (i + 1 < t->n && u >= t->ends[i]) i++;
    return (int)i;
}

int corpus_split_count(const corpus_options *o) { return (int)o->splits.n; }

int corpus_split_name(const corpus_options *o, int split, char **name)
{
    int rc = OK;
    double share;
    *name = NULL;
    if (split < 0 || (size_t)split >= o->splits.n) FAIL(ERR_INTERNAL, "no split %d", split);
    TRY(parse_entry(o->splits.texts[split], name, &share));
done:
    return rc;
}
