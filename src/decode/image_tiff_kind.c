/* The combinations of tags that Pillow knows (TiffImagePlugin.py, OPEN_INFO and _setup). */
#include "decode/image_tiff_kind.h"

#include "base/status.h"

#include <string.h>

/* What is compared with the known combinations. */
typedef struct description {
    int64_t fill_order, format; /* of the samples: 1 unsigned, 2 signed, 3 float */
    int64_t extra[TIFF_MAX_SAMPLES];
    int n_extra;
} description;

static int fail_kind(const tiff_kind *k, const description *d)
{
    int rc = OK;
    FAIL(ERR_UNSUPPORTED,
         "TIFF with photometric interpretation %lld, %d x %d bits, sample format %lld, fill order %lld and %d extra "
         "samples is not supported yet",
         (long long)k->photometric, k->samples, k->bits, (long long)d->format, (long long)d->fill_order, d->n_extra);
done:
    return rc;
}

/* Bits of all samples, which must be the same. Too many values are cut off, and a single one stands for all. */
static int read_bits(tiff_tags *t, tiff_kind *k)
{
    int rc = OK;
    int64_t n = tiff_count(t, TIFF_TAG_BITS), bits;
    if (n > 1 && n < k->samples) FAIL(ERR_FORMAT, "TIFF: bits of %lld of %d samples", (long long)n, k->samples);
    for (int i = 0; i < k->samples; i++) {
        TRY(tiff_value(t, TIFF_TAG_BITS, n > 1 ? i : 0, 1, &bits));
        if (i && bits != k->bits) FAIL(ERR_UNSUPPORTED, "TIFF with samples of different sizes is not supported yet");
        if (bits < 1 || bits > 64) FAIL(ERR_FORMAT, "TIFF: samples of %lld bits", (long long)bits);
        k->bits = (int)bits;
    }
done:
    return rc;
}

static int read_format(tiff_tags *t, description *d)
{
    int rc = OK;
    const int64_t n = tiff_count(t, TIFF_TAG_SAMPLE_FORMAT);
    int64_t other;
    TRY(tiff_value(t, TIFF_TAG_SAMPLE_FORMAT, 0, 1, &d->format));
    for (int64_t i = 1; i < n && i < TIFF_MAX_SAMPLES; i++) {
        TRY(tiff_value(t, TIFF_TAG_SAMPLE_FORMAT, i, 1, &other));
        if (other != d->format) FAIL(ERR_UNSUPPORTED, "TIFF with samples of different kinds is not supported yet");
    }
done:
    return rc;
}

/* Extra samples without a meaning do not count where they are stored in planes of their own. */
static int read_extra(tiff_tags *t, tiff_kind *k, description *d)
{
    int rc = OK, named = 0;
    int64_t n = tiff_count(t, TIFF_TAG_EXTRA_SAMPLES);
    if (n > TIFF_MAX_SAMPLES) FAIL(ERR_UNSUPPORTED, "TIFF with %lld extra samples is not supported yet", (long long)n);
    for (int i = 0; i < n; i++) {
        TRY(tiff_value(t, TIFF_TAG_EXTRA_SAMPLES, i, 0, &d->extra[i]));
        if (d->extra[i]) named = 1;
    }
    d->n_extra = (int)n;
    if (k->planar && n && !named) {
        k->samples -= (int)n;
        d->n_extra = 0;
    }
    if (k->samples < 1) FAIL(ERR_FORMAT, "TIFF: only extra samples");
done:
    return rc;
}

static int read_description(tiff_tags *t, tiff_kind *k, description *d)
{
    int rc = OK;
    int64_t samples, planar;
    TRY(tiff_value(t, TIFF_TAG_COMPRESSION, 0, TIFF_NOT_PACKED, &k->compression));
    TRY(tiff_value(t, TIFF_TAG_PHOTOMETRIC, 0, 0, &k->photometric));
    TRY(tiff_value(t, TIFF_TAG_FILL_ORDER, 0, 1, &d->fill_order));
    TRY(tiff_value(t, TIFF_TAG_SAMPLES, 0, 1, &samples));
    TRY(tiff_value(t, TIFF_TAG_PLANAR, 0, 1, &planar));
    if (samples < 1 || samples > TIFF_MAX_SAMPLES)
        FAIL(ERR_UNSUPPORTED, "TIFF with %lld samples per pixel is not supported yet", (long long)samples);
    k->samples = (int)samples;
    k->planar = planar == 2;
    TRY(read_extra(t, k, d));
    TRY(read_bits(t, k));
    TRY(read_format(t, d));
done:
    return rc;
}

/* Up to 8 bits: the grey of each value. */
static int grey_table(tiff_kind *k, int inverted)
{
    const int most = (1 << k->bits) - 1;
    k->color = TIFF_INDEX;
    for (int v = 0; v <= most; v++) memset(k->table[v], (inverted ? most - v : v) * 255 / most, 3);
    return OK;
}

static int find_grey(tiff_kind *k, const description *d, int white_is_zero)
{
    const int both_fills = d->fill_order == 1 || d->fill_order == 2, plain = d->fill_order == 1, bits = k->bits;
    const int small = bits == 1 || bits == 2 || bits == 4 || bits == 8;
    k->color = TIFF_GREY;
    k->number = (tiff_number)(d->format - 1);
    if (k->samples == 2 && !white_is_zero && bits == 8 && d->format == 1 && plain && d->n_extra == 1 && !k->planar) {
        k->alpha = d->extra[0] == 2 ? TIFF_STRAIGHT : TIFF_OPAQUE;
        return d->extra[0] == 0 || d->extra[0] == 2 ? grey_table(k, 0) : fail_kind(k, d);
    }
    if (k->samples != 1 || d->n_extra || !both_fills) return fail_kind(k, d);
    if (d->format == 1 && small) return grey_table(k, white_is_zero);
    if (d->format == 1 && bits == 16 && (plain ? !white_is_zero || !k->big_endian : !white_is_zero && !k->big_endian))
        return OK;
    if (!plain) return fail_kind(k, d);
    if (d->format == 3 && bits == 32) return OK;
    if (white_is_zero) return fail_kind(k, d);
    if (d->format == 2 && bits == 8) return grey_table(k, 0);
    if (d->format == 2 && (bits == 16 || bits == 32)) return OK;
    if (d->format == 1 && (bits == 12 || bits == 32) && !k->big_endian) {
        k->number = bits == 32 ? TIFF_NUMBER_SIGNED : TIFF_NUMBER_UNSIGNED; /* 32 bits: as Pillow takes them */
        return OK;
    }
    return fail_kind(k, d);
}

static int find_rgb(tiff_kind *k, const description *d)
{
    const int64_t first = d->n_extra ? d->extra[0] : 0;
    k->color = TIFF_RGB;
    if (d->format != 1 || (k->bits != 8 && k->bits != 16) || (k->bits == 16 && k->samples > 4)) return fail_kind(k, d);
    if (d->fill_order == 2 && k->bits == 8 && k->samples == 3 && !d->n_extra) return OK;
    if (d->fill_order != 1) return fail_kind(k, d);
    if (k->samples == 4 && !d->n_extra) {
        k->alpha = TIFF_STRAIGHT;
        k->unnamed_alpha = 1;
        return OK;
    }
    if (k->samples != 3 + d->n_extra) return fail_kind(k, d);
    for (int i = 1; i < d->n_extra; i++)
        if (d->extra[i]) return fail_kind(k, d);
    if (first > 2 && !(first == 999 && d->n_extra == 1 && k->bits == 8)) return fail_kind(k, d);
    if (first == 1) k->alpha = TIFF_PREMULTIPLIED;
    if (first == 2 || first == 999) k->alpha = TIFF_STRAIGHT;
    return OK;
}

static int find_cmyk(tiff_kind *k, const description *d)
{
    k->color = TIFF_CMYK;
    for (int i = 0; i < d->n_extra; i++)
        if (d->extra[i]) return fail_kind(k, d);
    if (d->format != 1 || d->fill_order != 1 || k->samples != 4 + d->n_extra) return fail_kind(k, d);
    return k->bits == 8 || (k->bits == 16 && k->samples == 4) ? OK : fail_kind(k, d);
}

/* The map has all reds, then all greens, then all blues; the high byte of each counts. */
static int find_palette(tiff_tags *t, tiff_kind *k, const description *d)
{
    int rc = OK;
    const int bits = k->bits, lone = k->samples == 1 && !d->n_extra;
    const int paired = k->samples == 2 && d->n_extra == 1 && bits == 8 && d->fill_order == 1 && !k->planar &&
                       (d->extra[0] == 0 || d->extra[0] == 2);
    const int64_t n = tiff_count(t, TIFF_TAG_COLOR_MAP) / 3;
    k->color = TIFF_INDEX;
    if (d->format != 1 || d->fill_order < 1 || d->fill_order > 2 || (!lone && !paired) ||
        (bits != 1 && bits != 2 && bits != 4 && bits != 8))
        return fail_kind(k, d);
    if (paired && d->extra[0] == 2) k->alpha = TIFF_STRAIGHT;
    if (n < 1 || n > 256) FAIL(ERR_FORMAT, "TIFF: a palette of %lld colors", (long long)n);
    for (int64_t i = 0; i < 3 * n; i++) {
        int64_t v;
        TRY(tiff_value(t, TIFF_TAG_COLOR_MAP, i, 0, &v));
        k->table[i % n][i / n] = (uint8_t)(v >> 8);
    }
done:
    return rc;
}

/* Subsampled colors without a compression that undoes it are read wrongly by Pillow. */
static int find_ycbcr(tiff_tags *t, tiff_kind *k, const description *d)
{
    int rc = OK;
    int64_t across = 2, down = 2;
    k->color = TIFF_YCBCR;
    if (d->format != 1 || d->fill_order != 1 || k->bits != 8 || k->samples != 3 || d->n_extra) return fail_kind(k, d);
    if (k->compression != TIFF_NOT_PACKED) return OK;
    TRY(tiff_value(t, TIFF_TAG_SUBSAMPLING, 0, 2, &across));
    TRY(tiff_value(t, TIFF_TAG_SUBSAMPLING, 1, 2, &down));
    if (across != 1 || down != 1 || k->planar)
        FAIL(ERR_UNSUPPORTED, "TIFF with uncompressed YCbCr of fewer colors than pixels is not supported yet");
done:
    return rc;
}

int tiff_kind_read(tiff_tags *t, tiff_kind *out)
{
    int rc = OK;
    tiff_kind *k = out;
    description d = {0};
    *k = (tiff_kind){.big_endian = t->big_endian};
    if (tiff_count(t, TIFF_TAG_PHOTO_CONTAINER)) FAIL(ERR_UNSUPPORTED, "Windows Media Photo is not supported yet");
    TRY(tiff_value(t, TIFF_TAG_WIDTH, 0, 0, &k->width));
    TRY(tiff_value(t, TIFF_TAG_HEIGHT, 0, 0, &k->height));
    if (k->width < 1 || k->height < 1 || k->width > INT32_MAX || k->height > INT32_MAX)
        FAIL(ERR_FORMAT, "TIFF: a size that is not allowed");
    TRY(read_description(t, k, &d));
    k->flipped = d.fill_order == 2;
    switch (k->photometric) {
    case 0:
    case 1: TRY(find_grey(k, &d, k->photometric == 0)); break;
    case 2: TRY(find_rgb(k, &d)); break;
    case 3: TRY(find_palette(t, k, &d)); break;
    case 5: TRY(find_cmyk(k, &d)); break;
    case 6: TRY(find_ycbcr(t, k, &d)); break;
    case 8:
    case 9:
    case 10: FAIL(ERR_UNSUPPORTED, "TIFF with CIELab colors is not supported yet");
    default: TRY(fail_kind(k, &d));
    }
done:
    return rc;
}
