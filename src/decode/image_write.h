/* Writing a picture for people to look at. Local. */
#pragma once

#include "decode/image_decode.h"

/* An 8-bit RGB PNG, committed (base/file.h). ERR_SPACE, ERR_IO, ERR_MEMORY; ERR_EMPTY for a picture without pixels. */
int image_write_png(const char *path, const image *m);
