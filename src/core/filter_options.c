#include "core/filter_options.h"

#include "base/status.h"

static const char *const level_names[] = {"rms", "peak", NULL};
static const char *const duplicate_names[] = {"none", "media", "all", NULL};

/* The training sample depends on all but duplicates, which are known only when everything is decoded. */
#define AT(field) offsetof(filter_options, field)
static const option table[] = {
    {"filter.languages", OPTION_LIST, SCOPE_CODEBOOK, AT(languages), "[]", 0, 0, NULL,
     "languages that are kept, of sound (lang) and text (text_lang); en also means en-GB, und rows that name none"},
    {"filter.exclude_languages", OPTION_LIST, SCOPE_CODEBOOK, AT(exclude_languages), "[]", 0, 0, NULL,
     "languages that are filtered, written in the same way"},
    {"filter.licenses", OPTION_LIST, SCOPE_CODEBOOK, AT(licenses), "[]", 0, 0, NULL,
     "licenses that are kept; CC-BY* is all that begin so, in any case; NOASSERTION means rows that name none"},
    {"filter.exclude_licenses", OPTION_LIST, SCOPE_CODEBOOK, AT(exclude_licenses), "[]", 0, 0, NULL,
     "licenses that are filtered, written in the same way"},
    {"filter.min_chars", OPTION_INT, SCOPE_CODEBOOK, AT(min_chars), "0", 0, 0x1p53, NULL,
     "least characters (code points) of a text; rows without a text are kept"},
    {"filter.max_chars", OPTION_INT, SCOPE_CODEBOOK, AT(max_chars), "0", 0, 0x1p53, NULL,
     "most characters of a text (0: no limit)"},
    {"filter.min_seconds", OPTION_SECONDS, SCOPE_CODEBOOK, AT(min_seconds), "0", 0, 1e7, NULL,
     "shortest sound that is kept"},
    {"filter.max_seconds", OPTION_SECONDS, SCOPE_CODEBOOK, AT(max_seconds), "0", 0, 1e7, NULL,
     "longest sound that is kept (0: no limit)"},
    {"filter.min_side", OPTION_INT, SCOPE_CODEBOOK, AT(min_side), "0", 0, 1e9, NULL,
     "least pixels of the shorter side of a picture"},
    {"filter.min_pixels", OPTION_INT, SCOPE_CODEBOOK, AT(min_pixels), "0", 0, 0x1p40, NULL,
     "least pixels of a picture, width times height"},
    {"filter.max_pixels", OPTION_INT, SCOPE_CODEBOOK, AT(max_pixels), "0", 0, 0x1p40, NULL,
     "most pixels of a picture (0: no limit)"},
    {"filter.max_aspect", OPTION_REAL, SCOPE_CODEBOOK, AT(max_aspect), "0", 0, 1e6, NULL,
     "greatest ratio of the longer side of a picture to the shorter one (0: no limit)"},
    {"filter.silence_dbfs", OPTION_REAL, SCOPE_CODEBOOK, AT(silence_dbfs), "0", -200, 0, NULL,
     "sound whose level is below this many dB of full scale is silence (0: nothing is)"},
    {"filter.silence_level", OPTION_ENUM, SCOPE_CODEBOOK, AT(silence_level), "rms", 0, 0, level_names,
     "that level: of the root mean square of all samples of the row, or of its largest one"},
    {"filter.clipping", OPTION_REAL, SCOPE_CODEBOOK, AT(clipping), "1", 0, 1, NULL,
     "greatest share of samples at full scale that is kept (1: any)"},
    {"filter.blank_deviation", OPTION_REAL, SCOPE_CODEBOOK, AT(blank_deviation), "0", 0, 128, NULL,
     "a picture is blank when the values (0 to 255) of none of its channels have this standard deviation; 0.001: when "
     "all pixels are equal"},
    {"filter.duplicates", OPTION_ENUM, SCOPE_TOKENS, AT(duplicates), "none", 0, 0, duplicate_names,
     "rows that equal an earlier row of the manifest once decoded: media compares sound and picture, all also the "
     "text; parts then stay on disk until all units are done"},
};
const option_table filter_options_table = OPTION_TABLE(table);

int filter_options_check(const filter_options *o)
{
    int rc = OK;
    if (o->max_chars && o->min_chars > o->max_chars)
        FAIL(ERR_CONFIG, "filter.min_chars (%lld) is above filter.max_chars (%lld): no text would be left",
             (long long)o->min_chars, (long long)o->max_chars);
    if (o->max_seconds > 0 && o->min_seconds > o->max_seconds)
        FAIL(ERR_CONFIG, "filter.min_seconds (%g) is above filter.max_seconds (%g): no sound would be left",
             o->min_seconds, o->max_seconds);
    if (o->max_pixels && o->min_pixels > o->max_pixels)
        FAIL(ERR_CONFIG, "filter.min_pixels (%lld) is above filter.max_pixels (%lld): no picture would be left",
             (long long)o->min_pixels, (long long)o->max_pixels);
    if (o->max_aspect > 0 && o->max_aspect < 1)
        FAIL(ERR_CONFIG, "filter.max_aspect (%g) is the longer side by the shorter one: at least 1, or 0 for no limit",
             o->max_aspect);
done:
    return rc;
}
