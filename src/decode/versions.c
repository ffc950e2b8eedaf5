#include "decode/versions.h"

#include <mpg123.h>
#include <sndfile.h>
#include <spng.h>
#include <stdio.h>
#include <tiffio.h>
#include <webp/decode.h>

#include <jpeglib.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

void decoder_versions(char *out, size_t size)
{
    int webp = WebPGetDecoderVersion();
    char tiff[16] = "";
    sscanf(TIFFGetVersion(), "%*[^0-9]%15[0-9.]", tiff);
    snprintf(
        out, size, "%s, mpg123 api %d, libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION) ", spng %s, webp %d.%d.%d, tiff %s",
        sf_version_string(), MPG123_API_VERSION, spng_version_string(), webp >> 16, webp >> 8 & 255, webp & 255, tiff);
}
