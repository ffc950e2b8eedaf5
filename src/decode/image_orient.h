/* Turning and mirroring as the EXIF orientation asks. Local. */
#pragma once

#include "decode/image_decode.h"

/* Bring a picture stored with `orientation` (1..8, EXIF 2.32 tag 0x0112) upright, as Pillow's ImageOps.exif_transpose
 * does. 5 to 8 swap width and height and take a second picture's memory for a moment. ERR_MEMORY; *m is then unchanged.
 */
int image_orient(image *m, int orientation);
