#include "core/sound_reader.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/core_feature.h"
#include "core/sound_hint.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 8192 };

static int prepare_resampler(sound_reader *r, int64_t rate_hz)
{
    int rc = OK;
    if (r->resample && r->rate_hz == rate_hz) {
        resampler_restart(r->resample, r->first);
        return OK;
    }
    resampler_free(&r->resample);
    TRY(resampler_create(&r->resample, rate_hz, CORE_RATE_HZ, r->first));
    r->rate_hz = rate_hz;
done:
    return rc;
}

/* A segment that the file cannot have. What its header says may be more than is there; that shows at the end. */
static int check_segment(const sound_reader *r, const corpus_row *row)
{
    int rc = OK;
    double rate = r->info.rate_hz, seconds = (double)r->info.n_frames / rate;
    if (r->info.n_frames < 0) goto done;
    if (r->start > 0 && r->start >= r->info.n_frames)
        FAIL(ERR_INVALID, "the segment starts at %.3f s, the file has %.3f s", row->offset_s, seconds);
    if (r->end == INT64_MAX || r->o->length_policy == LENGTH_KEEP) goto done;
    if (audio_is_short(r->end - r->start, r->info.n_frames - r->start, r->info.rate_hz, r->o->length_tolerance))
        FAIL(ERR_INVALID, "the manifest has sound from %.3f to %.3f s, the file has %.3f s", row->offset_s,
             row->offset_s + row->duration_s, seconds);
done:
    return rc;
}

int sound_reader_begin(sound_reader *r, const corpus_row *row, const byte_source *source, int64_t first_sample)
{
    int rc = OK;
    audio_limits limits = {.max_seconds = r->o->max_seconds, .max_channels = r->o->max_channels};
    audio_hint hint = sound_hint(r->o, row->field[FIELD_AUDIO_PATH]);
    if (!r->in) TRY(MEM_ALLOC(r->in, BLOCK));
    TRY(audio_open(&r->stream, source, &hint, &limits, &r->info));
    TRY(audio_pick_channel(r->stream, sound_channel(r->o)));
    double rate = r->info.rate_hz;
    r->start = llround(row->offset_s * rate);
    r->end = row->duration_s >= 0 ? r->start + llround(row->duration_s * rate) : INT64_MAX;
    r->total = -1;
    if (r->measure) sound_measure_begin(r->measure, r->info.rate_hz, r->measure_from, r->measure_to);
    TRY(check_segment(r, row));
    r->first = first_sample;
    r->n = 0;
    TRY(prepare_resampler(r, r->info.rate_hz));
    r->at = r->start + resampler_first_input(r->resample);
    if (r->at > 0) TRY(audio_seek(r->stream, r->at));
done:
    return rc;
}

/* Everything that the manifest, or else the header, promised must have come. */
static int check_length(const sound_reader *r)
{
    int64_t promised = r->end != INT64_MAX ? r->end : r->info.n_frames;
    if (r->o->length_policy == LENGTH_KEEP || promised < 0) return OK;
    return audio_check_length(promised - r->start, r->at - r->start, r->info.rate_hz, r->o->length_tolerance);
}

static int end_of_input(sound_reader *r)
{
    int rc = OK;
    size_t got, room = resampler_capacity(r->resample, 0);
    TRY(MEM_GROW(r->samples, &r->capacity, r->n + room));
    TRY(resampler_finish(r->resample, r->samples + r->n, room, &got));
    r->n += got;
    r->total = r->first + (int64_t)r->n;
    TRY(check_length(r));
done:
    return rc;
}

int sound_reader_fill(sound_reader *r, int64_t until)
{
    int rc = OK;
    while (r->total < 0 && r->first + (int64_t)r->n < until) {
        size_t want = r->end - r->at < BLOCK ? (size_t)(r->end > r->at ? r->end - r->at : 0) : BLOCK, got = 0, made;
        if (want) TRY(audio_read_mono(r->stream, r->in, want, &got));
        if (got) {
            size_t room = resampler_capacity(r->resample, got);
            TRY(MEM_GROW(r->samples, &r->capacity, r->n + room));
            TRY(resampler_push(r->resample, r->in, got, r->samples + r->n, room, &made));
            r->n += made;
            if (r->measure) sound_measure_add(r->measure, r->in, r->at - r->start, got);
            r->at += (int64_t)got;
            if (r->o->max_seconds > 0 && (double)r->at > r->o->max_seconds * r->info.rate_hz)
                FAIL(ERR_LIMIT, "longer than audio.max_seconds (%g s)", r->o->max_seconds);
        }
        if (got < want || !want) TRY(end_of_input(r));
    }
done:
    return rc;
}

void sound_reader_forget(sound_reader *r, int64_t sample)
{
    int64_t drop = sample - r->first;
    if (drop <= 0) return;
    if (drop > (int64_t)r->n) drop = (int64_t)r->n;
    memmove(r->samples, r->samples + drop, (r->n - (size_t)drop) * sizeof *r->samples);
    r->n -= (size_t)drop;
    r->first += drop;
}

void sound_reader_end(sound_reader *r) { audio_close(&r->stream); }

void sound_reader_free(sound_reader *r)
{
    sound_reader_end(r);
    resampler_free(&r->resample);
    mem_free(&r->in);
    mem_free(&r->samples);
}
