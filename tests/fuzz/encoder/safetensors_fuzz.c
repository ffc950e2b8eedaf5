/* Bytes from anywhere as a safetensors file. What is accepted lies within the bytes, tensor for tensor, in the order of
 * names; the rest is refused with a message. */
#include "base/hash.h"
#include "base/status.h"
#include "encoder/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

/* Bits of an element; sizes of other types are left to the reader's own test. */
static size_t bits(const weight_tensor *t) { return t->type == WEIGHT_F32 ? 32 : t->type == WEIGHT_OTHER ? 4 : 16; }

static void check_tensor(const weight_list *l, size_t i, const uint8_t *bytes, size_t n)
{
    const weight_tensor *t = &l->tensors[i];
    size_t elements;
    check(i == 0 || strcmp(l->tensors[i - 1].name, t->name) < 0, "order of names");
    check(weight_list_find(l, t->name) == t, "find");
    check(t->n_dims >= 0 && t->n_dims <= WEIGHT_MAX_DIMS, "dimensions");
    check(weight_elements(t->n_dims, t->shape, &elements) == OK, "shape");
    size_t at = (size_t)((const uint8_t *)t->values - bytes), size = elements * bits(t) / 8;
    check(at <= n && size <= n - at, "place");
    (void)hash64(t->values, size, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    weight_list l;
    int rc = safetensors_parse(bytes, n, "input", &l);
    check(rc == OK || (rc == ERR_CONFIG && *status_message()), "status");
    check(rc == OK || (!l.n && !l.tensors), "a list after an error");
    for (size_t i = 0; i < l.n; i++) check_tensor(&l, i, bytes, n);
    weight_list_free(&l);
    return 0;
}
