/* Tokenizer files and texts from anywhere: a file (tokenizer.json or ranks), a zero byte, a text. A file that is read
 * must give ids below its size for every text that is UTF-8, the same each time; and when no step changes the text, ids
 * of ranks give the text back. */
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "text/tiktoken_file.h"
#include "text/tokenizer_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

typedef struct list {
    uint32_t *ids;
    size_t capacity, n;
} list;

static void check_text(const tokenizer_kind *kind, void *state, const char *text, size_t n)
{
    list first = {0}, second = {0};
    char *back = NULL;
    size_t capacity = 0, n_back, n_piece;
    int rc = kind->encode(state, text, n, &first.ids, &first.capacity, &first.n);
    check(rc == OK || rc == ERR_LIMIT, "encode");
    if (rc != OK) goto done;
    check(kind->encode(state, text, n, &second.ids, &second.capacity, &second.n) == OK, "encode again");
    check(first.n == second.n && (!first.n || !memcmp(first.ids, second.ids, first.n * sizeof *first.ids)),
          "other ids");
    for (size_t i = 0; i < first.n; i++) {
        check(first.ids[i] < kind->size(state), "an id that is too large");
        kind->piece(state, first.ids[i], &n_piece);
        check(n_piece > 0, "an id without a piece");
    }
    check(kind->decode(state, first.ids, first.n, &back, &capacity, &n_back) == OK, "decode");
    if (kind == &tiktoken_kind) check(n_back == n && (!n || !memcmp(back, text, n)), "another text");
done:
    mem_free(&first.ids);
    mem_free(&second.ids);
    mem_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const tokenizer_kind *const kinds[] = {&bpe_kind, &tiktoken_kind};
    const uint8_t *end = n ? memchr(bytes, 0, n) : NULL;
    size_t n_file = end ? (size_t)(end - bytes) : n;
    const char *text = end ? (const char *)end + 1 : "";
    size_t n_text = end ? n - n_file - 1 : 0;
    for (size_t k = 0; k < 2; k++) {
        void *state = NULL;
        kinds[k]->detect(bytes, n_file);
        int rc = kinds[k]->open(&state, "input", bytes, n_file);
        check(rc == OK || (rc == ERR_CONFIG && *status_message()), "open");
        if (rc != OK) continue;
        if (k) check(tiktoken_set_pattern(state, "o200k") == OK, "pattern");
        for (int parse = 0; parse < 2; parse++) {
            byte_bpe_parse_specials(state, parse);
            check_text(kinds[k], state, text, utf8_valid_prefix(text, n_text));
        }
        kinds[k]->close(&state);
    }
    return 0;
}
