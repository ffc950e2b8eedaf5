#include "decode/audio_io.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

static sf_count_t io_size(void *user) { return ((const audio_io *)user)->source->size; }

static sf_count_t io_tell(void *user) { return ((const audio_io *)user)->at; }

/* Seeking from the end is refused: only the MPEG decoder does it, to guess a length from the bit rate where the stream
 * does not say one. libsndfile would cut the sound at that guess; now it reads to the end. */
static sf_count_t io_seek(sf_count_t offset, int whence, void *user)
{
    audio_io *io = user;
    int64_t at;
    if (whence != SEEK_SET && whence != SEEK_CUR) return -1;
    if (__builtin_add_overflow(whence == SEEK_SET ? 0 : io->at, offset, &at) || at < 0) return -1;
    io->at = at;
    return at;
}

/* After a failure every read gives nothing, so that the decoder comes back soon; the caller then reports the failure
 * and not what the decoder made of it. */
static sf_count_t io_read(void *out, sf_count_t n, void *user)
{
    int rc = OK;
    audio_io *io = user;
    size_t got = 0;
    int64_t left = io->source->size - io->at;
    if (io->status != OK || n <= 0 || left <= 0) return 0;
    if (n > left) n = left;
    TRY(source_read(io->source, io->at, out, (size_t)n, &got));
    io->at += (int64_t)got;
    if ((sf_count_t)got < n)
        FAIL(ERR_CHANGED, "the file ends after %lld of %lld bytes", (long long)io->at, (long long)io->source->size);
done:
    io->status = rc;
    return rc == OK ? (sf_count_t)got : 0;
}

SNDFILE *audio_io_open(audio_io *io, const byte_source *source, SF_INFO *info)
{
    SF_VIRTUAL_IO calls = {.get_filelen = io_size, .seek = io_seek, .read = io_read, .tell = io_tell};
    *io = (audio_io){.source = source, .status = OK};
    memset(info, 0, sizeof *info);
    return sf_open_virtual(&calls, SFM_READ, info, io);
}
