/* Weight files for tests. */
#pragma once

#include <stddef.h>

/* Write a safetensors file FOLDER/NAME: the length of the header, the header (JSON), the n bytes of values. */
void write_weights(const char *folder, const char *name, const char *header, const void *values, size_t n);

/* Write a file FOLDER/NAME. */
void write_file(const char *folder, const char *name, const void *bytes, size_t n);
