/* The picture of a row as vectors: decode, orient, resize, then patches, and a linear projection where one is set, or
 * the layer of an encoder. One object per compute thread. Local. */
#pragma once

#include "core/encode_batch.h"
#include "core/measure.h"
#include "core/media.h"
#include "core/projection.h"
#include "decode/image_decode.h"

typedef struct picture picture;

/* `m` may be NULL or without an encoder: patches. `map` may be NULL. Both borrowed. ERR_MEMORY, ERR_CONFIG. Caller:
 * picture_free. */
int picture_create(picture **out, const image_options *o, const core_model *m, const projection *map);
void picture_free(picture **p);

int64_t picture_raw_width(const picture *p); /* values of a vector before the projection */
int64_t picture_width(const picture *p);     /* after it */
void picture_grid(const picture *p, int64_t *rows, int64_t *columns);

/* From now on take the measures that the filters need (borrowed): of the latest picture that was run, in
 * picture_measured until the next one. */
void picture_measures(picture *p, const filter_options *o);
const picture_content *picture_measured(const picture *p);

/* The vectors of a picture, rows * columns of picture_width; with `raw` the projection is left out. Item errors of the
 * decoder, ERR_ENVIRONMENT.
 *
 * An encoder's vectors may come later, with those of other pictures, and at the latest in picture_finish: the sink must
 * last so long. */
int picture_run(picture *p, const byte_source *source, int raw, const vector_sink *sink);

/* Give the vectors that are still to come. Errors of the sinks and of the encoder, after which nothing is to come.
 * picture_forget: they are not wanted any more. */
int picture_finish(picture *p);
void picture_forget(picture *p);

/* The pixels that the vectors are made from, for people: (height, width, 3). Errors as picture_run. Caller: image_free.
 */
int picture_pixels(picture *p, const byte_source *source, image *out);

/* Bytes of a batch for an encoder: for estimates. */
double picture_bytes(const core_model *m);
