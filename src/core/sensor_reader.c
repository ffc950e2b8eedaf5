#include "core/sensor_reader.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_read.h"

#include <math.h>

enum { BLOCK = 1 << 14 }; /* values that are read at a time where the length is not known */
static const double most_hz = 1e9, rate_unit = 1e-6, same_rate = 1e-6;

/* What of a file is wanted. */
typedef struct segment {
    double rate_hz;     /* 0: not known */
    int64_t start, end; /* samples; end INT64_MAX: to the end of the file */
    int64_t limit;      /* most samples */
} segment;

static int find_rate(const sensor_reader *r, const corpus_row *row, const sensor_info *info, double *rate)
{
    int rc = OK;
    *rate = row->rate_hz > 0 ? row->rate_hz : info->rate_hz > 0 ? info->rate_hz : r->o->rate_hz;
    if (*rate && !(*rate >= rate_unit && *rate <= most_hz))
        FAIL(ERR_INVALID, "a rate of %g Hz is not between %g and %g Hz", *rate, rate_unit, most_hz);
done:
    return rc;
}

static int64_t limit_of(const sensor_options *o, double rate)
{
    double most = 0x1p53;
    if (o->max_values > 0) most = floor((double)o->max_values / (double)o->channels);
    if (o->max_seconds > 0 && rate > 0 && o->max_seconds * rate < most) most = floor(o->max_seconds * rate);
    return (int64_t)most;
}

static int find_segment(const sensor_reader *r, const corpus_row *row, const sensor_info *info, segment *g)
{
    int rc = OK;
    TRY(find_rate(r, row, info, &g->rate_hz));
    g->start = 0;
    g->end = INT64_MAX;
    g->limit = limit_of(r->o, g->rate_hz);
    if (g->rate_hz <= 0 && row->offset_s > 0)
        FAIL(ERR_INVALID, "a segment of a recording needs its rate: rate_hz of the row, or sensor.rate");
    if (g->rate_hz <= 0) goto done;
    double start = row->offset_s * g->rate_hz, length = row->duration_s * g->rate_hz;
    if (start + length > 0x1p53) FAIL(ERR_INVALID, "the segment ends at %g s", row->offset_s + row->duration_s);
    g->start = llround(start);
    if (row->duration_s >= 0) g->end = g->start + llround(length);
done:
    return rc;
}

static int too_long(const sensor_reader *r, const segment *g)
{
    int rc = OK;
    const sensor_options *o = r->o;
    if (o->max_seconds > 0 && g->rate_hz > 0 && (double)g->limit >= floor(o->max_seconds * g->rate_hz))
        FAIL(ERR_LIMIT, "longer than sensor.max_seconds (%g s)", o->max_seconds);
    FAIL(ERR_LIMIT, "more than %lld values (sensor.max_values)", (long long)o->max_values);
done:
    return rc;
}

/* Samples to read next: all that are left where the length is known, so that HDF5 reads each chunk once. */
static int64_t next_block(const sensor_reader *r, const segment *g, const sensor_info *info)
{
    int64_t block = BLOCK / r->o->channels > 0 ? BLOCK / r->o->channels : 1, wanted = g->end - g->start - r->n;
    int64_t left = info->n_samples - g->start - r->n;
    if (info->n_samples >= 0) block = left > 0 ? left : 0;
    return wanted < block ? wanted : block;
}

static int read_samples(sensor_reader *r, sensor_stream *stream, const segment *g, const sensor_info *info)
{
    int rc = OK;
    int64_t want, got = 0;
    size_t values;
    r->n = 0;
    TRY(sensor_skip(stream, g->start));
    while ((want = next_block(r, g, info)) > 0) {
        if (info->n_samples >= 0 && want > g->limit) TRY(too_long(r, g));
        TRY(size_mul((size_t)(r->n + want), (size_t)r->o->channels, &values));
        TRY(MEM_GROW(r->x, &r->capacity, values));
        TRY(sensor_read(stream, r->x + r->n * r->o->channels, want, &got));
        r->n += got;
        if (r->n > g->limit) TRY(too_long(r, g));
        if (got < want) break;
    }
done:
    return rc;
}

/* The recording must have what the row asks for, but for 0.1 s, 1 % and a sample. */
static int check_length(const sensor_reader *r, const corpus_row *row, const segment *g)
{
    int rc = OK;
    if (!r->n && g->start > 0)
        FAIL(ERR_INVALID, "the segment starts at %.3f s, where the recording has ended", row->offset_s);
    if (g->end == INT64_MAX) goto done;
    double wanted = (double)(g->end - g->start), there = (double)r->n;
    if (wanted - there > 0.1 * g->rate_hz + 0.01 * wanted + 1)
        FAIL(ERR_FORMAT, "truncated: %lld of %lld samples", (long long)r->n, (long long)(g->end - g->start));
done:
    return rc;
}

/* ---- rates ---- */

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Rates count in millionths of a hertz. The resampler looks at their ratio alone but wants numbers as of sound. */
static int prepare_resampler(sensor_reader *r, double rate)
{
    int rc = OK;
    int64_t from = llround(rate / rate_unit), to = llround(r->o->rate_hz / rate_unit), g = greatest_divisor(from, to);
    from /= g;
    to /= g;
    int64_t least = from < to ? from : to, factor = least < RESAMPLE_MIN_HZ ? RESAMPLE_MIN_HZ / least + 1 : 1;
    if (from > RESAMPLE_MAX_HZ / factor || to > RESAMPLE_MAX_HZ / factor)
        FAIL(ERR_UNSUPPORTED, "%.9g Hz cannot be resampled to %.9g Hz (sensor.rate): their ratio is %lld to %lld", rate,
             r->o->rate_hz, (long long)from, (long long)to);
    if (r->resample && r->from == from && r->to == to) goto done;
    resampler_free(&r->resample);
    TRY(resampler_create(&r->resample, from * factor, to * factor, 0));
    r->from = from;
    r->to = to;
done:
    return rc;
}

static int resample_channel(sensor_reader *r, int64_t channel, int64_t n_out)
{
    int rc = OK;
    int64_t channels = r->o->channels;
    size_t n = (size_t)r->n, made, rest, room;
    resampler_restart(r->resample, 0);
    room = resampler_capacity(r->resample, n) + resampler_capacity(r->resample, 0);
    TRY(MEM_GROW(r->out, &r->out_capacity, room));
    for (size_t t = 0; t < n; t++) r->in[t] = r->x[t * (size_t)channels + (size_t)channel];
    TRY(resampler_push(r->resample, r->in, n, r->out, room, &made));
    TRY(resampler_finish(r->resample, r->out + made, room - made, &rest));
    if ((int64_t)(made + rest) != n_out)
        FAIL(ERR_INTERNAL, "resampling gave %zu samples, not %lld", made + rest, (long long)n_out);
    for (int64_t t = 0; t < n_out; t++) r->other[t * channels + channel] = r->out[t];
done:
    return rc;
}

static int resample(sensor_reader *r, double rate)
{
    int rc = OK;
    size_t values;
    TRY(prepare_resampler(r, rate));
    int64_t n_out = resampler_output_frames(r->from, r->to, r->n);
    TRY(size_mul((size_t)n_out, (size_t)r->o->channels, &values));
    if (r->o->max_values > 0 && values > (size_t)r->o->max_values)
        FAIL(ERR_LIMIT, "more than %lld values at %g Hz (sensor.max_values)", (long long)r->o->max_values,
             r->o->rate_hz);
    TRY(MEM_GROW(r->other, &r->other_capacity, values));
    TRY(MEM_GROW(r->in, &r->in_capacity, (size_t)r->n));
    for (int64_t c = 0; c < r->o->channels; c++) TRY(resample_channel(r, c, n_out));
    float *x = r->x;
    size_t capacity = r->capacity;
    r->x = r->other;
    r->capacity = r->other_capacity;
    r->other = x;
    r->other_capacity = capacity;
    r->n = n_out;
done:
    return rc;
}

int sensor_reader_read(sensor_reader *r, const corpus_row *row, const byte_source *source)
{
    int rc = OK;
    const sensor_options *o = r->o;
    const sensor_read_options how = {o->channels, o->dataset, o->csv_separator, o->csv_header, o->csv_skip_columns};
    sensor_stream *stream = NULL;
    sensor_info info;
    segment g;
    TRY(sensor_open(&stream, source, &how, &info));
    TRY(find_segment(r, row, &info, &g));
    TRY(read_samples(r, stream, &g, &info));
    TRY(check_length(r, row, &g));
    if (r->n && o->rate_hz > 0 && fabs(g.rate_hz - o->rate_hz) > same_rate * o->rate_hz) TRY(resample(r, g.rate_hz));
done:
    sensor_close(&stream);
    return rc;
}

void sensor_reader_free(sensor_reader *r)
{
    resampler_free(&r->resample);
    mem_free(&r->x);
    mem_free(&r->other);
    mem_free(&r->in);
    mem_free(&r->out);
}
