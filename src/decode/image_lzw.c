/* LZW as GIF has it: codes grow up to 12 bits, and a full table stays as it is until a clear code. Codes that the
 * standard does not allow are treated as Pillow treats them (src/libImaging/GifDecode.c). */
#include "decode/image_lzw.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { CODES = 4096, CODE_BITS = 12 };

typedef struct lzw {
    const uint8_t *in, *end;
    uint64_t bits; /* the next n_bits bits of the data, lowest first */
    int n_bits;
    int clear, next, code_bits;
    int last;               /* code before; -1: none since the clear code */
    uint8_t last_byte;      /* first byte of its string */
    uint16_t before[CODES]; /* string of a code: that of the code before it, then one byte */
    uint16_t length[CODES]; /* of that string */
    uint8_t byte[CODES];
} lzw;

/* Data of all whole blocks up to the empty one, put together. */
static int join_blocks(const uint8_t *blocks, size_t n, uint8_t **out, size_t *joined)
{
    int rc = OK;
    size_t at = 0, size = 0;
    while (at < n && blocks[at] && blocks[at] < n - at) at += 1 + (size_t)blocks[at];
    TRY(MEM_RESERVE(*out, at));
    for (size_t from = 0; from < at; from += 1 + (size_t)blocks[from]) {
        memcpy(*out + size, blocks + from + 1, blocks[from]);
        size += blocks[from];
    }
    *joined = size;
done:
    return rc;
}

static void clear_table(lzw *z, int bits)
{
    z->next = z->clear + 2;
    z->code_bits = bits + 1;
    z->last = -1;
}

static int next_code(lzw *z, int *code)
{
    int rc = OK;
    while (z->n_bits < z->code_bits) {
        if (z->in == z->end) FAIL(ERR_FORMAT, "GIF: the picture ends early");
        z->bits |= (uint64_t)*z->in++ << z->n_bits;
        z->n_bits += 8;
    }
    *code = (int)(z->bits & ((1U << z->code_bits) - 1));
    z->bits >>= z->code_bits;
    z->n_bits -= z->code_bits;
done:
    return rc;
}

/* The string of a code to out, of which no more than `room` bytes are left; returns its length. */
static size_t put_string(const lzw *z, int code, uint8_t *out, size_t room)
{
    const size_t length = code < z->clear ? 1 : z->length[code];
    size_t i = length;
    for (; code >= z->clear; code = z->before[code])
        if (--i < room) out[i] = z->byte[code];
    if (room) out[0] = (uint8_t)code;
    return length;
}

static void learn(lzw *z, uint8_t byte)
{
    if (z->next >= CODES) return;
    z->before[z->next] = (uint16_t)z->last;
    z->byte[z->next] = byte;
    z->length[z->next] = (uint16_t)(z->last < z->clear ? 2 : z->length[z->last] + 1);
    if (z->next == (1 << z->code_bits) - 1 && z->code_bits < CODE_BITS) z->code_bits++;
    z->next++;
}

/* One code that is neither clear nor end: its string to out, and the table grows. *length: of the string. */
static int take_code(lzw *z, int code, uint8_t *out, size_t room, size_t *length)
{
    int rc = OK;
    if (z->last < 0) {
        if (code > z->clear) FAIL(ERR_FORMAT, "GIF: a code that is not in the table");
        z->last_byte = (uint8_t)code;
        out[0] = z->last_byte;
        *length = 1;
    } else {
        if (code > z->next) FAIL(ERR_FORMAT, "GIF: a code that is not in the table");
        int shown = code == z->next ? z->last : code;
        if (shown >= CODES && shown >= z->clear) FAIL(ERR_FORMAT, "GIF: a code that is not in the table");
        *length = put_string(z, shown, out, room);
        if (code == z->next) {
            if (*length < room) out[*length] = z->last_byte;
            ++*length;
        }
        z->last_byte = out[0];
        learn(z, z->last_byte);
    }
    z->last = code;
done:
    return rc;
}

int image_lzw_decode(const uint8_t *blocks, size_t n, int bits, uint8_t *out, size_t pixels)
{
    int rc = OK, code = 0;
    lzw *z = NULL;
    uint8_t *data = NULL;
    size_t size = 0, length = 0;
    TRY(MEM_RESERVE(z, 1));
    TRY(join_blocks(blocks, n, &data, &size));
    *z = (lzw){.in = data, .end = data + size, .clear = 1 << bits};
    clear_table(z, bits);
    for (size_t done_pixels = 0; done_pixels < pixels;) {
        TRY(next_code(z, &code));
        if (code == z->clear) {
            clear_table(z, bits);
        } else if (code == z->clear + 1) {
            FAIL(ERR_FORMAT, "GIF: the picture ends after %zu of %zu pixels", done_pixels, pixels);
        } else {
            TRY(take_code(z, code, out + done_pixels, pixels - done_pixels, &length));
            done_pixels += length;
        }
    }
done:
    mem_free(&data);
    mem_free(&z);
    return rc;
}
