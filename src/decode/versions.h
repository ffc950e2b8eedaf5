/* Versions of the libraries that decode media: recorded, as pixels and samples depend on them. Local. */
#pragma once

#include <stddef.h>

/* "libsndfile-1.2.0, mpg123 1.31, libjpeg-turbo 2.1.5, spng 0.7.3, webp 1.2.4". */
void decoder_versions(char *out, size_t size);
