#include "example_maker.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tokens/run_length.h"

#include <stdio.h>
#include <string.h>

static char texts[N_EXAMPLE_TEXTS][256];

static void set_text(example *e, example_text t, const char *text)
{
    snprintf(texts[t], sizeof texts[t], "%s", text);
    e->text[t].bytes = texts[t];
    e->text[t].n = strlen(texts[t]);
}

static void make_texts(int64_t i, example *e)
{
    static const char *const langs[] = {"de", "en", "", "gr\xC3\xBC"};
    char text[256];
    snprintf(text, sizeof text, i == 5 ? "id-\xFF\xC3(%lld" : "id-%lld", (long long)i);
    set_text(e, EXAMPLE_ID, text);
    snprintf(text, sizeof text, "group-%lld", (long long)(i / 3));
    set_text(e, EXAMPLE_GROUP, text);
    set_text(e, EXAMPLE_ROLE, i % 3 == 0 ? "user" : "");
    set_text(e, EXAMPLE_LANG, langs[rng_bits(1, (uint64_t)i, 0) % 4]);
    set_text(e, EXAMPLE_LICENSE, "CC0");
    snprintf(text, sizeof text, "source-%lld", (long long)(i / 10));
    set_text(e, EXAMPLE_SOURCE, text);
    snprintf(text, sizeof text, "caption %lld \xE2\x82\xAC", (long long)(i * i));
    set_text(e, EXAMPLE_TEXT, i % 5 ? text : "");
    set_text(e, EXAMPLE_TEXT_LANG, i % 5 ? "en" : "");
    set_text(e, EXAMPLE_EXTRA, i % 4 ? "" : "{\"speaker\": 3}");
    snprintf(text, sizeof text, i == 5 ? "a/\xE2\x82.wav" : "a/%lld.wav", (long long)i);
    set_text(e, EXAMPLE_PATH, i % 8 == 7 ? "" : text);
}

static uint32_t *grow_ids(example_stream *s, size_t n)
{
    if (MEM_GROW(s->ids, &s->ids_capacity, n) != OK || MEM_GROW(s->durations, &s->durations_capacity, n) != OK)
        return NULL;
    s->used = 1;
    s->n_ids = n;
    return s->ids;
}

static void make_sound(int64_t i, int reduced, example_stream *s)
{
    size_t n = 10 + rng_bits(2, (uint64_t)i, 0) % 300;
    uint32_t *ids = grow_ids(s, n);
    for (size_t k = 0; k < n; k++) ids[k] = (uint32_t)(rng_bits(3, (uint64_t)i, k / 3) % 500);
    if (reduced) s->n_ids = s->n_durations = run_length_reduce(s->ids, n, s->durations);
    s->seconds = (double)n / 64;
    s->xxh3 = rng_bits(4, (uint64_t)i, 0);
}

static void make_picture(int64_t i, example_stream *s)
{
    s->rows = (int32_t)(1 + i % 4);
    s->columns = (int32_t)(1 + i % 3);
    size_t n = (size_t)(s->rows * s->columns);
    uint32_t *ids = grow_ids(s, n);
    for (size_t k = 0; k < n; k++) ids[k] = (uint32_t)(rng_bits(5, (uint64_t)i, k) % 70000);
    s->width = 4;
    s->n_vectors = n;
    if (MEM_GROW(s->vectors, &s->vectors_capacity, 4 * n) != OK) return;
    for (size_t k = 0; k < 4 * n; k++) s->vectors[k] = (uint16_t)(rng_bits(6, (uint64_t)i, k) % 0x7C00);
    s->xxh3 = rng_bits(7, (uint64_t)i, 0);
}

static void make_text_ids(example *e)
{
    size_t n = e->text[EXAMPLE_TEXT].n;
    if (!n) return;
    uint32_t *ids = grow_ids(&e->stream[STREAM_TEXT], n);
    for (size_t k = 0; k < n; k++) ids[k] = (unsigned char)e->text[EXAMPLE_TEXT].bytes[k];
}

static void make_content(int64_t i, example *e)
{
    if (e->stream[STREAM_AUDIO].used)
        e->sound = (sound_content){.rate_hz = 16000 + i,
                                   .samples = 1000 * i,
                                   .clipped = i,
                                   .squares = {rng_bits(8, (uint64_t)i, 0), (uint64_t)i},
                                   .peak = 1.0 / (double)(i + 1),
                                   .hash = {rng_bits(8, (uint64_t)i, 1), rng_bits(8, (uint64_t)i, 2)}};
    if (e->stream[STREAM_IMAGE].used)
        e->picture = (picture_content){.width = 3 + i,
                                       .height = 7,
                                       .deviation = 0.25 * (double)i,
                                       .hash = {rng_bits(8, (uint64_t)i, 3), rng_bits(8, (uint64_t)i, 4)}};
    if (e->stream[STREAM_SENSOR].used)
        e->sensor = (sensor_content){5 + i, 3, {rng_bits(8, (uint64_t)i, 5), rng_bits(8, (uint64_t)i, 6)}};
}

void make_example(int64_t i, int reduced, example *e)
{
    example_reset(e);
    e->row = 1000 + 7 * i;
    e->position = i;
    e->order = i % 3;
    e->starts_group = i % 3 == 0;
    make_texts(i, e);
    if (i % 7 == 5) {
        e->outcome = OUTCOME_REJECT;
        e->status = ERR_FORMAT;
        strcpy(e->stage, "decode");
        snprintf(e->message, sizeof e->message, "row %lld \"is\" \xFF", (long long)i);
    } else if (i % 11 == 6) {
        e->outcome = OUTCOME_FILTERED;
        strcpy(e->rule, "too-short");
        strcpy(e->message, "0.1 s");
    } else {
        make_text_ids(e);
        if (i % 2) make_sound(i, reduced, &e->stream[STREAM_AUDIO]);
        if (i % 3 == 1) make_picture(i, &e->stream[STREAM_IMAGE]);
        make_content(i, e);
    }
}

void make_options(shard_options *o, int reduced)
{
    memset(o, 0, sizeof *o);
    o->tokens_hash = 42;
    memset(o->config_sha256, 'c', 64);
    for (int s = 0; s <= STREAM_AUDIO; s++) {
        o->stream[s].used = 1;
        o->stream[s].layer = -1;
    }
    o->stream[STREAM_TEXT].vocab_size = 256;
    strcpy(o->stream[STREAM_TEXT].encoder, "bytes");
    o->stream[STREAM_IMAGE].vocab_size = 70000;
    o->stream[STREAM_IMAGE].vectors = 1;
    o->stream[STREAM_IMAGE].width = 4;
    strcpy(o->stream[STREAM_IMAGE].encoder, "patches");
    memset(o->stream[STREAM_IMAGE].codebook_sha256, 'a', 64);
    o->stream[STREAM_AUDIO].vocab_size = 500;
    o->stream[STREAM_AUDIO].rate_hz = 100;
    o->stream[STREAM_AUDIO].reduced = reduced;
    strcpy(o->stream[STREAM_AUDIO].encoder, "mfcc");
    memset(o->stream[STREAM_AUDIO].codebook_sha256, 'b', 64);
}

static int bytes_equal(const void *a, const void *b, size_t n) { return !n || !memcmp(a, b, n); }

static int streams_equal(const example_stream *a, const example_stream *b)
{
    return a->used == b->used && a->n_ids == b->n_ids && a->n_durations == b->n_durations &&
           a->n_vectors == b->n_vectors && a->width == b->width && a->rows == b->rows && a->columns == b->columns &&
           a->xxh3 == b->xxh3 && a->seconds == b->seconds && bytes_equal(a->ids, b->ids, a->n_ids * sizeof *a->ids) &&
           bytes_equal(a->durations, b->durations, a->n_durations * sizeof *a->durations) &&
           bytes_equal(a->vectors, b->vectors, a->n_vectors * (size_t)a->width * sizeof *a->vectors);
}

int examples_equal(const example *a, const example *b)
{
    int same = a->row == b->row && a->position == b->position && a->order == b->order &&
               a->starts_group == b->starts_group && a->outcome == b->outcome && a->status == b->status &&
               !strcmp(a->stage, b->stage) && !strcmp(a->rule, b->rule) && !strcmp(a->message, b->message);
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++)
        same = same && a->text[t].n == b->text[t].n && bytes_equal(a->text[t].bytes, b->text[t].bytes, a->text[t].n);
    for (int s = 0; s < N_STREAMS; s++) same = same && streams_equal(&a->stream[s], &b->stream[s]);
    return same && !memcmp(&a->sound, &b->sound, sizeof a->sound) &&
           !memcmp(&a->picture, &b->picture, sizeof a->picture) && !memcmp(&a->sensor, &b->sensor, sizeof a->sensor);
}
