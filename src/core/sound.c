#include "base/memory.h"
#include "base/status.h"
#include "core/sound_parts.h"

#include <math.h>

static int create_features(sound *s)
{
    int rc = OK;
    audio_feature_options feature;
    audio_feature_options_from(s->o, &feature);
    TRY(audio_feature_create(&s->feature, &feature));
    s->width = audio_feature_width(s->feature);
    s->context = audio_feature_context(s->feature);
done:
    return rc;
}

static int create_encoder(sound *s)
{
    s->width = encoder_width(s->model->encoder, s->model->output);
    s->context = (int64_t)ceil(s->o->encoder.context_s * audio_frame_hz(s->model));
    return encode_batch_create(&s->batch, s->model, sound_longest_clip(s->o, s->model));
}

int sound_create(sound **out, const audio_options *o, const core_model *m)
{
    int rc = OK;
    sound *s = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->o = s->reader.o = o;
    s->model = m && m->encoder ? m : NULL;
    s->hop = audio_hop(m);
    s->window = audio_window_frames(o, m);
    TRY(s->model ? create_encoder(s) : create_features(s));
    *out = s;
    s = NULL;
done:
    sound_free(&s);
    return rc;
}

void sound_free(sound **ps)
{
    sound *s = *ps;
    if (!s) return;
    sound_reader_free(&s->reader);
    sound_measure_free(&s->measure);
    audio_feature_free(&s->feature);
    mem_free(&s->vectors);
    encode_batch_free(&s->batch);
    mem_free(ps);
}

int64_t sound_width(const sound *s) { return s->width; }

int64_t sound_frames(const sound *s, int64_t n_samples)
{
    return s->model ? encoder_frames(s->model->encoder, n_samples) : audio_feature_frames(s->feature, n_samples);
}

static int64_t samples_of_a_frame(const sound *s)
{
    return s->model ? encoder_samples(s->model->encoder, 1) : audio_feature_samples(s->feature, 1);
}

int sound_measures(sound *s, const filter_options *o)
{
    s->measures = 1;
    return sound_measure_open(&s->measure, o, s->window * s->hop * (s->o->piece_windows > 0 ? s->o->piece_windows : 1));
}

const sound_content *sound_measured(const sound *s) { return &s->measure.content; }

/* The samples of windows first .. last; those behind the last whole frame belong to the last window. */
static void begin_measure(sound *s, int64_t first, int64_t last)
{
    int64_t samples = s->window * s->hop;
    s->reader.measure = s->measures ? &s->measure : NULL;
    s->reader.measure_from = first * samples;
    s->reader.measure_to = last < INT64_MAX / samples - 1 ? (last + 1) * samples : INT64_MAX;
}

int sound_run(sound *s, const corpus_row *row, const byte_source *source, int64_t first, int64_t last,
              const vector_sink *sink, int64_t *frames, double *seconds)
{
    int rc = OK;
    const sound_call call = {row, source, first, last, sink};
    *frames = 0;
    *seconds = 0;
    begin_measure(s, first, last);
    TRY(s->model ? sound_run_encoder(s, &call, frames) : sound_run_features(s, &call, frames));
    int64_t total = s->reader.total;
    if (total >= 0 && sound_frames(s, total) < 1)
        FAIL(ERR_EMPTY, "the sound has %lld samples at %d Hz; one frame needs %lld", (long long)total, CORE_RATE_HZ,
             (long long)samples_of_a_frame(s));
    *seconds = (double)(*frames * s->hop) / CORE_RATE_HZ;
    if (s->measures) sound_measure_end(&s->measure);
done:
    s->reader.measure = NULL;
    sound_reader_end(&s->reader);
    if (rc != OK && s->batch) encode_batch_forget(s->batch, sink->user);
    return rc;
}

int sound_finish(sound *s) { return s->batch ? encode_batch_run(s->batch) : OK; }

void sound_forget(sound *s)
{
    if (s->batch) encode_batch_clear(s->batch);
}

int sound_samples(sound *s, const corpus_row *row, const byte_source *source,
                  int (*take)(void *user, const float *x, size_t n), void *user)
{
    int rc = OK;
    sound_reader *r = &s->reader;
    TRY(sound_reader_begin(r, row, source, 0));
    while (r->total < 0) {
        TRY(sound_reader_fill(r, r->first + CORE_RATE_HZ));
        TRY(take(user, r->samples, r->n));
        sound_reader_forget(r, r->first + (int64_t)r->n);
    }
done:
    sound_reader_end(r);
    return rc;
}
