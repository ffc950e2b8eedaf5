/* The compressed data of a GIF frame. Private to src/decode. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fill out[0 .. pixels) from the blocks of data of which the first starts at `blocks`; n: bytes from there to the end
 * of the file; bits: 0..12, of a literal. What comes after the last pixel is not looked at. ERR_FORMAT when the data
 * are damaged or end before, ERR_MEMORY. */
int image_lzw_decode(const uint8_t *blocks, size_t n, int bits, uint8_t *out, size_t pixels);
