#include "core/measure.h"

#include "base/status.h"
#include "core/core_feature.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 4096, SCALE_BITS = 23 }; /* samples at a time */

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

static int32_t bits_of(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float value_of(int32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Magnitudes as the bits of floats, which are in the order of their values (NaN last) and quick to compare. A value
 * counts as 2 at most, so its square as 2^48, and the sum of a block fits. */
static void add_levels(sound_content *c, const float *x, size_t n)
{
    const int32_t two = bits_of(2), full = bits_of(FULL_SCALE);
    int32_t peak = 0, clipped = 0;
    uint64_t squares = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t magnitude = bits_of(x[i]) & INT32_MAX;
        peak = magnitude > peak ? magnitude : peak;
        clipped += magnitude >= full;
        int32_t q = (int32_t)(value_of(magnitude < two ? magnitude : two) * (1 << SCALE_BITS));
        squares += (uint64_t)q * (uint64_t)q;
    }
    c->squares[0] += squares;
    c->squares[1] += c->squares[0] < squares;
    c->clipped += clipped;
    if (peak > bits_of(1e30f)) peak = bits_of(1e30f); /* a number, whatever the file has */
    if (value_of(peak) > c->peak) c->peak = value_of(peak);
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

enum { LANES = 48, BLOCKS = 1 << 16 }; /* values at a time: 16 pixels; how often their squares fit 32 bits */

/* Exact sums of the values of each channel and of their squares. */
static void sum_channels(const uint8_t *rgb, size_t n, uint64_t sum[3], uint64_t squares[3])
{
    while (n) {
        uint32_t part[LANES] = {0}, part_squares[LANES] = {0};
        size_t blocks = n / LANES < BLOCKS ? n / LANES : BLOCKS;
        for (size_t b = 0; b < blocks; b++, rgb += LANES)
            for (int k = 0; k < LANES; k++) {
                uint16_t v = rgb[k], square = (uint16_t)(v * v);
                part[k] += v;
                part_squares[k] += square;
            }
        n -= blocks * LANES;
        for (size_t k = 0; n < LANES && k < n; k++) {
            part[k] += rgb[k];
            part_squares[k] += (uint32_t)(rgb[k] * rgb[k]);
        }
        if (n < LANES) n = 0;
        for (int k = 0; k < LANES; k++) {
            sum[k % 3] += part[k];
            squares[k % 3] += part_squares[k];
        }
    }
}

/* Of the channel in which it is largest. */
static double largest_deviation(const image *m)
{
    double most = 0, n = (double)m->width * (double)m->height;
    uint64_t sum[3] = {0}, squares[3] = {0};
    sum_channels(m->rgb, (size_t)(m->width * m->height) * 3, sum, squares);
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
