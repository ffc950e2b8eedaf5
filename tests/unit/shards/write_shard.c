/* Writes a shard of made examples and, for a program that reads it, the examples as JSON lines.
 *
 * usage: write_shard FOLDER DEFLATE */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "part_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 100 };

static void print_numbers(FILE *f, const char *key, const uint32_t *values, size_t n)
{
    fprintf(f, ", \"%s\": [", key);
    for (size_t i = 0; i < n; i++) fprintf(f, i ? ", %u" : "%u", values[i]);
    fprintf(f, "]");
}

/* Texts of the made examples need no escapes but those of "extra" and the id that is not UTF-8: these as hex. */
static void print_example(FILE *f, const example *e)
{
    static const char *const names[] = {"id",     "group", "role",      "lang", "license",
                                        "source", "text",  "text_lang", "extra"};
    fprintf(f, "{\"row\": %lld", (long long)e->row);
    for (int t = 0; t < EXAMPLE_PATH; t++) {
        fprintf(f, ", \"%s\": \"", names[t]);
        for (size_t i = 0; i < e->text[t].n; i++) fprintf(f, "%02x", (unsigned char)e->text[t].bytes[i]);
        fprintf(f, "\"");
    }
    static const char *const id_names[] = {"text_ids", "image_ids", "audio_ids"};
    for (int s = 0; s <= STREAM_AUDIO; s++) print_numbers(f, id_names[s], e->stream[s].ids, e->stream[s].n_ids);
    print_numbers(f, "durations", e->stream[STREAM_AUDIO].durations, e->stream[STREAM_AUDIO].n_durations);
    const example_stream *image = &e->stream[STREAM_IMAGE];
    fprintf(f, ", \"grid\": [%d, %d], \"vectors\": [", image->rows, image->columns);
    for (size_t i = 0; i < 4 * image->n_vectors; i++) fprintf(f, i ? ", %u" : "%u", image->vectors[i]);
    fprintf(f, "], \"xxh3\": %llu, \"seconds\": %.17g}\n", (unsigned long long)image->xxh3,
            e->stream[STREAM_AUDIO].seconds);
}

static int write_expected(const char *path)
{
    example e = {0};
    FILE *f = fopen(path, "w");
    if (!f) return 1;
    for (int64_t i = 0; i < ROWS; i++) {
        make_example(i, 1, &e);
        if (e.outcome == OUTCOME_EXAMPLE) print_example(f, &e);
    }
    example_free(&e);
    return fclose(f);
}

int main(int argc, char **argv)
{
    part_set p;
    shard_options o;
    shard_counts c;
    char shard[512], rejects[512], filtered[512], expected[512];
    if (argc != 3) return 2;
    snprintf(shard, sizeof shard, "%s/shard.h5", argv[1]);
    snprintf(rejects, sizeof rejects, "%s/rejects.jsonl", argv[1]);
    snprintf(filtered, sizeof filtered, "%s/filtered.jsonl", argv[1]);
    snprintf(expected, sizeof expected, "%s/expected.jsonl", argv[1]);
    make_options(&o, 1);
    o.deflate = atoi(argv[2]);
    part_set_make(&p, argv[1], ROWS, 2, 1);
    int rc =
        shard_gather(&(shard_files){shard, rejects, filtered}, &(shard_parts){p.paths, p.units, p.n}, &o, NULL, &c);
    if (rc != OK) fprintf(stderr, "%s\n", status_message());
    part_set_free(&p);
    return rc != OK || write_expected(expected);
}
