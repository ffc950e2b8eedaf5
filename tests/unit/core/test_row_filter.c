/* Every rule just inside and just beyond its edge; their order; for whom they are; keys of duplicates. */
#include "base/status.h"
#include "core/row_filter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What the tables have as defaults. */
static filter_options nothing(void) { return (filter_options){.clipping = 1}; }

static text_view view(const char *text) { return (text_view){text, strlen(text)}; }

/* Sound of 5 s, a picture of 40 x 30, a text of 4 characters, 7 bytes. */
static corpus_row make_row(void)
{
    corpus_row row;
    corpus_row_clear(&row);
    row.field[FIELD_ID] = view("a");
    row.field[FIELD_AUDIO_PATH] = view("a.wav");
    row.field[FIELD_IMAGE_PATH] = view("a.png");
    row.field[FIELD_TEXT] = view("n\xC3\xA4\xE2\x82\xACn");
    row.audio_frames = 40000;
    row.audio_rate_hz = 8000;
    row.image_width = 40;
    row.image_height = 30;
    return row;
}

static const char *listed_as(const filter_options *o, const corpus_row *row)
{
    static filter_hit hit;
    const row_filter f = {o, 1, 1};
    return row_filter_listed(&f, row, &hit) ? hit.rule : "kept";
}

static const char *message_of(const filter_options *o, const corpus_row *row)
{
    static filter_hit hit;
    const row_filter f = {o, 1, 1};
    assert_true(row_filter_listed(&f, row, &hit));
    return hit.message;
}

static const char *decoded_as(const filter_options *o, const sound_content *s, const picture_content *p)
{
    static filter_hit hit;
    static const sound_content no_sound;
    static const picture_content no_picture;
    const row_filter f = {o, 1, 1};
    return row_filter_decoded(&f, s ? s : &no_sound, p ? p : &no_picture, &hit) ? hit.rule : "kept";
}

static void unset_rules_keep_everything(void **state)
{
    (void)state;
    filter_options o = nothing();
    corpus_row row = make_row();
    sound_content s = {.rate_hz = 8000, .samples = 1, .clipped = 1, .peak = 0};
    picture_content p = {.width = 1, .height = 1000000};
    assert_string_equal(listed_as(&o, &row), "kept");
    assert_string_equal(decoded_as(&o, &s, &p), "kept");
    assert_string_equal(listed_as(NULL, &row), "kept");
    assert_string_equal(decoded_as(NULL, &s, &p), "kept");
    row_filter f = {&o, 1, 1};
    assert_false(row_filter_lists(&f));
    o.max_aspect = 1;
    assert_true(row_filter_lists(&f));
}

/* A number just kept, and just beyond. */
#define EDGE(field, kept, dropped, rule)                                                                               \
    do {                                                                                                               \
        filter_options x = nothing();                                                                                  \
        corpus_row r = make_row();                                                                                     \
        sound_content s = {.rate_hz = 8000, .samples = 40000};                                                         \
        picture_content p = {.width = 40, .height = 30};                                                               \
        int of_text = strstr(rule, "chars") != NULL;                                                                   \
        x.field = (kept);                                                                                              \
        assert_string_equal(listed_as(&x, &r), "kept");                                                                \
        assert_string_equal(decoded_as(&x, &s, &p), "kept");                                                           \
        x.field = (dropped);                                                                                           \
        assert_string_equal(listed_as(&x, &r), rule);                                                                  \
        assert_string_equal(decoded_as(&x, &s, &p), of_text ? "kept" : rule);                                          \
    } while (0)

static void sizes_at_their_edges(void **state)
{
    (void)state;
    EDGE(min_chars, 4, 5, "min-chars");
    EDGE(max_chars, 4, 3, "max-chars");
    EDGE(min_seconds, 5, 5.0001, "min-seconds");
    EDGE(max_seconds, 5, 4.9999, "max-seconds");
    EDGE(min_side, 30, 31, "min-side");
    EDGE(min_pixels, 1200, 1201, "min-pixels");
    EDGE(max_pixels, 1200, 1199, "max-pixels");
    EDGE(max_aspect, 4.0 / 3, 1.333, "max-aspect");
    filter_options o = nothing();
    corpus_row row = make_row();
    o.min_seconds = 5.5;
    assert_string_equal(message_of(&o, &row), "5 s, at least 5.5");
}

static void languages(void **state)
{
    (void)state;
    char *list[] = {(char *)"de", (char *)"en-GB"}, *unknown[] = {(char *)"und"};
    static const struct {
        const char *lang;
        int in;
    } cases[] = {{"de", 1}, {"DE", 1}, {"de-AT", 1}, {"de_AT", 1}, {"den", 0},
                 {"d", 0},  {"en", 0}, {"en-GB", 1}, {"en-US", 0}, {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        filter_options keep = nothing(), drop = nothing();
        corpus_row row = make_row();
        keep.languages = drop.exclude_languages = (option_list){list, 2};
        row.field[FIELD_LANG] = row.field[FIELD_TEXT_LANG] = view(cases[i].lang);
        assert_string_equal(listed_as(&keep, &row), cases[i].in ? "kept" : "language");
        assert_string_equal(listed_as(&drop, &row), cases[i].in ? "language" : "kept");
    }
    filter_options o = nothing();
    corpus_row row = make_row();
    o.exclude_languages = (option_list){unknown, 1};
    assert_string_equal(listed_as(&o, &row), "language");
    o = nothing();
    o.languages = (option_list){list, 2};
    row.field[FIELD_LANG] = view("de");
    assert_string_equal(listed_as(&o, &row), "kept"); /* a text without a language has that of the sound */
    row.field[FIELD_TEXT_LANG] = view("fr");
    assert_string_equal(message_of(&o, &row), "text: language fr, not one of those kept");
    row.field[FIELD_TEXT] = view("");
    assert_string_equal(listed_as(&o, &row), "kept");
    o.exclude_languages = (option_list){list, 1};
    assert_string_equal(message_of(&o, &row), "sound: language de, which is excluded");
    row.field[FIELD_AUDIO_PATH] = view("");
    assert_string_equal(listed_as(&o, &row), "kept"); /* a picture has no language */
}

static void licenses(void **state)
{
    (void)state;
    char *list[] = {(char *)"CC0-1.0", (char *)"cc-by-4*"}, *unknown[] = {(char *)"NoAssertion"};
    static const struct {
        const char *license;
        int in;
    } cases[] = {{"CC0-1.0", 1},   {"cc0-1.0", 1},      {"CC0-1.0x", 0}, {"CC0", 0},
                 {"CC-BY-4.0", 1}, {"CC-BY-SA-4.0", 0}, {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        filter_options keep = nothing(), drop = nothing();
        corpus_row row = make_row();
        keep.licenses = drop.exclude_licenses = (option_list){list, 2};
        row.field[FIELD_LICENSE] = view(cases[i].license);
        assert_string_equal(listed_as(&keep, &row), cases[i].in ? "kept" : "license");
        assert_string_equal(listed_as(&drop, &row), cases[i].in ? "license" : "kept");
    }
    filter_options o = nothing();
    corpus_row row = make_row();
    o.licenses = (option_list){list, 2};
    assert_string_equal(message_of(&o, &row), "license not given, not one of those kept");
    o.licenses = (option_list){unknown, 1};
    assert_string_equal(listed_as(&o, &row), "kept");
}

/* The level of half the samples at 2^-5 and the others 0: a mean square of 2^-11, -33.11 dBFS; the peak is -30.10. */
static void silence(void **state)
{
    (void)state;
    sound_content s = {.rate_hz = 8000, .samples = 1 << 20, .peak = 0x1p-5};
    const uint64_t one = UINT64_C(1) << 36; /* 2^-10 in units of 2^-46 */
    filter_options o = nothing();
    filter_hit hit;
    const row_filter f = {&o, 1, 1};
    s.squares[0] = one << 19;
    o.silence_dbfs = -33.12;
    assert_string_equal(decoded_as(&o, &s, NULL), "kept");
    o.silence_dbfs = -33.10;
    assert_string_equal(decoded_as(&o, &s, NULL), "silence");
    assert_true(row_filter_decoded(&f, &s, &(picture_content){0}, &hit));
    assert_string_equal(hit.message, "rms -33.2 dBFS, at least -33.1");
    o.silence_level = SILENCE_PEAK;
    assert_string_equal(decoded_as(&o, &s, NULL), "kept");
    o.silence_dbfs = -30.10;
    assert_string_equal(decoded_as(&o, &s, NULL), "silence");
    o.silence_dbfs = -30.11;
    assert_string_equal(decoded_as(&o, &s, NULL), "kept");
    o.silence_dbfs = -200;
    s.peak = 0;
    assert_true(row_filter_decoded(&f, &s, &(picture_content){0}, &hit));
    assert_string_equal(hit.message, "all samples are zero");
}

static void clipping_and_blank(void **state)
{
    (void)state;
    filter_options o = nothing();
    sound_content s = {.rate_hz = 8000, .samples = 1000, .clipped = 10, .peak = 1};
    picture_content p = {.width = 4, .height = 4, .deviation = 2.5};
    o.clipping = 0.01;
    assert_string_equal(decoded_as(&o, &s, NULL), "kept");
    s.clipped = 11;
    assert_string_equal(decoded_as(&o, &s, NULL), "clipping");
    o.clipping = 0;
    s.clipped = 0;
    assert_string_equal(decoded_as(&o, &s, NULL), "kept");
    o.blank_deviation = 2.5;
    assert_string_equal(decoded_as(&o, &s, &p), "kept");
    o.blank_deviation = 2.5001;
    assert_string_equal(decoded_as(&o, &s, &p), "blank-image");
    p.deviation = 0;
    o.blank_deviation = 0.001;
    assert_string_equal(decoded_as(&o, NULL, &p), "blank-image");
}

static void the_first_rule_names_the_row(void **state)
{
    (void)state;
    char *none[] = {(char *)"xx"};
    filter_options o = {.languages = {none, 1},
                        .licenses = {none, 1},
                        .min_chars = 99,
                        .min_seconds = 99,
                        .min_side = 99,
                        .min_pixels = 9999,
                        .max_aspect = 1,
                        .silence_dbfs = -1,
                        .clipping = 0,
                        .blank_deviation = 9};
    corpus_row row = make_row();
    sound_content s = {.rate_hz = 8000, .samples = 800, .clipped = 1};
    picture_content p = {.width = 40, .height = 30};
    assert_string_equal(listed_as(&o, &row), "language");
    o.languages.n = 0;
    assert_string_equal(listed_as(&o, &row), "license");
    o.licenses.n = 0;
    assert_string_equal(listed_as(&o, &row), "min-chars");
    o.min_chars = 0;
    assert_string_equal(listed_as(&o, &row), "min-seconds");
    assert_string_equal(decoded_as(&o, &s, &p), "min-seconds");
    o.min_seconds = 0;
    assert_string_equal(listed_as(&o, &row), "min-side");
    assert_string_equal(decoded_as(&o, &s, &p), "min-side");
    o.min_side = 0;
    assert_string_equal(decoded_as(&o, &s, &p), "min-pixels");
    o.min_pixels = 0;
    assert_string_equal(decoded_as(&o, &s, &p), "max-aspect");
    o.max_aspect = 0;
    assert_string_equal(decoded_as(&o, &s, &p), "silence");
    o.silence_dbfs = 0;
    assert_string_equal(decoded_as(&o, &s, &p), "clipping");
    o.clipping = 1;
    assert_string_equal(decoded_as(&o, &s, &p), "blank-image");
    row.status = ERR_FORMAT;
    o.min_chars = 99;
    assert_string_equal(listed_as(&o, &row), "kept"); /* it is rejected already */
}

static void rules_are_for_what_is_tokenised(void **state)
{
    (void)state;
    filter_options o = nothing();
    corpus_row row = make_row();
    filter_hit hit;
    row_filter f = {&o, 1, 0};
    o.min_pixels = 9999;
    assert_false(row_filter_listed(&f, &row, &hit));
    o.min_pixels = 0;
    o.min_seconds = 99;
    assert_true(row_filter_listed(&f, &row, &hit));
    f.sound = 0;
    assert_false(row_filter_listed(&f, &row, &hit));
    f.sound = 1;
    row.audio_frames = -1; /* not known: decoding will tell */
    assert_false(row_filter_listed(&f, &row, &hit));
    row.duration_s = 3;
    assert_true(row_filter_listed(&f, &row, &hit));
}

static void keys_are_of_the_content(void **state)
{
    (void)state;
    filter_options media = nothing(), all = nothing();
    media.duplicates = DUPLICATES_MEDIA;
    all.duplicates = DUPLICATES_ALL;
    const row_filter by_media = {&media, 1, 1}, by_all = {&all, 1, 1};
    example e = {.sound = {.rate_hz = 8000, .samples = 5, .hash = {1, 2}, .peak = 0.1},
                 .picture = {.width = 3, .height = 4, .hash = {5, 6}, .deviation = 7}};
    const sensor_content sensor = {5, 2, {7, 8}};
    hash128 first, now;
    e.text[EXAMPLE_TEXT].bytes = "abc";
    e.text[EXAMPLE_TEXT].n = 3;
    assert_int_equal(row_filter_key(&by_media, &e, &first), 1);
#define SAME(change, expected)                                                                                         \
    do {                                                                                                               \
        example x = e;                                                                                                 \
        change;                                                                                                        \
        assert_int_equal(row_filter_key(&by_media, &x, &now), 1);                                                      \
        assert_int_equal(now.low == first.low && now.high == first.high, expected);                                    \
    } while (0)
    SAME(x.text[EXAMPLE_TEXT].n = 2, 1);
    SAME(x.row = 9, 1);
    SAME(x.sound.rate_hz = 16000, 0);
    SAME(x.sound.samples = 6, 0);
    SAME(x.sound.hash[1] = 3, 0);
    SAME(x.sound = (sound_content){0}, 0);
    SAME(x.picture.width = 4, 0);
    SAME(x.picture.hash[0] = 4, 0);
    SAME(x.picture = (picture_content){0}, 0);
    SAME(x.stream[STREAM_SENSOR].used = 1, 1);
    SAME(x.sensor = sensor, 0);
    row_filter_key(&by_media, &(example){.sensor = sensor}, &first);
    e = (example){.sensor = sensor, .text[EXAMPLE_TEXT] = {"abc", 3}};
    SAME(x.sensor.samples = 6, 0);
    SAME(x.sensor.channels = 3, 0);
    SAME(x.sensor.hash[1] = 9, 0);
    SAME(x.stream[STREAM_SENSOR].xxh3 = 5, 1); /* of the file */
    assert_int_equal(row_filter_key(&by_all, &e, &first), 1);
    e.text[EXAMPLE_TEXT].n = 2;
    assert_int_equal(row_filter_key(&by_all, &e, &now), 1);
    assert_false(now.low == first.low && now.high == first.high);
    e.sound = (sound_content){0};
    e.picture = (picture_content){0};
    e.sensor = (sensor_content){0};
    assert_int_equal(row_filter_key(&by_media, &e, &now), 0); /* a text alone */
    assert_int_equal(row_filter_key(&by_all, &e, &now), 1);
}

static void a_hit_makes_a_filtered_example(void **state)
{
    (void)state;
    example e = {0};
    filter_hit hit;
    char id[900];
    memset(id, 'x', sizeof id);
    filter_hit_duplicate((text_view){id, sizeof id}, &hit);
    filter_hit_take(&hit, &e);
    assert_int_equal(e.outcome, OUTCOME_FILTERED);
    assert_string_equal(e.rule, "duplicate");
    assert_memory_equal(e.message, "duplicate-of: xxx", 17);
}

static void least_above_most_is_refused(void **state)
{
    (void)state;
    filter_options o = nothing();
    assert_int_equal(filter_options_check(&o), OK);
    o.min_seconds = 2;
    assert_int_equal(filter_options_check(&o), OK);
    o.max_seconds = 1;
    assert_int_equal(filter_options_check(&o), ERR_CONFIG);
    o = nothing();
    o.min_chars = 2;
    o.max_chars = 1;
    assert_int_equal(filter_options_check(&o), ERR_CONFIG);
    o = nothing();
    o.min_pixels = 2;
    o.max_pixels = 1;
    assert_int_equal(filter_options_check(&o), ERR_CONFIG);
    o = nothing();
    o.max_aspect = 0.5;
    assert_int_equal(filter_options_check(&o), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unset_rules_keep_everything),
        cmocka_unit_test(sizes_at_their_edges),
        cmocka_unit_test(languages),
        cmocka_unit_test(licenses),
        cmocka_unit_test(silence),
        cmocka_unit_test(clipping_and_blank),
        cmocka_unit_test(the_first_rule_names_the_row),
        cmocka_unit_test(rules_are_for_what_is_tokenised),
        cmocka_unit_test(keys_are_of_the_content),
        cmocka_unit_test(a_hit_makes_a_filtered_example),
        cmocka_unit_test(least_above_most_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
