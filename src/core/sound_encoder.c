/* Windows of sound for an encoder, each a clip of its own (core/sound.h). */
#include "base/status.h"
#include "core/sound_parts.h"

#include <math.h>

/* Frames of a rest that is too short for a window: less than a second's. */
static int64_t least_window(const core_model *m) { return CORE_RATE_HZ / audio_hop(m); }

/* Frames f0 .. f1 - 1 of the row, and the samples of their clip. */
typedef struct clip {
    int64_t f0, f1, lead; /* frames; of the context before them */
    int64_t begin, end;   /* samples of the row */
    int is_last;
} clip;

/* Where window w begins and ends; f1 = f0 where there is none. Enough is read to tell whether its right context and
 * the rest behind it are whole; so nothing depends on how far the reader happens to be. */
static int find_clip(sound *s, int64_t w, clip *c)
{
    int rc = OK;
    sound_reader *r = &s->reader;
    int64_t least = least_window(s->model), reach = s->context > least ? s->context : least, trail = s->context;
    *c = (clip){.f0 = w * s->window, .f1 = (w + 1) * s->window};
    TRY(sound_reader_fill(r, encoder_samples(s->model->encoder, c->f1 + reach + 1)));
    c->lead = c->f0 < s->context ? c->f0 : s->context;
    c->begin = (c->f0 - c->lead) * s->hop;
    if (r->total >= 0) {
        int64_t frames = sound_frames(s, r->total);
        c->is_last = frames - c->f1 < least;
        if (c->is_last) c->f1 = frames;
        if (c->f1 < c->f0 + (w ? least : 1)) c->f1 = c->f0; /* it belongs to the one before, or there is no frame */
        if (trail > frames - c->f1) trail = frames - c->f1;
    }
    c->end = c->begin + encoder_samples(s->model->encoder, c->lead + c->f1 - c->f0 + trail);
    if (c->is_last) c->end = r->total;
done:
    return rc;
}

int sound_run_encoder(sound *s, const sound_call *call, int64_t *frames)
{
    int rc = OK;
    sound_reader *r = &s->reader;
    int64_t start = call->first * s->window;
    TRY(sound_reader_begin(r, call->row, call->source, start < s->context ? 0 : (start - s->context) * s->hop));
    for (int64_t w = call->first; w <= call->last; w++) {
        clip c;
        TRY(find_clip(s, w, &c));
        if (c.f1 == c.f0) break;
        const batch_item item = {
            .n = c.end - c.begin, .from = c.lead, .n_kept = c.f1 - c.f0, .first = c.f0, .sink = *call->sink};
        TRY(encode_batch_add(s->batch, &item, r->samples + (c.begin - r->first)));
        *frames += item.n_kept;
        if (c.is_last) break;
        int64_t keep = c.f1 - s->context;
        sound_reader_forget(r, (keep > 0 ? keep : 0) * s->hop);
        if (call->sink->tick) TRY(call->sink->tick(call->sink->user));
    }
done:
    return rc;
}

int64_t sound_longest_clip(const audio_options *o, const core_model *m)
{
    int64_t context = (int64_t)ceil(o->encoder.context_s * audio_frame_hz(m));
    return encoder_samples(m->encoder, audio_window_frames(o, m) + least_window(m) + 2 * context + 1);
}

/* The clip while it is read, what is read beyond it, and the batch. */
double sound_bytes(const audio_options *o, const core_model *m)
{
    int64_t longest = sound_longest_clip(o, m), items, units;
    encode_batch_limits(m, longest, &items, &units);
    return 4 * (double)(longest + CORE_RATE_HZ) + encode_batch_bytes(m, longest) +
           (double)encoder_room_bytes(m->encoder, items, units);
}
