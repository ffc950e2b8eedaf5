/* Weight files of torch.save (PyTorch 1.6 and later): a zip with a pickle stream that describes the tensors
 * (data.pkl, pickle.h) and one file of numbers per storage (data/KEY). Local. */
#pragma once

#include "encoder/weight_list.h"

/* Read the n bytes of a whole file, usually mapped.
 *
 *   path   names the file in messages
 *   out    tensors in the order of their names; the values lie in `bytes`, which must outlive the list, or, where they
 *          are compressed or not in C order, in memory of the list. On success the caller owns it (weight_list_free);
 *          on error it is empty
 *
 * The checksums of the files that are used are checked. ERR_CONFIG names file, tensor and what is wrong; ERR_MEMORY. */
int torch_zip_parse(const uint8_t *bytes, size_t n, const char *path, weight_list *out);
