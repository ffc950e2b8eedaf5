/* The weights of a model: safetensors files or what torch.save wrote, one file or several with an index, mapped into
 * memory. All errors are ERR_CONFIG, with file and tensor in the message, or ERR_MEMORY. Local. */
#pragma once

#include "encoder/weight_list.h"

typedef struct weights weights;

/* path: a file, or the folder of a model hub, where these are looked for in this order: model.safetensors,
 * model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json. Caller: weights_close. */
int weights_open(weights **out, const char *path);
void weights_close(weights *w); /* NULL is allowed */

/* Tensors in the order of their names; by name: NULL where there is none. They live as long as w. */
int64_t weights_count(const weights *w);
const weight_tensor *weights_at(const weights *w, int64_t i);
const weight_tensor *weights_find(const weights *w, const char *name);

/* What messages call them. */
const char *weights_path(const weights *w);

/* SHA-256 of the file; of several files that of lines "HEX  NAME\n" in the order of their names, as sha256sum prints.
 */
int weights_sha256(const weights *w, char hex[65]);
