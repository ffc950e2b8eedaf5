/* Any bytes as a picture: no crash, no hang, no more memory than the limit of pixels allows, and the probe tells what
 * decoding gives. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_decode.h"
#include "feature/image_patches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_PIXELS = 1 << 18, SIDE = 24, PATCH = 8, VALUES = SIDE * SIDE * 3 };
static image_limits limits; /* FUZZ_MAX_PIXELS raises it for real pictures */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static int decode(const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *filler, image *out)
{
    /* Memory that was used before, so that pixels which nobody wrote show as a difference. */
    uint8_t *used = NULL;
    check(mem_reserve((void **)&used, (size_t)limits.max_pixels, 3) == OK, "no memory");
    memset(used, *filler += 77, (size_t)limits.max_pixels * 3);
    mem_free(&used);
    int rc = image_decode(bytes, n, &limits, alpha, out);
    check(rc == OK || status_is_item(rc), "the bytes of a file can only be an item's fault");
    check((rc == OK) == (out->rgb != NULL), "an error leaves pixels, or success none");
    check(rc != OK || (out->width >= 1 && out->height >= 1), "no pixels");
    check(rc != OK || out->width <= limits.max_pixels / out->height, "the limit does not hold");
    return rc;
}

static void cut_patches(const image *m, int fit, int filter)
{
    static float out[VALUES];
    image_patch_options o = image_patch_defaults();
    image_patcher *p;
    o.size = PATCH;
    o.width = o.height = SIDE;
    o.fit = fit;
    o.filter = filter;
    check(image_patcher_create(&p, &o) == OK, "no patcher");
    check(image_patcher_run(p, m, out) == OK, "no patches");
    for (size_t i = 0; i < VALUES; i++) check(out[i] >= 0 && out[i] <= 1, "a value out of range");
    image_patcher_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    image a, b, white;
    image_info info;
    uint8_t filler = 0;
    const char *most = getenv("FUZZ_MAX_PIXELS");
    limits.max_pixels = most ? atoll(most) : USUAL_PIXELS;
    byte_source source = source_of_memory(bytes, n);
    int probed = image_probe(&source, &info), rc = decode(bytes, n, ALPHA_DROP, &filler, &a);
    check(probed == OK || status_is_item(probed), "the bytes of a file can only be an item's fault");
    check(rc != OK || (probed == OK && info.width == a.width && info.height == a.height), "the probe is wrong");
    check(decode(bytes, n, ALPHA_DROP, &filler, &b) == rc, "the second time is different");
    check(decode(bytes, n, ALPHA_WHITE, &filler, &white) == rc, "the background changes the outcome");
    if (rc == OK) {
        check(memcmp(a.rgb, b.rgb, (size_t)(a.width * a.height * 3)) == 0, "the second time has other pixels");
        cut_patches(&a, FIT_SQUASH, FILTER_BICUBIC);
        cut_patches(&white, FIT_CROP, (int)(n % FILTER_END));
    }
    image_free(&a);
    image_free(&b);
    image_free(&white);
    return 0;
}
