#include "decode/audio_mpeg.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_header.h"

#include <mpg123.h>
#include <string.h>

struct audio_mpeg {
    mpg123_handle *handle;
    audio_io *io;
    size_t channels;
};

/* ISO/IEC 11172-3, 2.4.1.3: eleven bits of sync; then version, layer, bit rate and sample rate, each with a forbidden
 * value. */
int audio_mpeg_begins(const byte_source *sound, int *begins)
{
    int rc = OK;
    uint8_t head[4];
    size_t got;
    *begins = 0;
    TRY(source_read(sound, 0, head, 4, &got));
    *begins = got == 4 && head[0] == 0xff && (head[1] & 0xe0) == 0xe0 && (head[1] & 0x18) != 0x08 &&
              (head[1] & 0x06) != 0 && (head[2] & 0xf0) != 0xf0 && (head[2] & 0x0c) != 0x0c;
done:
    return rc;
}

int audio_mpeg_in_wav(const byte_source *sound, int *is_mpeg, byte_source *data)
{
    int rc = OK, bits;
    int64_t codec;
    *is_mpeg = 0;
    TRY(audio_wav_codec(sound, &codec, &bits, data));
    if (codec == 0x50 || codec == 0x55) TRY(audio_mpeg_begins(data, is_mpeg));
done:
    return rc;
}

static ssize_t mpeg_read(void *user, void *out, size_t n)
{
    audio_io *io = user;
    size_t got = audio_io_read(io, out, n);
    return io->status == OK ? (ssize_t)got : -1;
}

static off_t mpeg_seek(void *user, off_t offset, int whence) { return audio_io_seek(user, offset, whence); }

static int failure(const audio_mpeg *m, const char *doing)
{
    int rc = OK;
    if (m->io->status != OK) return m->io->status;
    int error = mpg123_errcode(m->handle);
    FAIL(error == MPG123_OUT_OF_MEM ? ERR_MEMORY : ERR_FORMAT, "%s: %s", doing, mpg123_plain_strerror(error));
done:
    return rc;
}

/* A variant that every processor of a kind has: others differ in the last bits of the samples. */
static mpg123_handle *new_handle(void)
{
    int error;
    mpg123_handle *h = mpg123_new("x86-64", &error);
    if (!h) h = mpg123_new("generic", &error);
    return h ? h : mpg123_new(NULL, &error);
}

static int fill_info(audio_mpeg *m, SF_INFO *info)
{
    int rc = OK, channels, encoding;
    long rate;
    static const int layers[] = {SF_FORMAT_MPEG_LAYER_I, SF_FORMAT_MPEG_LAYER_II, SF_FORMAT_MPEG_LAYER_III};
    struct mpg123_frameinfo frame;
    memset(info, 0, sizeof *info);
    if (mpg123_getformat(m->handle, &rate, &channels, &encoding) != MPG123_OK ||
        mpg123_info(m->handle, &frame) != MPG123_OK) {
        rc = failure(m, "cannot be opened as MPEG audio");
        goto done;
    }
    if (encoding != MPG123_ENC_FLOAT_32 || frame.layer < 1 || frame.layer > 3 || channels < 1)
        FAIL(ERR_FORMAT, "cannot be opened as MPEG audio: layer %d, %d channels", frame.layer, channels);
    off_t length = mpg123_length(m->handle);
    info->samplerate = (int)rate;
    info->channels = channels;
    info->frames = length >= 0 ? length : SF_COUNT_MAX;
    info->format = SF_FORMAT_MPEG | layers[frame.layer - 1];
    m->channels = (size_t)channels;
done:
    return rc;
}

int audio_mpeg_open(audio_mpeg **out, audio_io *io, const byte_source *sound, SF_INFO *info)
{
    int rc = OK;
    audio_mpeg *m = NULL;
    *out = NULL;
    audio_io_start(io, sound);
    TRY(MEM_ALLOC(m, 1));
    m->io = io;
    m->handle = new_handle();
    if (!m->handle) FAIL(ERR_MEMORY, "no MPEG decoder");
    mpg123_param(m->handle, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0);
    mpg123_param(m->handle, MPG123_ADD_FLAGS,
                 MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_NO_FRANKENSTEIN | MPG123_NO_PEEK_END, 0);
    mpg123_replace_reader_handle(m->handle, mpeg_read, mpeg_seek, NULL);
    if (mpg123_open_handle(m->handle, io) != MPG123_OK) {
        rc = failure(m, "cannot be opened as MPEG audio");
        goto done;
    }
    TRY(fill_info(m, info));
    *out = m;
    m = NULL;
done:
    audio_mpeg_close(&m);
    return rc;
}

void audio_mpeg_close(audio_mpeg **m)
{
    if (!*m) return;
    if ((*m)->handle) {
        mpg123_close((*m)->handle);
        mpg123_delete((*m)->handle);
    }
    mem_free(m);
}

int audio_mpeg_read(audio_mpeg *m, float *samples, size_t n, size_t *got)
{
    int rc = OK;
    size_t width = m->channels * sizeof *samples, done_bytes = 0;
    int result = mpg123_read(m->handle, (unsigned char *)samples, n * width, &done_bytes);
    *got = 0;
    if (m->io->status != OK) return m->io->status;
    if (result == MPG123_NEW_FORMAT) FAIL(ERR_FORMAT, "the sample rate or the number of channels changes");
    if (result != MPG123_OK && result != MPG123_DONE && result != MPG123_NEED_MORE) {
        rc = failure(m, "damaged sound data");
        goto done;
    }
    *got = done_bytes / width;
done:
    return rc;
}
