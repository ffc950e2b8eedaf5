/* Options of the filters, with their table. What they mean: core/row_filter.h. */
#pragma once

#include "config/options.h"

typedef enum silence_level { SILENCE_RMS, SILENCE_PEAK } silence_level;
typedef enum duplicate_policy { DUPLICATES_NONE, DUPLICATES_MEDIA, DUPLICATES_ALL } duplicate_policy;

/* At its default a key filters nothing. */
typedef struct filter_options {
    option_list languages, exclude_languages; /* ranges of language tags */
    option_list licenses, exclude_licenses;   /* names, or beginnings of names with a * */
    int64_t min_chars, max_chars;             /* of the text, code points */
    double min_seconds, max_seconds;          /* of the sound */
    int64_t min_side, min_pixels, max_pixels; /* of the picture */
    double max_aspect;                        /* its long side by its short side */
    double silence_dbfs;                      /* less is silence; 0: off */
    int silence_level;                        /* what is compared */
    double clipping;                          /* greatest share of samples at full scale */
    double blank_deviation;                   /* less is a blank picture */
    int duplicates;                           /* duplicate_policy */
} filter_options;

extern const option_table filter_options_table;

/* ERR_CONFIG: a least value above its greatest one. Local. */
int filter_options_check(const filter_options *o);
