/* Examples that follow from their number alone, for the tests of this folder. */
#pragma once

#include "shards/shard.h"

/* Row i: every 7th is a reject, every 11th filtered; others have text, most a picture or sound. The id and source of
 * row 5 are not UTF-8. Text views stay valid until the next call. Buffers grow in *e: example_free. */
void make_example(int64_t i, int reduced, example *e);

/* Options that fit these examples: text "bytes", image with vectors of width 4, sound with `reduced`. */
void make_options(shard_options *o, int reduced);

/* Whether two examples say the same. */
int examples_equal(const example *a, const example *b);
