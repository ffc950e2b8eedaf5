/* Resizing bit for bit as Image.resize of Pillow 13 does it for 8-bit RGB (src/PIL/Image.py,
 * src/libImaging/Resample.c). Earlier versions always (12.2: but for very tall pictures) take the horizontal pass
 * first, which changes some values by one where is_vertical_first holds. Local. */
#pragma once

#include "decode/image_decode.h"
#include "feature/image_axis.h"
#include "feature/image_sum.h"

typedef enum image_fit {
    FIT_SQUASH, /* to exactly width x height, whatever becomes of the shape */
    FIT_CROP,   /* the shape kept, so that width x height is just covered, then the middle kept */
    FIT_END
} image_fit;

/* The whole picture is resized to full_width x full_height, and this part of that is kept (and computed). */
typedef struct image_target {
    int64_t full_width, full_height;
    int64_t left, top, width, height;
} image_target;

/* Where a picture of in_width x in_height goes. FIT_CROP: the side that covers exactly gets the wanted length, the
 * other one trunc(length * long / short), as CLIP's and DINOv2's processors do for a square; the part in the middle
 * starts at the floor of half of what is left over. All sizes at least 1. */
image_target image_target_of(image_fit fit, int64_t in_width, int64_t in_height, int64_t width, int64_t height);

/* The shorter side gets `edge` pixels, the other one trunc(edge * long / short), and the middle of it is kept, as the
 * image processors of transformers do; width and height are at most `edge`. */
image_target image_target_of_edge(int64_t in_width, int64_t in_height, int64_t edge, int64_t width, int64_t height);

/* Tables and rows between the passes, kept from call to call; one per thread. ERR_MEMORY. */
typedef struct image_resizer image_resizer;
int image_resizer_create(image_resizer **out);
int image_resizer_create_for(image_resizer **out, const image_sum *sum); /* with a loop that the processor has */
void image_resizer_free(image_resizer **r);

/* Resize. rgb: (target->height, target->width, 3), from the caller, not overlapping `in`. A picture that has the full
 * size already is copied. ERR_LIMIT for sides above IMAGE_MAX_SIDE; ERR_MEMORY. */
int image_resizer_run(image_resizer *r, const image *in, const image_target *target, image_filter filter, uint8_t *rgb);
