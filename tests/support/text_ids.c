/* Ids of many texts, for comparisons with other tokenizers and for timing (tests/peers/text_ids.py).
 *
 * usage: text_ids TOKENIZER PATTERN SPECIALS parse|plain REPEAT <texts >ids
 *
 * PATTERN and SPECIALS may be "". Read: per text uint32 bytes, then the bytes. Written: per text uint32 ids, then the
 * ids as uint32. REPEAT rounds over all texts are timed; seconds of the fastest and bytes go to stderr. */
#include "base/memory.h"
#include "base/status.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct texts {
    char *bytes;
    size_t n, capacity;
} texts;

static void must(int rc)
{
    if (rc == OK) return;
    fprintf(stderr, "text_ids: %s\n", status_message());
    exit(1);
}

static void read_all(texts *t)
{
    for (size_t got = 1; got; t->n += got) {
        must(MEM_GROW(t->bytes, &t->capacity, t->n + (1 << 20)));
        got = fread(t->bytes + t->n, 1, 1 << 20, stdin);
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    texts all = {0};
    text_tokenizer *t = NULL;
    uint32_t *ids = NULL, length;
    size_t capacity = 0, count, bytes = 0;
    double best = 1e9;
    if (argc != 6) return 2;
    const text_options o = {.tokenizer = TOKENIZER_AUTO,
                            .path = argv[1],
                            .pattern = argv[2],
                            .specials = argv[3],
                            .special_tokens = !strcmp(argv[4], "parse")};
    must(text_tokenizer_create(&t, &o));
    read_all(&all);
    for (int repeat = 0; repeat <= atoi(argv[5]); repeat++) {
        double start = now();
        bytes = 0;
        for (size_t at = 0; at + sizeof length <= all.n; at += length) {
            memcpy(&length, all.bytes + at, sizeof length);
            at += sizeof length;
            must(text_tokenizer_encode(t, all.bytes + at, length, &ids, &capacity, &count));
            bytes += length;
            if (repeat) continue;
            const uint32_t n = (uint32_t)count;
            fwrite(&n, sizeof n, 1, stdout);
            fwrite(ids, sizeof *ids, count, stdout);
        }
        double seconds = now() - start;
        if (repeat && seconds < best) best = seconds;
    }
    fprintf(stderr, "%.6f %zu\n", best, bytes);
    mem_free(&ids);
    mem_free(&all.bytes);
    text_tokenizer_free(&t);
    return 0;
}
