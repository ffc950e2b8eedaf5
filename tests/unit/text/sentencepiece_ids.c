/* Ids and decoded texts of many texts, for comparison with another program (tests/peers/sentencepiece_ids.py).
 *
 *     sentencepiece_ids MODEL TEXTS OUT
 *
 * TEXTS: for each text its length (8 bytes, of this machine's order) and its bytes. OUT: for each text the count of its
 * ids (8 bytes), the ids (4 bytes each), the length of the decoded text (8 bytes), and that text. Prints the seconds
 * that encoding and decoding took. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct run {
    void *state;
    uint32_t *ids;
    char *text;
    size_t id_room, text_room;
    double encode_s, decode_s;
    FILE *out;
} run;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int write_all(FILE *out, const void *bytes, size_t n)
{
    int rc = OK;
    if (n && fwrite(bytes, 1, n, out) != n) FAIL(ERR_IO, "cannot write");
done:
    return rc;
}

static int one_text(run *r, const char *text, size_t n)
{
    int rc = OK;
    size_t count, back;
    const double start = now();
    TRY(sentencepiece_kind.encode(r->state, text, n, &r->ids, &r->id_room, &count));
    const double middle = now();
    TRY(sentencepiece_kind.decode(r->state, r->ids, count, &r->text, &r->text_room, &back));
    r->encode_s += middle - start;
    r->decode_s += now() - middle;
    const uint64_t n_ids = count, n_back = back;
    TRY(write_all(r->out, &n_ids, sizeof n_ids));
    TRY(write_all(r->out, r->ids, count * sizeof *r->ids));
    TRY(write_all(r->out, &n_back, sizeof n_back));
    TRY(write_all(r->out, r->text, back));
done:
    return rc;
}

static int all_texts(run *r, const uint8_t *texts, size_t n)
{
    int rc = OK;
    uint64_t length;
    for (size_t at = 0; at < n; at += (size_t)length) {
        if (n - at < sizeof length) FAIL(ERR_FORMAT, "the texts end early");
        memcpy(&length, texts + at, sizeof length);
        at += sizeof length;
        if (length > n - at) FAIL(ERR_FORMAT, "the texts end early");
        TRY(one_text(r, (const char *)texts + at, (size_t)length));
    }
done:
    return rc;
}

int main(int argc, char **argv)
{
    int rc = OK;
    uint8_t *model = NULL, *texts = NULL;
    size_t n_model, n_texts;
    run r = {0};
    if (argc != 4) FAIL(ERR_USAGE, "usage: sentencepiece_ids MODEL TEXTS OUT");
    TRY(file_read(argv[1], SIZE_MAX / 2, &model, &n_model));
    TRY(file_read(argv[2], SIZE_MAX / 2, &texts, &n_texts));
    r.out = fopen(argv[3], "wb");
    if (!r.out) FAIL(ERR_IO, "cannot write %s", argv[3]);
    const double start = now();
    TRY(sentencepiece_kind.open(&r.state, argv[1], model, n_model));
    const double open_s = now() - start;
    TRY(all_texts(&r, texts, n_texts));
    printf("%.6f %.6f %.6f\n", open_s, r.encode_s, r.decode_s);
done:
    if (rc != OK) fprintf(stderr, "%s\n", status_message());
    if (r.out && fclose(r.out) && rc == OK) rc = ERR_IO;
    sentencepiece_kind.close(&r.state);
    mem_free(&r.ids);
    mem_free(&r.text);
    mem_free(&texts);
    mem_free(&model);
    return rc != OK;
}
