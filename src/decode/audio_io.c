#include "decode/audio_io.h"

#include "base/status.h"

#include <stdio.h>

void audio_io_start(audio_io *io, const byte_source *source) { *io = (audio_io){.source = source, .status = OK}; }

/* A frame begins with the bits 1101. */
static int check_frames(const audio_io *io, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    int64_t ahead = (GSM_FRAME - io->at % GSM_FRAME) % GSM_FRAME;
    for (size_t i = (size_t)ahead; i < n; i += GSM_FRAME)
        if (bytes[i] >> 4 != 0xd)
            FAIL(ERR_FORMAT, "damaged sound data: byte %lld begins no frame of GSM", (long long)io->at + (long long)i);
done:
    return rc;
}

int64_t audio_io_seek(audio_io *io, int64_t offset, int whence)
{
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? io->at : io->source->size, at;
    if (__builtin_add_overflow(base, offset, &at) || at < 0) return -1;
    io->at = at;
    return at;
}

/* After a failure every read gives nothing, so that the decoder comes back soon; the caller then reports the failure
 * and not what the decoder made of it. */
size_t audio_io_read(audio_io *io, void *out, size_t n)
{
    int rc = OK;
    size_t got = 0;
    int64_t left = io->source->size - io->at;
    if (io->status != OK || n == 0 || left <= 0) return 0;
    if ((uint64_t)left < n) n = (size_t)left;
    TRY(source_read(io->source, io->at, out, n, &got));
    if (io->is_gsm) TRY(check_frames(io, out, got));
    io->at += (int64_t)got;
    if (got < n)
        FAIL(ERR_CHANGED, "the file ends after %lld of %lld bytes", (long long)io->at, (long long)io->source->size);
done:
    io->status = rc;
    return rc == OK ? got : 0;
}

static sf_count_t sf_size(void *user) { return ((const audio_io *)user)->source->size; }

static sf_count_t sf_tell(void *user) { return ((const audio_io *)user)->at; }

static sf_count_t sf_move(sf_count_t offset, int whence, void *user) { return audio_io_seek(user, offset, whence); }

static sf_count_t sf_take(void *out, sf_count_t n, void *user)
{
    return n > 0 ? (sf_count_t)audio_io_read(user, out, (size_t)n) : 0;
}

SNDFILE *audio_io_open(audio_io *io, const byte_source *source, SF_INFO *info)
{
    SF_VIRTUAL_IO calls = {.get_filelen = sf_size, .seek = sf_move, .read = sf_take, .tell = sf_tell};
    audio_io_start(io, source);
    return sf_open_virtual(&calls, SFM_READ, info, io);
}
