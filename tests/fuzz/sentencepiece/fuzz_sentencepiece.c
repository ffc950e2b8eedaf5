/* SentencePiece models from anywhere: the first 4 bytes say how long the model is (little-endian), then come the model
 * and a text. What opens must cut any text into its ids, the same each time, and put them together again. */
#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

static void check_pieces(const void *model)
{
    const int64_t size = sentencepiece_kind.size(model);
    const int64_t begin = sentencepiece_kind.begin(model), end = sentencepiece_kind.end(model);
    check(size > 0 && begin >= -1 && begin < size && end >= -1 && end < size, "size");
    for (int64_t id = 0; id < size; id++) {
        size_t n;
        const char *bytes = sentencepiece_kind.piece(model, (uint32_t)id, &n);
        check(bytes && n > 0 && memchr(bytes, bytes[n - 1], n), "piece");
    }
}

static void check_text(void *model, const char *text, size_t n)
{
    uint32_t *ids = NULL, *again = NULL;
    char *back = NULL;
    size_t id_room = 0, again_room = 0, back_room = 0, count, again_count, length;
    check(sentencepiece_kind.encode(model, text, n, &ids, &id_room, &count) == OK, "encode");
    check(sentencepiece_kind.encode(model, text, n, &again, &again_room, &again_count) == OK, "encode");
    check(count == again_count && (!count || !memcmp(ids, again, count * sizeof *ids)), "ids differ");
    for (size_t i = 0; i < count; i++) check(ids[i] < sentencepiece_kind.size(model), "id");
    check(sentencepiece_kind.decode(model, ids, count, &back, &back_room, &length) == OK, "decode");
    check(length <= back_room, "decode");
    mem_free(&back);
    mem_free(&again);
    mem_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    void *model = NULL;
    if (n < 4) return 0;
    size_t n_model = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    if (n_model > n - 4) n_model = n - 4;
    sentencepiece_kind.detect(bytes + 4, n_model);
    const int rc = sentencepiece_kind.open(&model, "input", bytes + 4, n_model);
    check(rc == OK ? model != NULL : rc == ERR_CONFIG && !model && *status_message(), "open");
    if (rc != OK) return 0;
    check_pieces(model);
    check_text(model, (const char *)bytes + 4 + n_model, n - 4 - n_model);
    sentencepiece_kind.close(&model);
    return 0;
}
