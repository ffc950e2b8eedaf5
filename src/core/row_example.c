#include "core/row_example.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/picture.h"
#include "core/sound.h"
#include "tensor/half.h"
#include "tokens/run_length.h"

#include <stdio.h>
#include <string.h>

enum { ASSIGN_BLOCK = 1024 };

struct core {
    core_settings settings;
    sound *sound;
    picture *picture;
    text_tokenizer *text;
    assigner *audio_assigner, *image_assigner;
    /* the call in hand */
    example *out;
    int (*tick)(void *user);
    void *user;
};

static int make_assigner(assigner **out, const codebook *book, const char *name, int64_t width)
{
    int rc = OK;
    if (!book) return OK;
    if (book->d != width)
        FAIL(ERR_CONFIG, "the %s codebook has %lld dimensions, the features have %lld", name, (long long)book->d,
             (long long)width);
    TRY(assigner_create(out, book->centroids, book->k, book->d));
done:
    return rc;
}

int core_create(core **out, const core_settings *settings)
{
    int rc = OK;
    core *c = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(c, 1));
    c->settings = *settings;
    TRY(text_tokenizer_create(&c->text, settings->text));
    if (settings->audio->use) {
        TRY(sound_create(&c->sound, settings->audio));
        TRY(make_assigner(&c->audio_assigner, settings->audio_codebook, "audio", sound_width(c->sound)));
    }
    if (settings->image->use) {
        TRY(picture_create(&c->picture, settings->image, settings->image_map));
        TRY(make_assigner(&c->image_assigner, settings->image_codebook, "image", picture_width(c->picture)));
    }
    *out = c;
    c = NULL;
done:
    core_free(&c);
    return rc;
}

void core_free(core **pc)
{
    core *c = *pc;
    if (!c) return;
    sound_free(&c->sound);
    picture_free(&c->picture);
    text_tokenizer_free(&c->text);
    assigner_free(&c->audio_assigner);
    assigner_free(&c->image_assigner);
    mem_free(pc);
}

int64_t core_audio_width(const core *c) { return c->sound ? sound_width(c->sound) : 0; }

int64_t core_image_width(const core *c) { return c->picture ? picture_width(c->picture) : 0; }

/* ---- vectors to ids ---- */

static int append_ids(assigner *a, const float *x, int64_t n, int64_t d, example_stream *s)
{
    int rc = OK;
    TRY(MEM_GROW(s->ids, &s->ids_capacity, s->n_ids + (size_t)n));
    for (int64_t i = 0; i < n; i += ASSIGN_BLOCK) {
        int64_t m = n - i < ASSIGN_BLOCK ? n - i : ASSIGN_BLOCK;
        TRY(assigner_run(a, x + i * d, m, s->ids + s->n_ids, NULL));
        s->n_ids += (size_t)m;
    }
done:
    return rc;
}

static int append_vectors(const float *x, int64_t n, int64_t d, example_stream *s)
{
    int rc = OK;
    size_t used = s->n_vectors * (size_t)d;
    TRY(MEM_GROW(s->vectors, &s->vectors_capacity, used + (size_t)(n * d)));
    half_from_floats(x, (size_t)(n * d), s->vectors + used);
    s->n_vectors += (size_t)n;
    s->width = d;
done:
    return rc;
}

static int quantise(assigner *a, int keep, const float *x, int64_t n, int64_t d, example_stream *s)
{
    int rc = OK;
    if (a && keep != KEEP_VECTORS) TRY(append_ids(a, x, n, d, s));
    if (keep != KEEP_TOKENS) TRY(append_vectors(x, n, d, s));
done:
    return rc;
}

static int sound_vectors(void *user, const float *x, int64_t first, int64_t n)
{
    (void)first;
    core *c = user;
    return quantise(c->audio_assigner, c->settings.audio->keep, x, n, sound_width(c->sound),
                    &c->out->stream[STREAM_AUDIO]);
}

static int sound_tick(void *user)
{
    core *c = user;
    return c->tick ? c->tick(c->user) : OK;
}

/* ---- the streams of a row ---- */

static int check_medium(const media *m)
{
    int rc = OK;
    if (m->status != OK) FAIL(m->status, "%s", m->message);
done:
    return rc;
}

static int run_sound(core *c, const corpus_row *row, const media *m, int64_t first, int64_t last)
{
    int rc = OK;
    example_stream *s = &c->out->stream[STREAM_AUDIO];
    int64_t frames;
    sound_sink sink = {sound_vectors, sound_tick, c};
    TRY(check_medium(m));
    TRY(source_hash(&m->source, &s->xxh3));
    s->used = 1;
    TRY(sound_run(c->sound, row, &m->source, first, last, &sink, &frames, &s->seconds));
    if (c->settings.audio->reduce && s->n_ids) {
        TRY(MEM_GROW(s->durations, &s->durations_capacity, s->n_ids));
        s->n_ids = run_length_reduce(s->ids, s->n_ids, s->durations);
        s->n_durations = s->n_ids;
    }
done:
    return rc;
}

static int run_picture(core *c, const media *m)
{
    int rc = OK;
    example_stream *s = &c->out->stream[STREAM_IMAGE];
    int64_t rows, columns;
    const float *x;
    TRY(check_medium(m));
    TRY(source_hash(&m->source, &s->xxh3));
    TRY(picture_run(c->picture, &m->source, 0, &x));
    picture_grid(c->picture, &rows, &columns);
    s->rows = (int32_t)rows;
    s->columns = (int32_t)columns;
    s->used = 1;
    TRY(quantise(c->image_assigner, c->settings.image->keep, x, rows * columns, picture_width(c->picture), s));
done:
    return rc;
}

static int run_text(core *c, const corpus_row *row)
{
    int rc = OK;
    example_stream *s = &c->out->stream[STREAM_TEXT];
    text_view text = row->field[FIELD_TEXT];
    if (!text.n) goto done;
    TRY(text_tokenizer_encode(c->text, text.bytes, text.n, &s->ids, &s->ids_capacity, &s->n_ids));
    s->used = 1;
done:
    return rc;
}

/* ---- outcomes ---- */

static void describe(const corpus_row *row, int64_t position, int starts_group, example *out)
{
    static const row_field fields[N_EXAMPLE_TEXTS] = {FIELD_ID,      FIELD_GROUP,     FIELD_ROLE, FIELD_LANG,
                                                      FIELD_LICENSE, FIELD_SOURCE,    FIELD_TEXT, FIELD_TEXT_LANG,
                                                      FIELD_EXTRA,   FIELD_AUDIO_PATH};
    example_reset(out);
    out->row = row->row;
    out->position = position;
    out->order = row->order;
    out->starts_group = starts_group;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        text_view v = row->field[fields[t]];
        if (t == EXAMPLE_PATH && !v.n) v = row->field[FIELD_IMAGE_PATH];
        if (t == EXAMPLE_PATH && !v.n) v = row->field[FIELD_SENSOR_PATH];
        out->text[t].bytes = v.bytes;
        out->text[t].n = v.n;
    }
}

static void reject(example *out, const char *stage, int code, const char *message)
{
    out->outcome = OUTCOME_REJECT;
    out->status = code;
    snprintf(out->stage, sizeof out->stage, "%s", stage);
    snprintf(out->message, sizeof out->message, "%s", message);
}

static void clear_stream(example_stream *s)
{
    s->n_ids = s->n_durations = s->n_vectors = 0;
    s->rows = s->columns = 0;
    s->xxh3 = 0;
    s->seconds = 0;
    s->used = 0;
}

/* What a failed stream means for the row: nothing more to do (OK, *rejected set or the stream dropped), or an error to
 * pass on. */
static int settle(const core *c, int code, const char *stage, stream_kind stream, int final, example *out)
{
    if (code == OK) return OK;
    if (status_is_environment(code) ? !final : !status_is_item(code)) return code;
    clear_stream(&out->stream[stream]);
    if (out->outcome != OUTCOME_REJECT || c->settings.keep_partial) reject(out, stage, code, status_message());
    return OK;
}

/* With corpus.partial: keep, a row that has at least one good stream stays. */
static void settle_partial(const core *c, example *out)
{
    if (out->outcome != OUTCOME_REJECT || !c->settings.keep_partial) return;
    for (int s = 0; s < N_STREAMS; s++)
        if (out->stream[s].used) {
            out->outcome = OUTCOME_EXAMPLE;
            out->status = OK;
        }
}

static void reject_of_index(const corpus_row *row, example *out)
{
    char message[sizeof out->message];
    text_view why = row->field[FIELD_MESSAGE];
    snprintf(message, sizeof message, "%.*s", (int)(why.n < sizeof message ? why.n : sizeof message - 1),
             why.bytes ? why.bytes : "");
    reject(out, row->status == ERR_INVALID || row->status == ERR_DUPLICATE ? "manifest" : "index", row->status,
           message);
}

static void begin(core *c, int (*tick)(void *user), void *user, example *out)
{
    c->out = out;
    c->tick = tick;
    c->user = user;
}

int core_row(core *c, const corpus_row *row, int64_t position, int starts_group, media m[N_MEDIA], int windows,
             int final, int (*tick)(void *user), void *user, example *out)
{
    int rc = OK;
    describe(row, position, starts_group, out);
    begin(c, tick, user, out);
    if (row->status != OK) {
        reject_of_index(row, out);
        goto done;
    }
    TRY(settle(c, run_text(c, row), "text", STREAM_TEXT, final, out));
    if (m[MEDIA_IMAGE].used && c->picture)
        TRY(settle(c, run_picture(c, &m[MEDIA_IMAGE]), "image", STREAM_IMAGE, final, out));
    if (m[MEDIA_AUDIO].used && c->sound && windows)
        TRY(settle(c, run_sound(c, row, &m[MEDIA_AUDIO], 0, INT64_MAX - 1), "audio", STREAM_AUDIO, final, out));
    if (m[MEDIA_SENSOR].used)
        reject(out, "sensor", ERR_UNSUPPORTED, "sensor arrays cannot be tokenised by this version");
    settle_partial(c, out);
done:
    return rc;
}

int core_piece(core *c, const corpus_row *row, int64_t position, media m[N_MEDIA], int64_t first, int64_t last,
               int final, int (*tick)(void *user), void *user, example *out)
{
    int rc = OK;
    describe(row, position, 0, out);
    begin(c, tick, user, out);
    TRY(settle(c, run_sound(c, row, &m[MEDIA_AUDIO], first, last), "audio", STREAM_AUDIO, final, out));
done:
    return rc;
}
