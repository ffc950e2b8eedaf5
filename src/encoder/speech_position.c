#include "encoder/speech.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/bf16.h"

#include <math.h>
#include <string.h>

/* torch pads kernel / 2 on both sides; with an even kernel the one output too many at the end is dropped. */
static int64_t before(const speech_settings *s) { return s->position_kernel / 2; }

static int64_t group_width(const speech_settings *s) { return s->block.width / s->position_groups; }

/* BatchNorm1d with what it has learnt: (x - mean) * scale + shift. */
static int load_batch_norm(speech_position *c, parameters *p, int64_t n)
{
    static const char name[] = "encoder.pos_conv_embed.batch_norm";
    int rc = OK, fill;
    float *scale, *weight = NULL, *variance = NULL;
    TRY(parameters_vector(p, &c->mean, n, "%s.running_mean", name));
    TRY(parameters_vector(p, &c->shift, n, "%s.bias", name));
    TRY(weight_reader_check(p->weights, 1, &n, "%s.weight", name));
    TRY(weight_reader_check(p->weights, 1, &n, "%s.running_var", name));
    TRY(parameters_place_vector(p, &scale, n, &fill));
    c->scale = scale;
    if (!fill) return OK;
    TRY(weight_reader_take(p->weights, &weight, 1, &n, "%s.weight", name));
    TRY(weight_reader_take(p->weights, &variance, 1, &n, "%s.running_var", name));
    for (int64_t i = 0; i < n; i++) {
        if (variance[i] < 0) FAIL(ERR_CONFIG, "%s.running_var has the negative value %g", name, (double)variance[i]);
        scale[i] = (float)((double)weight[i] / sqrt((double)variance[i] + 1e-5));
    }
done:
    mem_free(&weight);
    mem_free(&variance);
    return rc;
}

/* w (width, group width, kernel): the outputs of a group, time before channels. */
static int pack_group(linear *l, const float *w, int64_t width, int64_t kernel)
{
    int rc = OK;
    float *turned = NULL;
    TRY(MEM_RESERVE(turned, (size_t)(width * width * kernel)));
    for (int64_t j = 0; j < width; j++)
        for (int64_t c = 0; c < width; c++)
            for (int64_t k = 0; k < kernel; k++) turned[(j * kernel + k) * width + c] = w[(j * width + c) * kernel + k];
    linear_pack(l, turned);
done:
    mem_free(&turned);
    return rc;
}

int speech_position_load(speech_position *c, parameters *p, const speech_settings *s)
{
    int rc = OK, fill, any = 0;
    int64_t d = group_width(s), width = s->block.width, kernel = s->position_kernel;
    const int64_t shape[] = {width, d, kernel};
    float *w = NULL;
    char *fills = NULL;
    TRY(MEM_ALLOC(fills, (size_t)s->position_groups));
    if (!c->groups) TRY(MEM_ALLOC(c->groups, (size_t)s->position_groups));
    if (s->position_batch_norm) TRY(load_batch_norm(c, p, width));
    TRY(parameters_vector(p, &c->bias, width, "encoder.pos_conv_embed.conv.bias"));
    for (int64_t g = 0; g < s->position_groups; g++) {
        TRY(parameters_place(p, &c->groups[g], p->half, d, d * kernel, p->memory.base ? c->bias + g * d : NULL, &fill));
        any |= fills[g] = (char)fill;
    }
    TRY(weight_reader_check_weight_norm(p->weights, 3, shape, "encoder.pos_conv_embed.conv"));
    if (!any) goto done;
    TRY(weight_reader_weight_norm(p->weights, &w, 3, shape, "encoder.pos_conv_embed.conv"));
    for (int64_t g = 0; g < s->position_groups; g++)
        if (fills[g]) TRY(pack_group(&c->groups[g], w + g * d * d * kernel, d, kernel));
done:
    mem_free(&fills);
    mem_free(&w);
    return rc;
}

void speech_position_free(speech_position *c, const speech_settings *s)
{
    for (int64_t g = 0; g < s->position_groups && c->groups; g++) linear_free(&c->groups[g]);
    mem_free(&c->groups);
}

rows speech_position_room(arena *memory, int half, const speech_settings *s, int64_t t_max)
{
    return rows_take(memory, half, t_max + s->position_kernel, group_width(s));
}

/* Rows first .. first + n - 1 of the room are zeros. */
static void clear(rows room, int64_t first, int64_t n)
{
    rows at = rows_at(room, first, 0);
    if (at.half)
        memset(at.half, 0, (size_t)(n * at.stride) * sizeof *at.half);
    else
        memset(at.whole, 0, (size_t)(n * at.stride) * sizeof *at.whole);
}

/* The channels of a group, x (t, d) with rows `stride` apart, side by side. */
static void gather(const speech_position *c, int64_t first, const float *x, int64_t stride, int64_t t, int64_t d,
                   rows to)
{
    if (!c->mean) {
        rows_from(x + first, stride, t, d, to);
        return;
    }
    for (int64_t i = 0; i < t; i++)
        for (int64_t j = 0, w = first; j < d; j++, w++) {
            float y = (x[i * stride + w] - c->mean[w]) * c->scale[w] + c->shift[w];
            if (to.half)
                to.half[i * d + j] = bf16_from_float(y);
            else
                to.whole[i * d + j] = y;
        }
}

void speech_position_run(const speech_position *c, const speech_settings *s, rows room, float *x, int64_t t)
{
    int64_t d = group_width(s), width = s->block.width, pad = before(s);
    clear(room, 0, pad);
    clear(room, pad + t, s->position_kernel - pad);
    for (int64_t g = 0; g < s->position_groups; g++) {
        gather(c, g * d, x, width, t, d, rows_at(room, pad, 0));
        linear_run(&c->groups[g], room, t, s->conv_activation, x + g * d, width, (rows){x + g * d, NULL, width});
    }
}
