/* Bytes from anywhere as a pickle stream or, where they start as a zip, as a file of torch.save. What is accepted are
 * tensors that lie within their storages; the rest is refused with a message. */
#include "base/hash.h"
#include "base/status.h"
#include "encoder/pickle.h"
#include "encoder/torch_zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

static void check_status(int rc) { check(rc == OK || (rc == ERR_CONFIG && *status_message()), "status"); }

static void check_zip(const uint8_t *bytes, size_t n)
{
    weight_list l;
    size_t elements;
    check_status(torch_zip_parse(bytes, n, "input", &l));
    for (size_t i = 0; i < l.n; i++) {
        const weight_tensor *t = &l.tensors[i];
        check(weight_list_find(&l, t->name) == t, "find");
        check(weight_elements(t->n_dims, t->shape, &elements) == OK, "shape");
        (void)hash64(t->values, elements * (t->type == WEIGHT_F32 ? 4 : t->type == WEIGHT_OTHER ? 1 : 2), 0);
    }
    weight_list_free(&l);
}

static void check_tensor(const pickle_tensor *t)
{
    size_t elements;
    int64_t last = t->offset;
    check(t->name && t->storage && t->element_size, "a tensor without a part");
    check(t->n_dims >= 0 && t->n_dims <= WEIGHT_MAX_DIMS, "dimensions");
    check(weight_elements(t->n_dims, t->shape, &elements) == OK, "shape");
    check(t->offset >= 0 && t->offset <= t->n_storage, "offset");
    for (int i = 0; elements && i < t->n_dims; i++) last += (t->shape[i] - 1) * t->strides[i];
    check(!elements || last < t->n_storage, "place");
}

static void check_pickle(const uint8_t *bytes, size_t n)
{
    pickle_list l;
    check_status(pickle_read(bytes, n, "input", &l));
    for (size_t i = 0; i < l.n; i++) check_tensor(&l.tensors[i]);
    pickle_list_free(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n >= 2 && !memcmp(bytes, "PK", 2))
        check_zip(bytes, n);
    else
        check_pickle(bytes, n);
    return 0;
}
