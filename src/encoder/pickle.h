/* What torch.save writes as data.pkl: a pickle stream (protocols 2 to 4), read for the tensors that it describes and
 * nothing else. No code is run: of all functions and classes that a stream can name only those that describe tensors
 * are known, and any other is refused by its name. Local. */
#pragma once

#include "encoder/weight_list.h"

/* A tensor as a view of a storage; the numbers of the storage are a file of their own in the archive. */
typedef struct pickle_tensor {
    char *name;    /* keys of nested dictionaries joined by "." */
    char *storage; /* key of the storage */
    weight_type type;
    const char *type_name;                                    /* as in safetensors files */
    size_t element_size;                                      /* bytes */
    int64_t n_storage;                                        /* elements of the storage */
    int64_t offset;                                           /* of the first element in the storage, elements */
    int n_dims;                                               /* at most WEIGHT_MAX_DIMS */
    int64_t shape[WEIGHT_MAX_DIMS], strides[WEIGHT_MAX_DIMS]; /* >= 0; all elements lie within the storage */
} pickle_tensor;

/* A zeroed list is empty and safe to free. */
typedef struct pickle_list {
    pickle_tensor *tensors;
    size_t n, capacity;
} pickle_list;

/* Read the n bytes of a stream: a dictionary of tensors. Where it has the dictionary `state_dict` (or `model`) and no
 * tensor beside it, that one is meant. Other values (numbers, texts, lists) are skipped.
 *
 *   path   names the file in messages
 *   out    tensors in the order of the stream; on success the caller owns it (pickle_list_free), on error it is empty
 *
 * ERR_CONFIG: damaged, not a dictionary, code in it, a tensor that does not fit its storage, or larger than the limits
 * (64 MiB of stream, 2^21 values, 2^17 tensors, dictionaries 32 deep); ERR_MEMORY. */
int pickle_read(const uint8_t *bytes, size_t n, const char *path, pickle_list *out);

void pickle_list_free(pickle_list *l);
