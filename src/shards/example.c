#include "shards/example.h"

#include "base/memory.h"

#include <string.h>

const char *stream_name(stream_kind s)
{
    static const char *const names[N_STREAMS] = {
        [STREAM_TEXT] = "text", [STREAM_IMAGE] = "image", [STREAM_AUDIO] = "audio", [STREAM_SENSOR] = "sensor"};
    return names[s];
}

void sound_content_add(sound_content *to, const sound_content *piece)
{
    if (piece->rate_hz) to->rate_hz = piece->rate_hz;
    to->samples += piece->samples;
    to->clipped += piece->clipped;
    to->squares[0] += piece->squares[0];
    to->squares[1] += piece->squares[1] + (to->squares[0] < piece->squares[0]);
    if (piece->peak > to->peak) to->peak = piece->peak;
    for (int h = 0; h < 2; h++) to->hash[h] += piece->hash[h];
}

void example_reset(example *e)
{
    example_stream kept[N_STREAMS];
    for (int s = 0; s < N_STREAMS; s++) {
        const example_stream *from = &e->stream[s];
        kept[s] = (example_stream){.ids = from->ids,
                                   .ids_capacity = from->ids_capacity,
                                   .durations = from->durations,
                                   .durations_capacity = from->durations_capacity,
                                   .vectors = from->vectors,
                                   .vectors_capacity = from->vectors_capacity};
    }
    memset(e, 0, sizeof *e);
    memcpy(e->stream, kept, sizeof kept);
}

void example_free(example *e)
{
    for (int s = 0; s < N_STREAMS; s++) {
        mem_free(&e->stream[s].ids);
        mem_free(&e->stream[s].durations);
        mem_free(&e->stream[s].vectors);
    }
    memset(e, 0, sizeof *e);
}
