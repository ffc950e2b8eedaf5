#include "jobs/card.h"

#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "shards/example.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct text_buffer {
    char *text;
    size_t n, capacity;
    int status;
} text_buffer;

static void add(text_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(text_buffer *b, const char *format, ...)
{
    char line[2048];
    va_list args;
    if (b->status != OK) return;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n >= (int)sizeof line) n = (int)sizeof line - 1;
    b->status = MEM_GROW(b->text, &b->capacity, b->n + (size_t)n + 1);
    if (b->status != OK) return;
    memcpy(b->text + b->n, line, (size_t)n + 1);
    b->n += (size_t)n;
}

/* The hub's classes of size. */
static const char *size_category(int64_t n)
{
    static const struct {
        int64_t below;
        const char *name;
    } classes[] = {{1000, "n<1K"},         {10000, "1K<n<10K"},       {100000, "10K<n<100K"},   {1000000, "100K<n<1M"},
                   {10000000, "1M<n<10M"}, {100000000, "10M<n<100M"}, {1000000000, "100M<n<1B"}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (n < classes[i].below) return classes[i].name;
    return "n>1B";
}

/* "mfcc", or "hubert, layer 9, fp32, weights 0123456789abcdef". */
static void describe_source(const json_t *stream, char *out, size_t size)
{
    char layer[48] = "";
    const char *weights = dataset_text(stream, "weights_sha256");
    snprintf(out, size, "%s", dataset_text(stream, "encoder"));
    if (!*weights) return;
    if (json_object_get(stream, "layer"))
        snprintf(layer, sizeof layer, "layer %lld", (long long)dataset_int(stream, "layer"));
    snprintf(out, size, "%s, %s, %s, weights %.16s", dataset_text(stream, "encoder"), *layer ? layer : "its own codes",
             dataset_text(stream, "precision"), weights);
}

static void add_streams(text_buffer *b, const json_t *d)
{
    const char *name;
    json_t *s;
    add(b, "\n| stream | examples | tokens | made by | codes |\n|---|---|---|---|---|\n");
    json_object_foreach(json_object_get(d, "streams"), name, s)
    {
        char tokens[64], examples[64], source[256];
        snprintf(tokens, sizeof tokens, "accounting.tokens.%s", name);
        snprintf(examples, sizeof examples, "accounting.streams.%s", name);
        describe_source(s, source, sizeof source);
        add(b, "| %s | %lld | %lld | %s | %lld |\n", name, (long long)dataset_int(d, examples),
            (long long)dataset_int(d, tokens), source, (long long)dataset_int(s, "vocab_size"));
    }
}

static void add_counts(text_buffer *b, const json_t *counts, const char *title)
{
    const char *name;
    json_t *n;
    if (!json_object_size(counts)) return;
    add(b, "\n| %s | rows |\n|---|---|\n", title);
    json_object_foreach((json_t *)counts, name, n) add(b, "| %s | %lld |\n", name, (long long)json_integer_value(n));
}

static void add_accounting(text_buffer *b, const json_t *d)
{
    const json_t *accounting = json_object_get(d, "accounting");
    add(b,
        "\n## Accounting\n\n%lld rows = %lld examples + %lld rejects + %lld filtered. Every reject is a line of "
        "`rejects.jsonl`, every filtered row one of `filtered.jsonl`.\n",
        (long long)dataset_int(d, "accounting.rows"), (long long)dataset_int(d, "accounting.examples"),
        (long long)dataset_int(d, "accounting.rejects"), (long long)dataset_int(d, "accounting.filtered"));
    add_counts(b, json_object_get(accounting, "reasons"), "reason of rejects");
    add_counts(b, json_object_get(accounting, "filtered_by_rule"), "rule of filtered rows");
}

static void add_books(text_buffer *b, const json_t *d)
{
    size_t i;
    json_t *k;
    if (!json_array_size(json_object_get(d, "codebooks"))) return;
    add(b,
        "\n## Codebooks\n\n| name | codes | used | perplexity | dimensions | features |\n|---|---|---|---|---|---|\n");
    json_array_foreach(json_object_get(d, "codebooks"), i, k)
        add(b, "| %s | %lld | %lld | %.1f | %lld | %s |\n", dataset_text(k, "name"), (long long)dataset_int(k, "k"),
            (long long)dataset_int(k, "codes_used"), json_number_value(json_object_get(k, "perplexity")),
            (long long)dataset_int(k, "d"), dataset_text(k, "feature"));
}

static void add_sequences(text_buffer *b, const json_t *d)
{
    const char *name;
    json_t *s;
    add(b, "\n## Sequences\n\n");
    json_object_foreach(json_object_get(d, "sequences"), name, s) add(
        b,
        "`%s`: %lld sequences of %lld tokens from %lld documents (%lld tokens, %lld documents split, %lld dropped).\n",
        name, (long long)dataset_int(s, "sequences"), (long long)dataset_int(s, "length"),
        (long long)dataset_int(s, "documents"), (long long)dataset_int(s, "tokens"),
        (long long)dataset_int(s, "split_documents"), (long long)dataset_int(s, "dropped_documents"));
}

int card_make(const json_t *d, char **text)
{
    text_buffer b = {0};
    int64_t examples = dataset_int(d, "accounting.examples");
    add(&b,
        "---\npretty_name: tessera token dataset\nsize_categories:\n- %s\ntags:\n- tessera\n- multimodal\n- "
        "tokens\n---\n\n# Token dataset\n\n",
        size_category(examples));
    add(&b, "Made by %s. %lld examples, %.2f hours of sound, joint vocabulary of %lld ids (`vocabulary.json`).\n",
        dataset_text(d, "created_by"), (long long)examples,
        json_number_value(json_object_get(json_object_get(d, "accounting"), "audio_seconds")) / 3600,
        (long long)dataset_int(d, "vocabulary_size"));
    add_streams(&b, d);
    add_accounting(&b, d);
    add_books(&b, d);
    add_sequences(&b, d);
    add(&b, "\n## Files\n\nShards are HDF5 files in `shards/`; `config.resolved.yaml` holds every setting that the "
            "content depends on, `dataset.json` the\n"
            "checksum of every file. `tessera verify` checks them all.\n");
    *text = b.text;
    return b.status;
}
