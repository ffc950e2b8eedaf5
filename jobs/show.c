/* One example, token by token, for people; and the sound or the picture that the tokens were made from. */
#include "jobs/verbs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/picture.h"
#include "core/sound.h"
#include "decode/audio_write.h"
#include "decode/image_write.h"
#include "jobs/corpus_again.h"
#include "jobs/dataset_file.h"
#include "jobs/show_sequence.h"
#include "jobs/tokenizer_files.h"
#include "shards/shard.h"

#include <stdio.h>
#include <string.h>

enum { PER_LINE = 16 };

/* The tokenizer that the dataset has with it; NULL: text is bytes, or there is none. */
static int open_tokenizer(job *j, text_tokenizer **out)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *settings = NULL;
    size_t n;
    TRY(file_join(&path, j->target, "config.resolved.yaml"));
    TRY(file_read(path, 16 << 20, &settings, &n));
    TRY(job_make_config(j));
    TRY(config_load(j->config, path, (const char *)settings, n));
    TRY(tokenizer_files_use(j->target, &j->text));
    if (j->text.tokenizer != TOKENIZER_BYTES && *j->text.path) TRY(text_tokenizer_create(out, &j->text));
done:
    mem_free(&path);
    mem_free(&settings);
    return rc;
}

static void print_pieces(text_tokenizer *t, const uint32_t *ids, int64_t n)
{
    enum { SHOWN = 8 };
    char name[128];
    printf("text  %lld tokens", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *piece = t ? text_tokenizer_piece(t, ids[i], &length) : "";
        vocabulary_name_piece(piece, length, name, sizeof name);
        if (i % SHOWN == 0) printf("\n %6lld ", (long long)i);
        printf(" %u", ids[i]);
        if (t) printf(" \"%s\"", name);
    }
    printf("\n");
}

static void print_bytes(const uint32_t *ids, int64_t n)
{
    printf("text  %lld tokens\n  \"", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        unsigned c = ids[i] & 255;
        if (c == '"' || c == '\\')
            printf("\\%c", (int)c);
        else if (c < 32 || c == 127)
            printf("\\x%02x", c);
        else
            putchar((int)c);
    }
    printf("\"\n");
}

static void print_grid(const uint32_t *ids, int32_t rows, int32_t columns)
{
    printf("image  %d x %d tokens\n", rows, columns);
    for (int32_t r = 0; r < rows; r++) {
        printf(" ");
        for (int32_t c = 0; c < columns; c++) printf(" %5u", ids[r * columns + c]);
        printf("\n");
    }
}

/* Of sound, and of sensors. */
static void print_frames(stream_kind s, const uint32_t *ids, int64_t n, double rate_hz)
{
    printf("%s  %lld tokens", stream_name(s), (long long)n);
    if (rate_hz > 0) printf(" at up to %g per second", rate_hz);
    for (int64_t i = 0; i < n; i++) {
        if (i % PER_LINE == 0) printf("\n %6lld ", (long long)i);
        printf(" <%.3s_%u>", stream_name(s), ids[i]);
    }
    printf("\n");
}

static int print_stream(shard_reader *r, const json_t *d, text_tokenizer *t, stream_kind s, int64_t example)
{
    int rc = OK;
    uint32_t *ids = NULL;
    if (!shard_reader_has(r, s)) return OK;
    int64_t first = shard_reader_offset(r, s, example), n = shard_reader_offset(r, s, example + 1) - first;
    if (!n) return OK;
    TRY(MEM_ALLOC(ids, (size_t)n));
    TRY(shard_reader_read_ids(r, s, first, n, ids));
    const json_t *stream = json_object_get(json_object_get(d, "streams"), stream_name(s));
    if (s == STREAM_TEXT && !strcmp(dataset_text(stream, "encoder"), "bytes")) {
        print_bytes(ids, n);
    } else if (s == STREAM_TEXT) {
        print_pieces(t, ids, n);
    } else if (s == STREAM_IMAGE) {
        int32_t rows, columns;
        TRY(shard_reader_grid(r, example, &rows, &columns));
        print_grid(ids, rows, columns);
    } else {
        print_frames(s, ids, n, json_number_value(json_object_get(stream, "rate_hz")));
    }
done:
    mem_free(&ids);
    return rc;
}

static int print_example(shard_reader *r, const json_t *d, text_tokenizer *t, const char *file, int64_t example)
{
    static const struct {
        example_text text;
        const char *name;
    } fields[] = {{EXAMPLE_ID, "id"},         {EXAMPLE_GROUP, "group"},         {EXAMPLE_ROLE, "role"},
                  {EXAMPLE_LANG, "lang"},     {EXAMPLE_TEXT_LANG, "text_lang"}, {EXAMPLE_LICENSE, "license"},
                  {EXAMPLE_SOURCE, "source"}, {EXAMPLE_EXTRA, "extra"}};
    int rc = OK;
    char *text = NULL;
    printf("shard  %s, example %lld, row %lld\n", file, (long long)example, (long long)shard_reader_row(r, example));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        mem_free(&text);
        TRY(shard_reader_text(r, fields[i].text, example, &text));
        if (*text) printf("%s  %s\n", fields[i].name, text);
    }
    for (int s = 0; s < N_STREAMS; s++) TRY(print_stream(r, d, t, s, example));
done:
    mem_free(&text);
    return rc;
}

static int find_and_print(job *j, const json_t *d, const char *id)
{
    int rc = OK;
    size_t i;
    json_t *entry;
    char *path = NULL;
    shard_reader *r = NULL;
    text_tokenizer *t = NULL;
    TRY(open_tokenizer(j, &t));
    json_array_foreach(json_object_get(d, "shards"), i, entry)
    {
        int64_t example;
        mem_free(&path);
        shard_reader_close(&r);
        TRY(file_join(&path, j->target, dataset_text(entry, "file")));
        TRY(shard_reader_open(&r, path));
        TRY(shard_reader_find(r, id, &example));
        if (example < 0) continue;
        TRY(print_example(r, d, t, dataset_text(entry, "file"), example));
        goto done;
    }
    FAIL(ERR_CONFIG, "%s has no example \"%s\"; rejects.jsonl or filtered.jsonl may tell why", j->target, id);
done:
    text_tokenizer_free(&t);
    shard_reader_close(&r);
    mem_free(&path);
    return rc;
}

static int keep_sound(void *user, const float *x, size_t n)
{
    int rc = OK;
    struct {
        float *samples;
        size_t n, capacity;
    } *all = user;
    TRY(MEM_GROW(all->samples, &all->capacity, all->n + n));
    memcpy(all->samples + all->n, x, n * sizeof *x);
    all->n += n;
done:
    return rc;
}

static int write_sound(const job *j, const char *root, const corpus_row *row)
{
    int rc = OK;
    sound *s = NULL;
    media m = {.fd = -1};
    struct {
        float *samples;
        size_t n, capacity;
    } all = {0};
    if (row->media[MEDIA_AUDIO].size < 0) FAIL(ERR_CONFIG, "the row has no sound");
    TRY(media_open(root, row, MEDIA_AUDIO, 0, NULL, &m));
    if (m.status != OK) FAIL(m.status, "%s", m.message);
    audio_options plain = j->audio; /* what an encoder makes of the sound does not matter here */
    plain.feature = 0;
    TRY(sound_create(&s, &plain, NULL));
    TRY(sound_samples(s, row, &m.source, keep_sound, &all));
    TRY(audio_write_wav(j->write_wav, all.samples, all.n, CORE_RATE_HZ));
done:
    media_close(&m);
    sound_free(&s);
    mem_free(&all.samples);
    return rc;
}

static int write_picture(const job *j, const char *root, const corpus_row *row)
{
    int rc = OK;
    picture *p = NULL;
    core_model model = {0};
    media m = {.fd = -1};
    image pixels = {0};
    if (row->media[MEDIA_IMAGE].size < 0) FAIL(ERR_CONFIG, "the row has no picture");
    TRY(media_open(root, row, MEDIA_IMAGE, 0, NULL, &m));
    if (m.status != OK) FAIL(m.status, "%s", m.message);
    TRY(core_model_open_image(&model, &j->image));
    TRY(picture_create(&p, &j->image, &model, NULL));
    TRY(picture_pixels(p, &m.source, &pixels));
    TRY(image_write_png(j->write_png, &pixels));
done:
    media_close(&m);
    picture_free(&p);
    core_model_close(&model);
    image_free(&pixels);
    return rc;
}

static int write_media(job *j, const char *id)
{
    int rc = OK;
    corpus_again again = {0};
    corpus_row row;
    int64_t position;
    TRY(corpus_again_open(&again, j, j->target));
    TRY(corpus_index_find(again.index, (text_view){id, strlen(id)}, &position));
    if (position < 0) FAIL(ERR_CONFIG, "the corpus has no row \"%s\"", id);
    TRY(corpus_index_row(again.index, position, &row));
    if (j->write_wav) TRY(write_sound(j, corpus_index_root(again.index), &row));
    if (j->write_png) TRY(write_picture(j, corpus_index_root(again.index), &row));
done:
    corpus_again_close(&again);
    return rc;
}

int verb_show(job *j)
{
    int rc = OK;
    int done;
    json_t *d = NULL;
    if (j->p.rank != 0) return OK;
    if (j->n_args != 1) FAIL(ERR_USAGE, "tessera show needs a dataset and an id");
    rc = dataset_read(j->target, "dataset.json", &d);
    if (rc == ERR_MISSING) FAIL(ERR_CONFIG, "%s has no dataset.json: not a finished dataset", j->target);
    TRY(rc);
    TRY(show_sequence(j, d, j->args[0], &done));
    if (done) goto done;
    TRY(find_and_print(j, d, j->args[0]));
    if (j->write_wav || j->write_png) TRY(write_media(j, j->args[0]));
done:
    json_decref(d);
    return rc;
}
