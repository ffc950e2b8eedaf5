#include "corpus/text_stream.h"

#include "base/memory.h"
#include "base/status.h"

#include <zlib.h>

enum { BLOCK = 1 << 18, GZIP_ONLY = 16 + MAX_WBITS };

struct text_stream {
    byte_source source;
    const char *path;
    int64_t offset; /* of the next byte to read from the source */
    uint8_t *block; /* (BLOCK) compressed bytes; NULL: the text is not compressed */
    z_stream z;
    int started, between; /* z is in use; no member is open */
};

int text_is_gzip(const byte_source *source, int *is)
{
    int rc = OK;
    uint8_t head[2];
    size_t n;
    *is = 0;
    TRY(source_read(source, 0, head, sizeof head, &n));
    *is = n == 2 && head[0] == 0x1f && head[1] == 0x8b;
done:
    return rc;
}

int text_stream_open(text_stream **out, const byte_source *source, const char *path)
{
    int rc = OK, gzip;
    text_stream *s = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    s->source = *source;
    s->path = path;
    TRY(text_is_gzip(source, &gzip));
    if (gzip) {
        TRY(MEM_RESERVE(s->block, BLOCK));
        if (inflateInit2(&s->z, GZIP_ONLY) != Z_OK) FAIL(ERR_MEMORY, "no memory to read %s", path);
        s->started = 1;
    }
    *out = s;
    s = NULL;
done:
    text_stream_close(&s);
    return rc;
}

void text_stream_close(text_stream **ps)
{
    text_stream *s = *ps;
    if (!s) return;
    if (s->started) inflateEnd(&s->z);
    mem_free(&s->block);
    mem_free(ps);
}

/* See to it that there are compressed bytes; none are left at the end of the source. */
static int refill(text_stream *s)
{
    int rc = OK;
    size_t n;
    if (s->z.avail_in) return OK;
    TRY(source_read(&s->source, s->offset, s->block, BLOCK, &n));
    s->offset += (int64_t)n;
    s->z.next_in = s->block;
    s->z.avail_in = (uInt)n;
done:
    return rc;
}

/* Between members: *more when one follows. Zeros may fill up the end of the file, as tape drives do it. */
static int next_member(text_stream *s, int *more)
{
    int rc = OK;
    *more = 0;
    for (;;) {
        TRY(refill(s));
        if (!s->z.avail_in) return OK;
        if (*s->z.next_in) break;
        s->z.next_in++;
        s->z.avail_in--;
    }
    if (*s->z.next_in != 0x1f)
        FAIL(ERR_CONFIG, "%s: something else than gzip data follows at byte %lld", s->path,
             (long long)(s->offset - s->z.avail_in));
    if (inflateReset(&s->z) != Z_OK) FAIL(ERR_INTERNAL, "zlib cannot start again");
    s->between = 0;
    *more = 1;
done:
    return rc;
}

static int inflate_some(text_stream *s, void *out, size_t n, size_t *got)
{
    int rc = OK, more = 1;
    s->z.next_out = out;
    s->z.avail_out = (uInt)n;
    while (s->z.avail_out) {
        if (s->between) TRY(next_member(s, &more));
        if (!more) break;
        TRY(refill(s));
        if (!s->z.avail_in) FAIL(ERR_CONFIG, "%s: the gzip data are cut: rows would be missing", s->path);
        int code = inflate(&s->z, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR) FAIL(ERR_MEMORY, "no memory to read %s", s->path);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            FAIL(ERR_CONFIG, "%s: the gzip data are damaged before byte %lld (%s): rows would be missing", s->path,
                 (long long)(s->offset - s->z.avail_in), s->z.msg ? s->z.msg : "zlib");
        s->between = code == Z_STREAM_END;
    }
    *got = n - s->z.avail_out;
done:
    return rc;
}

int text_stream_read(text_stream *s, void *out, size_t n, size_t *got)
{
    int rc = OK;
    size_t step = 0;
    *got = 0;
    if (!s->block) {
        TRY(source_read(&s->source, s->offset, out, n, got));
        s->offset += (int64_t)*got;
        return OK;
    }
    do {
        size_t most = n - *got < BLOCK ? n - *got : BLOCK;
        TRY(inflate_some(s, (char *)out + *got, most, &step));
        *got += step;
    } while (step && *got < n);
done:
    return rc;
}

int text_head(const byte_source *source, const char *path, char *head, size_t size, size_t *n)
{
    int rc = OK;
    text_stream *s = NULL;
    *n = 0;
    TRY(text_stream_open(&s, source, path));
    TRY(text_stream_read(s, head, size, n));
done:
    text_stream_close(&s);
    return rc;
}
