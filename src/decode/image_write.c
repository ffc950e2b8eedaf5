#include "decode/image_write.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>

#include <spng.h>

int image_write_png(const char *path, const image *m)
{
    int rc = OK, code = 0;
    size_t n = 0, pixels;
    void *bytes = NULL;
    spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);
    if (!ctx) FAIL(ERR_MEMORY, "no memory for the PNG encoder");
    if (m->width < 1 || m->height < 1 || m->width > INT32_MAX || m->height > INT32_MAX)
        FAIL(ERR_EMPTY, "a picture of %lld x %lld pixels", (long long)m->width, (long long)m->height);
    TRY(size_mul((size_t)m->width * 3, (size_t)m->height, &pixels));
    struct spng_ihdr ihdr = {
        .width = (uint32_t)m->width, .height = (uint32_t)m->height, .bit_depth = 8, .color_type = 2};
    code = spng_set_option(ctx, SPNG_ENCODE_TO_BUFFER, 1);
    if (code == 0) code = spng_set_ihdr(ctx, &ihdr);
    if (code == 0) code = spng_encode_image(ctx, m->rgb, pixels, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    if (code == 0) bytes = spng_get_png_buffer(ctx, &n, &code);
    if (!bytes)
        FAIL(code == SPNG_EMEM ? ERR_MEMORY : ERR_INTERNAL, "%s: writing a PNG failed: %s", path, spng_strerror(code));
    TRY(file_commit(path, bytes, n, "png"));
done:
    free(bytes);
    spng_ctx_free(ctx);
    return rc;
}
