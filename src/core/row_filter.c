#include "core/row_filter.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char DUPLICATE[] = "duplicate";

static int hit_number(filter_hit *hit, const char *rule, double is, const char *unit, const char *bound, double limit)
{
    hit->rule = rule;
    snprintf(hit->message, sizeof hit->message, "%.10g%s, %s %.10g", is, unit, bound, limit);
    return 1;
}

/* ---- languages and licenses ---- */

static int same_letter(char a, char b)
{
    if (a == '_') a = '-';
    if (b == '_') b = '-';
    if (a >= 'A' && a <= 'Z') a = (char)(a - 'A' + 'a');
    if (b >= 'A' && b <= 'Z') b = (char)(b - 'A' + 'a');
    return a == b;
}

static int begins_with(text_view text, const char *with, size_t n)
{
    if (text.n < n) return 0;
    for (size_t i = 0; i < n; i++)
        if (!same_letter(text.bytes[i], with[i])) return 0;
    return 1;
}

/* Basic filtering of RFC 4647: a range is a tag, or its first subtags. */
static int is_in_range(text_view tag, const char *range)
{
    size_t n = strlen(range);
    if (!tag.n) return !strcasecmp(range, "und");
    return begins_with(tag, range, n) && (tag.n == n || tag.bytes[n] == '-' || tag.bytes[n] == '_');
}

static int is_license(text_view name, const char *wanted)
{
    size_t n = strlen(wanted);
    if (!name.n) return !strcasecmp(wanted, "NOASSERTION");
    if (n && wanted[n - 1] == '*') return begins_with(name, wanted, n - 1);
    return name.n == n && begins_with(name, wanted, n);
}

static int is_listed(const option_list *l, text_view text, int (*is)(text_view text, const char *listed))
{
    for (size_t i = 0; i < l->n; i++)
        if (is(text, l->texts[i])) return 1;
    return 0;
}

static int hit_name(filter_hit *hit, const char *rule, const char *of, text_view name, const option_list *allowed,
                    const option_list *denied, int (*is)(text_view text, const char *listed))
{
    int denies = is_listed(denied, name, is);
    if (!denies && (!allowed->n || is_listed(allowed, name, is))) return 0;
    hit->rule = rule;
    snprintf(hit->message, sizeof hit->message, "%s%s%.*s, %s", of, name.n ? " " : " not given",
             (int)(name.n < 100 ? name.n : 100), name.bytes, denies ? "which is excluded" : "not one of those kept");
    return 1;
}

static int hit_names(const row_filter *f, const corpus_row *row, filter_hit *hit)
{
    const filter_options *o = f->o;
    text_view sound = row->field[FIELD_LANG], text = row->field[FIELD_TEXT_LANG];
    if (!text.n) text = sound;
    if (f->sound && corpus_row_has(row, MEDIA_AUDIO) &&
        hit_name(hit, "language", "sound: language", sound, &o->languages, &o->exclude_languages, is_in_range))
        return 1;
    if (row->field[FIELD_TEXT].n &&
        hit_name(hit, "language", "text: language", text, &o->languages, &o->exclude_languages, is_in_range))
        return 1;
    return hit_name(hit, "license", "license", row->field[FIELD_LICENSE], &o->licenses, &o->exclude_licenses,
                    is_license);
}

/* ---- sizes ---- */

static int hit_text(const filter_options *o, text_view text, filter_hit *hit)
{
    int64_t chars = 0;
    if (!text.n || (!o->min_chars && !o->max_chars)) return 0;
    for (size_t i = 0; i < text.n; i++) chars += (text.bytes[i] & 0xC0) != 0x80;
    if (chars < o->min_chars)
        return hit_number(hit, "min-chars", (double)chars, " characters", "at least", (double)o->min_chars);
    if (o->max_chars && chars > o->max_chars)
        return hit_number(hit, "max-chars", (double)chars, " characters", "at most", (double)o->max_chars);
    return 0;
}

static int hit_seconds(const filter_options *o, double seconds, filter_hit *hit)
{
    if (seconds < o->min_seconds) return hit_number(hit, "min-seconds", seconds, " s", "at least", o->min_seconds);
    if (o->max_seconds > 0 && seconds > o->max_seconds)
        return hit_number(hit, "max-seconds", seconds, " s", "at most", o->max_seconds);
    return 0;
}

static int hit_size(const filter_options *o, int64_t width, int64_t height, filter_hit *hit)
{
    int64_t shorter = width < height ? width : height, longer = width < height ? height : width;
    double pixels = (double)width * (double)height, aspect = (double)longer / (double)shorter;
    if (shorter < o->min_side)
        return hit_number(hit, "min-side", (double)shorter, " pixels", "at least", (double)o->min_side);
    if (pixels < (double)o->min_pixels)
        return hit_number(hit, "min-pixels", pixels, " pixels", "at least", (double)o->min_pixels);
    if (o->max_pixels && pixels > (double)o->max_pixels)
        return hit_number(hit, "max-pixels", pixels, " pixels", "at most", (double)o->max_pixels);
    if (o->max_aspect > 0 && aspect > o->max_aspect)
        return hit_number(hit, "max-aspect", aspect, " to 1", "at most", o->max_aspect);
    return 0;
}

int row_filter_listed(const row_filter *f, const corpus_row *row, filter_hit *hit)
{
    const filter_options *o = f->o;
    if (!o || row->status != OK) return 0;
    double seconds = f->sound ? corpus_row_seconds(row) : 0;
    int sized = f->picture && corpus_row_has(row, MEDIA_IMAGE) && row->image_width > 0 && row->image_height > 0;
    return hit_names(f, row, hit) || hit_text(o, row->field[FIELD_TEXT], hit) ||
           (seconds > 0 && hit_seconds(o, seconds, hit)) ||
           (sized && hit_size(o, row->image_width, row->image_height, hit));
}

/* ---- what was decoded ---- */

/* 10^(tenths / 100): the power of a level in tenths of dB. By products alone, so that every machine gives the same. */
static double power(int tenths)
{
    double result = 1, factor = 1.0232929922807541; /* 10^0.01 */
    for (unsigned n = (unsigned)(tenths < 0 ? -tenths : tenths); n; n >>= 1) {
        if (n & 1) result *= factor;
        factor *= factor;
    }
    return tenths < 0 ? 1 / result : result;
}

static double power_of(double db)
{
    int whole = (int)(db * 10), step; /* towards 0 */
    double rest = (db * 10 - whole) / 100, x = rest * 2.302585092994046, term = 1, sum = 1;
    for (step = 1; step < 12; step++) {
        term *= x / step;
        sum += term;
    }
    return power(whole) * sum;
}

/* A power as dB, rounded down to tenths; -200 at least. */
static double decibels(double mean)
{
    int tenths = 400;
    while (tenths > -2000 && mean < power(tenths)) tenths--;
    return tenths / 10.0;
}

static int hit_silence(const filter_options *o, const sound_content *s, filter_hit *hit)
{
    if (o->silence_dbfs >= 0) return 0;
    double squares = (double)s->squares[1] * 0x1p64 + (double)s->squares[0];
    double mean = o->silence_level == SILENCE_PEAK ? s->peak * s->peak : squares / (double)s->samples * 0x1p-46;
    if (mean >= power_of(o->silence_dbfs)) return 0;
    hit->rule = "silence";
    if (mean > 0)
        snprintf(hit->message, sizeof hit->message, "%s %.1f dBFS, at least %.10g",
                 o->silence_level == SILENCE_PEAK ? "peak" : "rms", decibels(mean), o->silence_dbfs);
    else
        snprintf(hit->message, sizeof hit->message, "all samples are zero");
    return 1;
}

int row_filter_decoded(const row_filter *f, const sound_content *s, const picture_content *p, filter_hit *hit)
{
    const filter_options *o = f->o;
    if (!o) return 0;
    if (s->samples && hit_seconds(o, (double)s->samples / (double)s->rate_hz, hit)) return 1;
    if (p->width && hit_size(o, p->width, p->height, hit)) return 1;
    if (s->samples && hit_silence(o, s, hit)) return 1;
    if (s->samples && (double)s->clipped > o->clipping * (double)s->samples)
        return hit_number(hit, "clipping", (double)s->clipped / (double)s->samples, " of the samples are at full scale",
                          "at most", o->clipping);
    if (p->width && p->deviation < o->blank_deviation)
        return hit_number(hit, "blank-image", p->deviation, " is the deviation of the pixels", "at least",
                          o->blank_deviation);
    return 0;
}

/* ---- duplicates ---- */

void filter_hit_duplicate(text_view id, filter_hit *hit)
{
    hit->rule = DUPLICATE;
    snprintf(hit->message, sizeof hit->message, "duplicate-of: %.*s", (int)(id.n < 480 ? id.n : 480), id.bytes);
}

void filter_hit_take(const filter_hit *hit, example *e)
{
    e->outcome = OUTCOME_FILTERED;
    snprintf(e->rule, sizeof e->rule, "%s", hit->rule);
    snprintf(e->message, sizeof e->message, "%s", hit->message);
}

int row_filter_key(const row_filter *f, const example *e, hash128 *key)
{
    const sound_content *s = &e->sound;
    const picture_content *p = &e->picture;
    const sensor_content *r = &e->sensor;
    uint64_t words[16] = {0};
    int with_text = f->o->duplicates == DUPLICATES_ALL && e->text[EXAMPLE_TEXT].n > 0;
    if (!s->samples && !p->width && !r->samples && !with_text) return 0;
    if (s->samples) {
        const uint64_t sound[] = {1, (uint64_t)s->rate_hz, (uint64_t)s->samples, s->hash[0], s->hash[1]};
        memcpy(words, sound, sizeof sound);
    }
    if (p->width) {
        const uint64_t picture[] = {(uint64_t)p->width, (uint64_t)p->height, p->hash[0], p->hash[1]};
        memcpy(words + 5, picture, sizeof picture);
    }
    if (r->samples) {
        const uint64_t recording[] = {(uint64_t)r->samples, (uint64_t)r->channels, r->hash[0], r->hash[1]};
        memcpy(words + 9, recording, sizeof recording);
    }
    if (with_text) {
        hash128 h = hash128_of(e->text[EXAMPLE_TEXT].bytes, e->text[EXAMPLE_TEXT].n);
        words[13] = e->text[EXAMPLE_TEXT].n;
        words[14] = h.low;
        words[15] = h.high;
    }
    *key = hash128_of(words, sizeof words);
    return 1;
}

/* ---- the index ---- */

int row_filter_lists(const row_filter *f)
{
    const filter_options *o = f->o;
    return o && (o->languages.n || o->exclude_languages.n || o->licenses.n || o->exclude_licenses.n || o->min_chars ||
                 o->max_chars || o->min_seconds > 0 || o->max_seconds > 0 || o->min_side || o->min_pixels ||
                 o->max_pixels || o->max_aspect > 0);
}

int row_filter_totals(const row_filter *f, const corpus_index *index, corpus_totals *out)
{
    int rc = OK;
    corpus_row row;
    filter_hit hit;
    *out = *corpus_index_totals(index);
    for (int64_t i = 0; row_filter_lists(f) && i < corpus_index_rows(index); i++) {
        TRY(corpus_index_row(index, i, &row));
        if (!row_filter_listed(f, &row, &hit)) continue;
        out->audio_rows -= corpus_row_has(&row, MEDIA_AUDIO);
        out->image_rows -= corpus_row_has(&row, MEDIA_IMAGE);
        out->sensor_rows -= corpus_row_has(&row, MEDIA_SENSOR);
        out->text_rows -= row.field[FIELD_TEXT].n > 0;
        out->audio_seconds -= corpus_row_seconds(&row);
        out->pixels -= row.image_width * row.image_height;
        out->text_bytes -= (int64_t)row.field[FIELD_TEXT].n;
        for (int k = 0; k < N_MEDIA; k++) out->media_bytes -= row.media[k].size > 0 ? row.media[k].size : 0;
    }
done:
    return rc;
}
