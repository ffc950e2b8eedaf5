/* Features of sound: each window with the frames around it that have a part in its own. */
#include "base/memory.h"
#include "base/status.h"
#include "core/sound_parts.h"

enum { FIELD = 400 }; /* samples of a frame */

/* One window: frames f0 .. f1-1 with context; *f1 is cut at the end of the sound. */
static int run_window(sound *s, int64_t f0, int64_t *f1, const vector_sink *sink)
{
    int rc = OK;
    sound_reader *r = &s->reader;
    int64_t lead = f0 < s->context ? f0 : s->context, trail = s->context;
    TRY(sound_reader_fill(r, (*f1 + s->context - 1) * s->hop + FIELD));
    if (r->total >= 0) {
        int64_t frames = sound_frames(s, r->total);
        if (*f1 > frames) *f1 = frames;
        if (trail > frames - *f1) trail = frames - *f1;
    }
    if (*f1 <= f0) goto done;
    TRY(MEM_GROW(s->vectors, &s->vectors_capacity, (size_t)((*f1 - f0) * s->width)));
    const float *samples = r->samples + ((f0 - lead) * s->hop - r->first);
    TRY(audio_feature_compute(s->feature, samples, lead + *f1 - f0 + trail, lead, trail, s->vectors));
    TRY(sink->vectors(sink->user, s->vectors, f0, *f1 - f0));
done:
    return rc;
}

int sound_run_features(sound *s, const sound_call *c, int64_t *frames)
{
    int rc = OK;
    sound_reader *r = &s->reader;
    int64_t start = c->first * s->window;
    TRY(sound_reader_begin(r, c->row, c->source, start < s->context ? 0 : (start - s->context) * s->hop));
    for (int64_t w = c->first; w <= c->last; w++) {
        int64_t f0 = w * s->window, f1 = f0 + s->window;
        TRY(run_window(s, f0, &f1, c->sink));
        if (f1 > f0) *frames += f1 - f0;
        if (r->total >= 0 && f1 < f0 + s->window) break;
        int64_t keep = f1 - s->context;
        sound_reader_forget(r, (keep > 0 ? keep : 0) * s->hop);
        if (c->sink->tick) TRY(c->sink->tick(c->sink->user));
    }
done:
    return rc;
}
