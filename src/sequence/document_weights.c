#include "sequence/document_weights.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_COPIES = 5 }; /* what random numbers are for */

static const struct {
    const char *name;
    int field;
} fields[] = {{"source", EXAMPLE_SOURCE}, {"lang", EXAMPLE_LANG}, {"text_lang", EXAMPLE_TEXT_LANG}};

/* "source=NAME: 2", "all: 0.5"; the weight stands after the last colon. */
static int parse_entry(const char *entry, document_weight *out)
{
    int rc = OK;
    const char *colon = strrchr(entry, ':'), *equals = strchr(entry, '=');
    char *end = NULL;
    *out = (document_weight){.field = -2};
    if (colon) out->weight = strtod(colon + 1, &end);
    if (!colon || end == colon + 1 || *end || !(out->weight >= 0 && out->weight <= DOCUMENT_COPIES_MAX))
        FAIL(ERR_CONFIG, "sequence.weights: \"%.100s\" does not end in a weight of 0 to %d", entry,
             (int)DOCUMENT_COPIES_MAX);
    if (colon - entry == 3 && !memcmp(entry, "all", 3)) out->field = -1;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && equals && equals < colon; i++)
        if (strlen(fields[i].name) == (size_t)(equals - entry) &&
            !memcmp(entry, fields[i].name, (size_t)(equals - entry)))
            out->field = fields[i].field;
    if (out->field == -2)
        FAIL(ERR_CONFIG,
             "sequence.weights: \"%.100s\" is not of the form all: W, source=NAME: W, lang=NAME: W or "
             "text_lang=NAME: W",
             entry);
    if (out->field >= 0) TRY(mem_copy(&out->value, equals + 1, (size_t)(colon - equals - 1)));
done:
    return rc;
}

int document_weights_make(document_weights *w, const sequence_options *o)
{
    int rc = OK;
    double most = 1;
    *w = (document_weights){.most = 1};
    TRY(MEM_ALLOC(w->entries, o->weights.n));
    for (; w->n < o->weights.n; w->n++) {
        document_weight *e = &w->entries[w->n];
        TRY(parse_entry(o->weights.texts[w->n], e));
        for (size_t i = 0; i < w->n; i++)
            if (w->entries[i].field == e->field && (e->field < 0 || !strcmp(w->entries[i].value, e->value))) {
                w->n++;
                FAIL(ERR_CONFIG, "sequence.weights has \"%.100s\" twice", o->weights.texts[w->n - 1]);
            }
    }
    /* of each field one entry can match */
    for (int f = -1; f < N_EXAMPLE_TEXTS; f++) {
        double highest = f < 0 ? 0 : 1;
        int any = 0;
        for (size_t i = 0; i < w->n; i++)
            if (w->entries[i].field == f && ++any && w->entries[i].weight > highest) highest = w->entries[i].weight;
        if (any) most *= highest;
    }
    if (most > DOCUMENT_COPIES_MAX)
        FAIL(ERR_CONFIG, "sequence.weights: together up to %g, at most %d", most, (int)DOCUMENT_COPIES_MAX);
    w->most = most > 1 ? (int64_t)ceil(most) : 1;
done:
    if (rc != OK) document_weights_free(w);
    return rc;
}

void document_weights_free(document_weights *w)
{
    for (size_t i = 0; w->entries && i < w->n; i++) mem_free(&w->entries[i].value);
    mem_free(&w->entries);
    *w = (document_weights){0};
}

int document_copies(const document_weights *w, uint64_t seed, shard_reader *r, int64_t example, int64_t *copies)
{
    int rc = OK;
    char *text = NULL;
    double weight = 1, whole;
    *copies = 1;
    if (!w->n) return OK;
    for (size_t i = 0; i < w->n; i++) {
        const document_weight *e = &w->entries[i];
        if (e->field >= 0) {
            mem_free(&text);
            TRY(shard_reader_text(r, (example_text)e->field, example, &text));
        }
        if (e->field < 0 || !strcmp(text, e->value)) weight *= e->weight;
    }
    double rest = modf(weight, &whole);
    *copies = (int64_t)whole + (rng_uniform(seed, KEY_COPIES, (uint64_t)shard_reader_row(r, example)) < rest);
done:
    mem_free(&text);
    return rc;
}
