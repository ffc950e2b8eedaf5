/* Weight files of the format safetensors: 8 bytes with the length of the header (little-endian), the header (JSON:
 * tensor name to type, shape and place), then the values. Local. */
#pragma once

#include "encoder/weight_list.h"

/* Read the n bytes of a whole file, usually mapped.
 *
 *   path   names the file in messages
 *   out    tensors in the order of their names; the values lie in `bytes`, which must outlive the list. On success the
 *          caller owns it (weight_list_free); on error it is empty
 *
 * Every statement of the header is checked: known types, 1 to 8 dimensions or none, sizes that are whole numbers and
 * fit the place, places within the file that do not overlap, no name twice. ERR_CONFIG names file, tensor and what is
 * wrong; ERR_MEMORY. */
int safetensors_parse(const uint8_t *bytes, size_t n, const char *path, weight_list *out);
