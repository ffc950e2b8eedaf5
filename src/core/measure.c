#include "core/measure.h"

#include "base/status.h"
#include "core/core_feature.h"

#include <math.h>

enum { BLOCK = 4096, SCALE_BITS = 23 };

/* What 16 bits call full scale; decoders of lossy formats go beyond it. */
static const float FULL_SCALE = 32767.0f / 32768.0f;

int sound_measure_open(sound_measure *m, const filter_options *o, int64_t segment)
{
    *m = (sound_measure){.levels = o->silence_dbfs < 0 || o->clipping < 1,
                         .hashes = o->duplicates != DUPLICATES_NONE,
                         .segment = segment};
    return m->hashes ? hash_stream_create(&m->hash) : OK;
}

void sound_measure_free(sound_measure *m)
{
    hash_stream_free(&m->hash);
    *m = (sound_measure){0};
}

/* The first frame of the file at or behind a sample at 16 kHz. */
static int64_t frame_of(const sound_measure *m, int64_t sample)
{
    if (sample > (INT64_MAX - CORE_RATE_HZ) / m->rate_hz) return INT64_MAX;
    return (sample * m->rate_hz + CORE_RATE_HZ - 1) / CORE_RATE_HZ;
}

void sound_measure_begin(sound_measure *m, int64_t rate_hz, int64_t from, int64_t to)
{
    m->content = (sound_content){.rate_hz = rate_hz};
    m->rate_hz = rate_hz;
    m->from = frame_of(m, from);
    m->to = frame_of(m, to);
    m->number = m->segment ? from / m->segment : 0;
    m->hashed = 0;
    if (m->hash) hash_stream_reset(m->hash);
}

/* At most BLOCK samples, so that the sum fits: a value counts as 2 at most, its square as 2^48. */
static uint64_t sum_of_squares(const float *x, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        float v = fabsf(x[i]) < 2 ? x[i] : 2;
        int64_t q = (int64_t)(v * (1 << SCALE_BITS));
        sum += (uint64_t)(q * q);
    }
    return sum;
}

static void add_levels(sound_content *c, const float *x, size_t n)
{
    float peak = 0;
    int64_t clipped = 0;
    for (size_t i = 0; i < n; i++) {
        float v = fabsf(x[i]) < 1e30f ? fabsf(x[i]) : 1e30f; /* a number, whatever the file has */
        peak = v > peak ? v : peak;
        clipped += v >= FULL_SCALE;
    }
    uint64_t squares = sum_of_squares(x, n);
    c->squares[0] += squares;
    c->squares[1] += c->squares[0] < squares;
    c->clipped += clipped;
    if (peak > c->peak) c->peak = peak;
}

/* A sum, as it does not matter which of the segments were hashed together; their numbers keep their order. */
static void end_segment(sound_measure *m)
{
    if (!m->hashed) return;
    hash128 h = hash_stream_value(m->hash);
    const uint64_t words[4] = {(uint64_t)m->number, (uint64_t)m->hashed, h.low, h.high};
    h = hash128_of(words, sizeof words);
    m->content.hash[0] += h.low;
    m->content.hash[1] += h.high;
    m->hashed = 0;
    hash_stream_reset(m->hash);
}

/* Frames at .. at + n - 1, which all count. */
static void add_hash(sound_measure *m, const float *x, int64_t at, size_t n)
{
    while (n) {
        int64_t end = frame_of(m, (m->number + 1) * m->segment);
        size_t now = (int64_t)n < end - at ? n : (size_t)(end > at ? end - at : 0);
        hash_stream_add(m->hash, x, now * sizeof *x);
        m->hashed += (int64_t)now;
        x += now;
        at += (int64_t)now;
        n -= now;
        if (at < end) continue;
        end_segment(m);
        m->number++;
    }
}

void sound_measure_add(sound_measure *m, const float *x, int64_t at, size_t n)
{
    if (at + (int64_t)n <= m->from || at >= m->to) return;
    if (at < m->from) {
        size_t before = (size_t)(m->from - at);
        x += before;
        n -= before;
        at = m->from;
    }
    if ((int64_t)n > m->to - at) n = (size_t)(m->to - at);
    m->content.samples += (int64_t)n;
    for (size_t i = 0; m->levels && i < n; i += BLOCK) add_levels(&m->content, x + i, n - i < BLOCK ? n - i : BLOCK);
    if (m->hashes) add_hash(m, x, at, n);
}

void sound_measure_end(sound_measure *m)
{
    if (m->hashes) end_segment(m);
}

/* ---- pictures ---- */

/* From exact sums, of the channel in which it is largest. */
static double largest_deviation(const image *m)
{
    double most = 0, n = (double)m->width * (double)m->height;
    uint64_t sum[3] = {0}, squares[3] = {0};
    for (size_t i = 0; i < (size_t)(m->width * m->height); i++)
        for (int c = 0; c < 3; c++) {
            uint32_t v = m->rgb[3 * i + (size_t)c];
            sum[c] += v;
            squares[c] += v * v;
        }
    for (int c = 0; c < 3; c++) {
        double mean = (double)sum[c] / n, variance = (double)squares[c] / n - mean * mean;
        if (variance > most) most = variance;
    }
    return sqrt(most);
}

void picture_measure(const filter_options *o, const image *m, picture_content *out)
{
    *out = (picture_content){.width = m->width, .height = m->height};
    if (o->blank_deviation > 0) out->deviation = largest_deviation(m);
    if (o->duplicates == DUPLICATES_NONE) return;
    hash128 h = hash128_of(m->rgb, (size_t)(m->width * m->height) * 3);
    out->hash[0] = h.low;
    out->hash[1] = h.high;
}
