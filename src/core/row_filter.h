/* Filters: named rules by which a row is left out on purpose. A row meets them in this order, and the first rule that
 * hits names it:
 *
 *   language, license, min-chars, max-chars, min-seconds, max-seconds, min-side, min-pixels, max-pixels, max-aspect
 *                                   by what the manifest and the headers of its files say, before anything is decoded;
 *                                   what they do not say is left to the next step
 *   min-seconds, max-seconds, min-side, min-pixels, max-pixels, max-aspect, silence, clipping, blank-image
 *                                   by what was decoded, once the row would be an example; of a sound in pieces, when
 *                                   these are joined
 *   duplicate                       when all rows are decoded
 *
 * A row that the index rejects meets none. A rule about sound, picture or text is for rows that have it, and that are
 * tokenised. A hit leaves the whole row out. Nothing but the row, its media and the options decides. Local. */
#pragma once

#include "base/hash.h"
#include "core/filter_options.h"
#include "corpus/index.h"
#include "shards/example.h"

typedef struct row_filter {
    const filter_options *o; /* borrowed; NULL: no filters */
    int sound, picture;      /* what is tokenised */
} row_filter;

typedef struct filter_hit {
    const char *rule;
    char message[512];
} filter_hit;

/* Whether a row is left out by what the index says of it; and by what was decoded (zeros: no such medium). */
int row_filter_listed(const row_filter *f, const corpus_row *row, filter_hit *hit);
int row_filter_decoded(const row_filter *f, const sound_content *s, const picture_content *p, filter_hit *hit);

/* Make the example one that is left out. */
void filter_hit_take(const filter_hit *hit, example *e);

/* The duplicate of a row with this id. */
void filter_hit_duplicate(text_view id, filter_hit *hit);

/* Hash of what makes duplicates of two examples, of the sound with all pieces; 0: the example has nothing of that. */
int row_filter_key(const row_filter *f, const example *e, hash128 *key);

/* Whether any rule may hit before decoding; the totals of the index without the rows that are left out there: a pass
 * over the index. ERR_CORRUPT. */
int row_filter_lists(const row_filter *f);
int row_filter_totals(const row_filter *f, const corpus_index *index, corpus_totals *out);
