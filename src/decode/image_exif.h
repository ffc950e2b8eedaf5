/* The orientation that a picture's metadata asks for, found as Pillow finds it (Image.getexif). Private to src/decode.
 * Local. */
#pragma once

#include "base/source.h"

/* Parts of a file; n = 0 where there is none. */
typedef struct image_metadata {
    int64_t exif_at, exif_n; /* a TIFF block, with or without "Exif\0\0" before it */
    int64_t xmp_at, xmp_n;
} image_metadata;

/* *value: tag 0x0112 of IFD0 in the TIFF block of n bytes at `at`, as stored; -1 where there is no such tag or the
 * block is damaged. ERR_ENVIRONMENT. */
int image_exif_orientation(const byte_source *source, int64_t at, int64_t n, int *value);

/* tiff:Orientation in an XMP packet; -1 where there is none. */
int image_xmp_orientation(const uint8_t *text, size_t n);

/* EXIF, else XMP; *orientation is 1..8, and 1 where nothing is said or what is said makes no sense.
 * ERR_ENVIRONMENT, ERR_MEMORY. */
int image_metadata_orientation(const byte_source *source, const image_metadata *m, int *orientation);

/* 1..8 as they are, all else 1. */
int image_orientation_or_1(int value);

/* Longest XMP packet or PNG text that is looked at; longer ones count as absent. */
enum { IMAGE_TEXT_LIMIT = 1 << 20 };
