#include "core/sound.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_decode.h"
#include "feature/resample.h"

#include <math.h>
#include <string.h>

enum { HOP = 160, FRAME = 400, BLOCK = 8192 };

struct sound {
    const audio_options *o;
    audio_feature *feature;
    int64_t width, context;
    resampler *resample; /* for `rate_hz`; kept, as most rows have the same rate */
    int64_t rate_hz;
    float *in;      /* (BLOCK) at the file's rate */
    float *samples; /* at 16 kHz, from sample `first` on */
    size_t capacity, n;
    int64_t first;
    float *vectors; /* of one window */
    size_t vectors_capacity;
};

/* The row's sound while it is read. */
typedef struct reading {
    audio_stream *stream;
    audio_info info;
    int64_t at, end; /* next frame of the file; end of the segment (INT64_MAX: end of file) */
    int64_t start;   /* of the segment */
    int64_t total;   /* samples at 16 kHz in all; -1: not known before the end */
} reading;

int sound_create(sound **out, const audio_options *o)
{
    int rc = OK;
    sound *s = NULL;
    audio_feature_options feature;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->o = o;
    audio_feature_options_from(o, &feature);
    TRY(audio_feature_create(&s->feature, &feature));
    s->width = audio_feature_width(s->feature);
    s->context = audio_feature_context(s->feature);
    TRY(MEM_ALLOC(s->in, BLOCK));
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
    audio_feature_free(&s->feature);
    resampler_free(&s->resample);
    mem_free(&s->in);
    mem_free(&s->samples);
    mem_free(&s->vectors);
    mem_free(ps);
}

int64_t sound_width(const sound *s) { return s->width; }

static int prepare_resampler(sound *s, int64_t rate_hz, int64_t first_output)
{
    int rc = OK;
    if (s->resample && s->rate_hz == rate_hz) {
        resampler_restart(s->resample, first_output);
        return OK;
    }
    resampler_free(&s->resample);
    TRY(resampler_create(&s->resample, rate_hz, CORE_RATE_HZ, first_output));
    s->rate_hz = rate_hz;
done:
    return rc;
}

/* Open the file and go to the first frame that window `first` needs. */
static int begin(sound *s, reading *r, const corpus_row *row, const byte_source *source, int64_t first_frame)
{
    int rc = OK;
    audio_limits limits = {.max_seconds = s->o->max_seconds, .max_channels = s->o->max_channels};
    TRY(audio_open(&r->stream, source, &limits, &r->info));
    double rate = r->info.rate_hz;
    r->start = llround(row->offset_s * rate);
    r->end = row->duration_s >= 0 ? r->start + llround(row->duration_s * rate) : INT64_MAX;
    r->total = -1;
    if (r->info.n_frames >= 0 && r->start > 0 && r->start >= r->info.n_frames)
        FAIL(ERR_INVALID, "the segment starts at %.3f s, the file has %.3f s", row->offset_s,
             (double)r->info.n_frames / rate);
    s->first = first_frame * HOP;
    s->n = 0;
    TRY(prepare_resampler(s, r->info.rate_hz, s->first));
    r->at = r->start + resampler_first_input(s->resample);
    if (r->at > 0) TRY(audio_seek(r->stream, r->at));
done:
    return rc;
}

/* The end of the sound: everything that the header, or the segment, promised must have come. */
static int end_of_input(sound *s, reading *r)
{
    int rc = OK;
    size_t got, room = resampler_capacity(s->resample, 0);
    TRY(MEM_GROW(s->samples, &s->capacity, s->n + room));
    TRY(resampler_finish(s->resample, s->samples + s->n, room, &got));
    s->n += got;
    r->total = s->first + (int64_t)s->n;
    int64_t promised = r->end != INT64_MAX ? r->end : r->info.n_frames;
    if (promised >= 0) TRY(audio_check_length(promised, r->at, r->info.rate_hz));
done:
    return rc;
}

/* Read until sample `until` (exclusive) is there or the sound ends. */
static int fill(sound *s, reading *r, int64_t until)
{
    int rc = OK;
    while (r->total < 0 && s->first + (int64_t)s->n < until) {
        size_t want = r->end - r->at < BLOCK ? (size_t)(r->end > r->at ? r->end - r->at : 0) : BLOCK, got = 0, made;
        if (want) TRY(audio_read_mono(r->stream, s->in, want, &got));
        if (got) {
            size_t room = resampler_capacity(s->resample, got);
            TRY(MEM_GROW(s->samples, &s->capacity, s->n + room));
            TRY(resampler_push(s->resample, s->in, got, s->samples + s->n, room, &made));
            s->n += made;
            r->at += (int64_t)got;
            if (s->o->max_seconds > 0 && (double)r->at > s->o->max_seconds * r->info.rate_hz)
                FAIL(ERR_LIMIT, "longer than audio.max_seconds (%g s)", s->o->max_seconds);
        }
        if (got < want || !want) TRY(end_of_input(s, r));
    }
done:
    return rc;
}

static void forget_before(sound *s, int64_t sample)
{
    int64_t drop = sample - s->first;
    if (drop <= 0) return;
    if (drop > (int64_t)s->n) drop = (int64_t)s->n;
    memmove(s->samples, s->samples + drop, (s->n - (size_t)drop) * sizeof *s->samples);
    s->n -= (size_t)drop;
    s->first += drop;
}

/* One window: frames f0 .. f1-1 with context; *f1 is cut at the end of the sound. */
static int run_window(sound *s, reading *r, int64_t f0, int64_t *f1, const sound_sink *sink)
{
    int rc = OK;
    int64_t lead = f0 < s->context ? f0 : s->context, trail = s->context;
    TRY(fill(s, r, (*f1 + s->context - 1) * HOP + FRAME));
    if (r->total >= 0) {
        int64_t frames = audio_feature_frames(s->feature, r->total);
        if (*f1 > frames) *f1 = frames;
        if (trail > frames - *f1) trail = frames - *f1;
    }
    if (*f1 <= f0) goto done;
    TRY(MEM_GROW(s->vectors, &s->vectors_capacity, (size_t)((*f1 - f0) * s->width)));
    const float *samples = s->samples + ((f0 - lead) * HOP - s->first);
    TRY(audio_feature_compute(s->feature, samples, lead + *f1 - f0 + trail, lead, trail, s->vectors));
    TRY(sink->vectors(sink->user, s->vectors, f0, *f1 - f0));
done:
    return rc;
}

int sound_run(sound *s, const corpus_row *row, const byte_source *source, int64_t first, int64_t last,
              const sound_sink *sink, int64_t *frames, double *seconds)
{
    int rc = OK;
    reading r = {0};
    int64_t window = audio_window_frames(s->o), start = first * window;
    *frames = 0;
    *seconds = 0;
    TRY(begin(s, &r, row, source, start < s->context ? 0 : start - s->context));
    for (int64_t w = first; w <= last; w++) {
        int64_t f0 = w * window, f1 = f0 + window;
        TRY(run_window(s, &r, f0, &f1, sink));
        if (f1 > f0) *frames += f1 - f0;
        if (r.total >= 0 && f1 < f0 + window) break;
        int64_t keep = f1 - s->context;
        forget_before(s, (keep > 0 ? keep : 0) * HOP);
        if (sink->tick) TRY(sink->tick(sink->user));
    }
    if (r.total >= 0 && audio_feature_frames(s->feature, r.total) < 1)
        FAIL(ERR_EMPTY, "the sound has %lld samples at %d Hz; one frame needs %d", (long long)r.total, CORE_RATE_HZ,
             FRAME);
    *seconds = (double)*frames / CORE_FRAME_HZ;
done:
    audio_close(&r.stream);
    return rc;
}

int sound_samples(sound *s, const corpus_row *row, const byte_source *source,
                  int (*take)(void *user, const float *x, size_t n), void *user)
{
    int rc = OK;
    reading r = {0};
    TRY(begin(s, &r, row, source, 0));
    while (r.total < 0) {
        TRY(fill(s, &r, s->first + CORE_RATE_HZ));
        TRY(take(user, s->samples, s->n));
        forget_before(s, s->first + (int64_t)s->n);
    }
done:
    audio_close(&r.stream);
    return rc;
}
