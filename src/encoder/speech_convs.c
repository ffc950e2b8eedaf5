#include "encoder/speech.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/channel_norm.h"
#include "tensor/elementwise.h"
#include "tensor/window_moments.h"

#include <math.h>

/* Rows of the last convolution that runs in pieces, and which one that is: a piece of what comes before, the larger
 * part of all activations, then stays in cache. */
enum { PIECE = 128, LAST_IN_PIECES = 2 };
static const float norm_epsilon = 1e-5f; /* of torch.nn.GroupNorm and LayerNorm; layer_norm_eps is not used here */

static int64_t last_in_pieces(const speech_settings *s)
{
    return s->n_convs - 1 < LAST_IN_PIECES ? s->n_convs - 1 : LAST_IN_PIECES;
}

static int has_norm(const speech_settings *s, int64_t i) { return s->norm_each || i == 0; }

/* Rows of convolution i that are computed at once. */
static int64_t rows_at_once(const speech_settings *s, int64_t i)
{
    int64_t last = last_in_pieces(s);
    return i < last ? speech_span(s, i + 1, last, PIECE) : PIECE;
}

/* NAME.weight (n, channels, kernel) as a layer over windows, time before channels. */
static int load_conv(parameters *p, linear *l, int half, int64_t n, int64_t channels, int64_t kernel, int bias, int i)
{
    int rc = OK, fill;
    const int64_t shape[] = {n, channels, kernel};
    const float *b = NULL;
    float *w = NULL, *turned = NULL;
    if (bias) TRY(parameters_vector(p, &b, n, "feature_extractor.conv_layers.%d.conv.bias", i));
    TRY(weight_reader_check(p->weights, 3, shape, "feature_extractor.conv_layers.%d.conv.weight", i));
    TRY(parameters_place(p, l, half, n, channels * kernel, b, &fill));
    if (!fill) return OK;
    TRY(weight_reader_take(p->weights, &w, 3, shape, "feature_extractor.conv_layers.%d.conv.weight", i));
    TRY(MEM_RESERVE(turned, (size_t)(n * channels * kernel)));
    for (int64_t j = 0; j < n; j++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t k = 0; k < kernel; k++)
                turned[(j * kernel + k) * channels + c] = w[(j * channels + c) * kernel + k];
    linear_pack(l, turned);
done:
    mem_free(&w);
    mem_free(&turned);
    return rc;
}

int speech_convs_load(speech_convs *c, parameters *p, const speech_settings *s)
{
    int rc = OK;
    const int64_t first[] = {s->channels[0], 1, s->kernel[0]};
    if (!s->norm_each) TRY(parameters_shaped(p, &c->first, 3, first, "feature_extractor.conv_layers.0.conv.weight"));
    for (int i = 0; i < s->n_convs; i++) {
        int64_t channels = i ? s->channels[i - 1] : 1;
        /* the waveform itself is not rounded: the first product costs little */
        TRY(load_conv(p, &c->conv[i], p->half && i > 0, s->channels[i], channels, s->kernel[i], s->conv_bias, i));
        if (has_norm(s, i))
            TRY(parameters_norm(p, &c->norms[i], s->channels[i], norm_epsilon,
                                "feature_extractor.conv_layers.%d.layer_norm", i));
    }
done:
    return rc;
}

void speech_convs_free(speech_convs *c)
{
    for (int i = 0; i < SPEECH_MAX_CONVS; i++) linear_free(&c->conv[i]);
}

int speech_convs_room_create(speech_convs_room *r, arena *memory, int half, const speech_settings *s, int64_t n_samples)
{
    int64_t most = 0;
    *r = (speech_convs_room){.half = half};
    ARENA_TAKE(memory, r->wave, n_samples);
    for (int64_t i = 0; i < s->n_convs; i++) {
        int64_t at_once = rows_at_once(s, i), whole = speech_rows(s, i, n_samples);
        if (has_norm(s, i) && at_once * s->channels[i] > most) most = at_once * s->channels[i];
        if (i == s->n_convs - 1) break; /* given by the caller */
        r->rows[i] = rows_take(memory, half, i < last_in_pieces(s) ? at_once : whole, s->channels[i]);
    }
    ARENA_TAKE(memory, r->piece, most);
    if (s->norm_each) return OK;
    ARENA_TAKE(memory, r->mean, s->channels[0]);
    ARENA_TAKE(memory, r->scale, s->channels[0]);
    ARENA_TAKE(memory, r->window, s->kernel[0]);
    ARENA_TAKE(memory, r->products, s->kernel[0] * s->kernel[0]);
    return OK;
}

/* n rows of convolution i from the rows that they need. */
static void convolve(const speech_convs *c, const speech_settings *s, speech_convs_room *r, int64_t i, rows from,
                     int64_t n, rows to)
{
    int64_t d = s->channels[i];
    rows piece = {r->piece, NULL, d};
    from.stride *= s->stride[i];
    if (!has_norm(s, i)) {
        linear_run(&c->conv[i], from, n, s->conv_activation, NULL, 0, to);
        return;
    }
    linear_run(&c->conv[i], from, n, ACTIVATION_NONE, NULL, 0, piece);
    if (s->norm_each) {
        norm_run(&c->norms[i], r->piece, d, n, piece);
        num_gelu_each(r->piece, r->piece, (size_t)(n * d));
        rows_from(r->piece, d, n, d, to);
    } else
        channel_norm_gelu(r->piece, n, d, r->mean, r->scale, c->norms[0].bias, to.whole, to.half);
}

/* Mean and variance over time of each channel of the first convolution follow from the moments of its windows: it need
 * not run for them. */
static void measure_channels(const speech_convs *c, const speech_settings *s, speech_convs_room *r, const float *x,
                             int64_t n_rows)
{
    int64_t kernel = s->kernel[0];
    const float *added = c->conv[0].bias;
    window_moments(x, n_rows, s->stride[0], kernel, r->window, r->products);
    for (int64_t i = 0; i < s->channels[0]; i++) {
        double mean, variance;
        window_moments_of(r->window, r->products, kernel, c->first + i * kernel, &mean, &variance);
        r->mean[i] = (float)(mean + (added ? (double)added[i] : 0));
        r->scale[i] = (float)((double)c->norms[0].weight[i] / sqrt(variance + (double)norm_epsilon));
    }
}

static void see(const encoder_probe *probe, int64_t i, rows x, int64_t n, int64_t d)
{
    if (probe && probe->see && x.whole) probe->see(probe->user, "conv", i, x.whole, n, d);
}

/* Rows first .. first + n - 1 of the last convolution in pieces. */
static void one_piece(const speech_convs *c, const speech_settings *s, speech_convs_room *r, const float *x,
                      int64_t first, int64_t n, const encoder_probe *probe, rows to)
{
    int64_t last = last_in_pieces(s), at = first;
    for (int64_t i = last; i >= 0; i--) at *= s->stride[i];
    rows from = {(float *)x + at, NULL, 1};
    for (int64_t i = 0; i <= last; i++) {
        int64_t n_rows = speech_span(s, i + 1, last, n);
        rows out = i == last ? to : r->rows[i];
        convolve(c, s, r, i, from, n_rows, out);
        see(probe, i, out, n_rows, s->channels[i]);
        from = out;
    }
}

void speech_convs_run(const speech_convs *c, const speech_settings *s, speech_convs_room *r, const float *x,
                      int64_t n_samples, const encoder_probe *probe, float *out)
{
    int64_t end = s->n_convs - 1, last = last_in_pieces(s), n = speech_rows(s, last, n_samples);
    rows to_out = {out, NULL, s->channels[end]}, whole = last == end ? to_out : r->rows[last];
    if (!s->norm_each) measure_channels(c, s, r, x, speech_rows(s, 0, n_samples));
    for (int64_t i = 0; i < n; i += PIECE)
        one_piece(c, s, r, x, i, n - i < PIECE ? n - i : PIECE, probe, rows_at(whole, i, 0));
    for (int64_t i = last + 1; i <= end; i++) {
        rows from = whole;
        whole = i == end ? to_out : r->rows[i];
        n = speech_rows(s, i, n_samples);
        int64_t step = has_norm(s, i) ? PIECE : n;
        for (int64_t j = 0; j < n; j += step)
            convolve(c, s, r, i, rows_at(from, j * s->stride[i], 0), n - j < step ? n - j : step, rows_at(whole, j, 0));
        see(probe, i, whole, n, s->channels[i]);
    }
}
