/* The picture of a row as vectors: decode, orient, resize, patches, and a linear projection where one is set. One
 * object per compute thread. Local. */
#pragma once

#include "core/core_options.h"
#include "core/media.h"
#include "core/projection.h"

typedef struct picture picture;

/* `map` may be NULL; borrowed. ERR_MEMORY, ERR_CONFIG. Caller: picture_free. */
int picture_create(picture **out, const image_options *o, const projection *map);
void picture_free(picture **p);

int64_t picture_raw_width(const picture *p); /* values of a patch before the projection */
int64_t picture_width(const picture *p);     /* after it */
void picture_grid(const picture *p, int64_t *rows, int64_t *columns);

/* Patch vectors of a picture: *x (rows * columns, width) belongs to p and lasts until the next call. With `raw` the
 * projection is left out. Item errors of the decoder, ERR_ENVIRONMENT. */
int picture_run(picture *p, const byte_source *source, int raw, const float **x);

/* The pixels that the patches are cut from, for people: (height, width, 3). Errors as picture_run. Caller: image_free.
 */
int picture_pixels(picture *p, const byte_source *source, image *out);
