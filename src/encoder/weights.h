/* The weights of a model: named tensors in one file or several, of the format safetensors or of torch.save. Local. */
#pragma once

#include "encoder/weight_list.h"

typedef struct weights weights;

/* Open the weights of a model and read what they say of their tensors; every statement is checked.
 *
 *   path   a file, or a folder of a model hub, which has the first of: model.safetensors, model.safetensors.index.json
 *          (and the files that it names), pytorch_model.bin, pytorch_model.bin.index.json. Files are mapped, so they
 *          must not change while they are open
 *
 * On success the caller owns *out (weights_close), on error it is NULL. ERR_CONFIG names file, tensor and what is
 * wrong: nothing there, damaged, cut off, code in a pickle; ERR_IO, ERR_MEMORY. */
int weights_open(weights **out, const char *path);

void weights_close(weights *w); /* NULL allowed; tensors and texts of `w` go with it */

int64_t weights_count(const weights *w);

/* Tensor i of weights_count, by ascending names (bytes). */
const weight_tensor *weights_at(const weights *w, int64_t i);

/* A tensor by its name; NULL where there is none. */
const weight_tensor *weights_find(const weights *w, const char *name);

/* SHA-256 as 64 hex digits: of the file; of several: of their lines "HEX  NAME\n" in the order of names. */
const char *weights_sha256(const weights *w);

/* The file, or the index of several, for messages. */
const char *weights_path(const weights *w);
