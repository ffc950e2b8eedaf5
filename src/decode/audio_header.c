#include "decode/audio_header.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>

static uint32_t read_u32(const uint8_t *p, int big)
{
    return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* Writers to a pipe do not know the length. They leave 0, or a number close to the largest that they can: ffmpeg 2^32 -
 * 1, sox and espeak 2^31 - 4096, arecord 2^31. */
static int is_placeholder(int64_t size)
{
    return size == 0 || (size >= 0x7ffff000 && size <= 0x80000000LL) || (size >= 0xfffff000LL && size <= 0xffffffffLL);
}

/* Chunks with a four-letter name and a 32-bit size, from offset 12 (RIFF, RF64, AIFF). *size is -1 when the chunk is
 * missing. */
static int find_chunk(const byte_source *source, const char *name, int big, int64_t *begin, int64_t *size)
{
    int rc = OK;
    uint8_t head[8];
    size_t got;
    *begin = *size = -1;
    /* A bound on the number of chunks keeps a file of empty chunks from costing one read each. */
    for (int64_t at = 12, n = 0; n < 1000 && at <= source->size - 8; n++) {
        TRY(source_read(source, at, head, 8, &got));
        if (got < 8) break;
        int64_t length = read_u32(head + 4, big);
        if (memcmp(head, name, 4) == 0) {
            *begin = at + 8;
            *size = length;
            break;
        }
        at += 8 + length + (length & 1);
    }
done:
    return rc;
}

void audio_cut_source(byte_source *s, int64_t begin, int64_t size)
{
    if (s->bytes)
        s->bytes += begin;
    else
        s->start += begin;
    s->size = size;
}

static int read_bytes(const byte_source *source, int64_t at, uint8_t *out, size_t n, int *there)
{
    size_t got;
    int rc = source_read(source, at, out, n, &got);
    *there = rc == OK && got == n;
    return rc;
}

/* The range of the sound data as declared; *size is -1 where it is not. */
static int data_range(const byte_source *source, int64_t *begin, int64_t *size)
{
    int rc = OK, there;
    uint8_t head[16], wide[24];
    *begin = *size = -1;
    TRY(read_bytes(source, 0, head, 16, &there));
    if (!there) goto done;
    int riff = memcmp(head, "RIFF", 4) == 0, rifx = memcmp(head, "RIFX", 4) == 0, rf64 = memcmp(head, "RF64", 4) == 0;
    if ((riff || rifx || rf64) && memcmp(head + 8, "WAVE", 4) == 0) {
        TRY(find_chunk(source, "data", rifx, begin, size));
        if (!rf64 || *size != 0xffffffffLL) goto done;
        int64_t at, n;
        TRY(find_chunk(source, "ds64", 0, &at, &n));
        *size = -1;
        if (n < 24) goto done;
        TRY(read_bytes(source, at, wide, 24, &there));
        uint64_t bytes = (uint64_t)read_u32(wide + 12, 0) << 32 | read_u32(wide + 8, 0);
        if (there && bytes <= INT64_MAX) *size = (int64_t)bytes;
    } else if (memcmp(head, ".snd", 4) == 0 || memcmp(head, "dns.", 4) == 0) {
        *begin = read_u32(head + 4, head[0] == '.');
        *size = read_u32(head + 8, head[0] == '.');
    }
done:
    return rc;
}

int audio_wav_codec(const byte_source *source, int64_t *number, int *bits, byte_source *data)
{
    int rc = OK, there;
    uint8_t head[12], format[40];
    int64_t begin, size;
    *number = -1;
    *bits = 0;
    TRY(read_bytes(source, 0, head, 12, &there));
    if (!there || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0) goto done;
    TRY(find_chunk(source, "fmt ", 0, &begin, &size));
    if (size < 16) goto done;
    TRY(read_bytes(source, begin, format, size < 40 ? 16 : 40, &there));
    if (!there) goto done;
    *number = format[0] | format[1] << 8;
    *bits = format[14] | format[15] << 8;
    if (*number == 0xfffe && size >= 40) *number = format[24] | format[25] << 8; /* the number is in the GUID */
    TRY(find_chunk(source, "data", 0, &begin, &size));
    if (begin < 0 || begin > source->size) begin = source->size;
    if (size < 0 || size > source->size - begin) size = source->size - begin;
    *data = *source;
    audio_cut_source(data, begin, size);
done:
    return rc;
}

static int aiff_frames(const byte_source *source, int64_t *n_frames)
{
    int rc = OK, there;
    uint8_t head[12], common[6];
    int64_t begin, size;
    *n_frames = -1;
    TRY(read_bytes(source, 0, head, 12, &there));
    if (!there || memcmp(head, "FORM", 4) != 0 || memcmp(head + 8, "AIF", 3) != 0) goto done;
    TRY(find_chunk(source, "COMM", 1, &begin, &size));
    if (size < 6) goto done;
    TRY(read_bytes(source, begin, common, 6, &there));
    if (there) *n_frames = read_u32(common + 2, 1);
done:
    return rc;
}

int audio_skip_tags(const byte_source *source, byte_source *sound)
{
    int rc = OK, there;
    uint8_t head[10];
    *sound = *source;
    for (int n = 0; n < 10; n++) {
        TRY(read_bytes(sound, 0, head, 10, &there));
        if (!there || memcmp(head, "ID3", 3) != 0) break;
        int64_t size = 10; /* and four times seven bits, and ten more for a footer */
        for (int i = 6; i < 10; i++) size += (int64_t)(head[i] & 127) << (7 * (9 - i));
        if (head[5] & 16) size += 10;
        if (size >= sound->size) break;
        audio_cut_source(sound, size, sound->size - size);
    }
done:
    return rc;
}

int audio_declared_frames(const byte_source *source, const SF_INFO *info, int64_t *n_frames)
{
    int rc = OK;
    int64_t begin, size, frames;
    *n_frames = info->frames == SF_COUNT_MAX || info->frames < 0 ? -1 : info->frames;
    if (*n_frames < 0) goto done;
    TRY(aiff_frames(source, &frames));
    /* AIFF counts packets and not samples for some codecs, so only a larger number says something. */
    if (frames > *n_frames && !is_placeholder(frames)) *n_frames = frames;
    TRY(data_range(source, &begin, &size));
    int64_t there = source->size - begin;
    if (size <= 0 || begin < 0 || size <= there || is_placeholder(size)) goto done;
    int64_t declared =
        there > 0 ? (int64_t)((double)info->frames * ((double)size / (double)there)) : size / info->channels;
    if (declared > *n_frames) *n_frames = declared;
done:
    return rc;
}

static const struct {
    int container;
    const char *name;
    int plain; /* samples of fixed size lie one after the other */
} containers[] = {
    {SF_FORMAT_WAV, "wav", 1},     {SF_FORMAT_WAVEX, "wav", 1}, {SF_FORMAT_RF64, "rf64", 1},
    {SF_FORMAT_W64, "w64", 1},     {SF_FORMAT_AIFF, "aiff", 1}, {SF_FORMAT_AU, "au", 1},
    {SF_FORMAT_CAF, "caf", 1},     {SF_FORMAT_NIST, "nist", 1}, {SF_FORMAT_FLAC, "flac", 1},
    {SF_FORMAT_OGG, "ogg", 0},     {SF_FORMAT_MPEG, "mpeg", 0}, {SF_FORMAT_RAW, "raw", 1},
    {SF_FORMAT_VOC, "voc", 0},     {SF_FORMAT_SVX, "8svx", 0},  {SF_FORMAT_PAF, "paf", 0},
    {SF_FORMAT_IRCAM, "ircam", 0}, {SF_FORMAT_AVR, "avr", 0},   {SF_FORMAT_PVF, "pvf", 0},
    {SF_FORMAT_HTK, "htk", 0},     {SF_FORMAT_SDS, "sds", 0},
};

static const struct {
    int codec;
    const char *name; /* NULL: integer samples, not worth a name */
    int exact;
} codecs[] = {
    {SF_FORMAT_PCM_S8, NULL, 1},
    {SF_FORMAT_PCM_U8, NULL, 1},
    {SF_FORMAT_PCM_16, NULL, 1},
    {SF_FORMAT_PCM_24, NULL, 1},
    {SF_FORMAT_PCM_32, NULL, 1},
    {SF_FORMAT_FLOAT, "float", 1},
    {SF_FORMAT_DOUBLE, "double", 1},
    {SF_FORMAT_ULAW, "ulaw", 1},
    {SF_FORMAT_ALAW, "alaw", 1},
    {SF_FORMAT_IMA_ADPCM, "ima-adpcm", 0},
    {SF_FORMAT_MS_ADPCM, "ms-adpcm", 0},
    {SF_FORMAT_GSM610, "gsm", 0},
    {SF_FORMAT_VORBIS, "vorbis", 0},
    {SF_FORMAT_OPUS, "opus", 0},
    {SF_FORMAT_ALAC_16, "alac", 0},
    {SF_FORMAT_ALAC_20, "alac", 0},
    {SF_FORMAT_ALAC_24, "alac", 0},
    {SF_FORMAT_ALAC_32, "alac", 0},
    {SF_FORMAT_G721_32, "g721", 0},
    {SF_FORMAT_G723_24, "g723", 0},
    {SF_FORMAT_G723_40, "g723", 0},
    {SF_FORMAT_NMS_ADPCM_16, "nms-adpcm", 0},
    {SF_FORMAT_NMS_ADPCM_24, "nms-adpcm", 0},
    {SF_FORMAT_NMS_ADPCM_32, "nms-adpcm", 0},
    {SF_FORMAT_VOX_ADPCM, "vox-adpcm", 0},
    {SF_FORMAT_DWVW_12, "dwvw", 0},
    {SF_FORMAT_DWVW_16, "dwvw", 0},
    {SF_FORMAT_DWVW_24, "dwvw", 0},
    {SF_FORMAT_DWVW_N, "dwvw", 0},
    {SF_FORMAT_DPCM_8, "dpcm", 0},
    {SF_FORMAT_DPCM_16, "dpcm", 0},
    {SF_FORMAT_MPEG_LAYER_I, "1", 0},
    {SF_FORMAT_MPEG_LAYER_II, "2", 0},
    {SF_FORMAT_MPEG_LAYER_III, "3", 0},
};

void audio_format_name(int format, char *name, size_t n)
{
    const char *container = "other", *codec = "other";
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        if (containers[i].container == (format & SF_FORMAT_TYPEMASK)) container = containers[i].name;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i].codec == (format & SF_FORMAT_SUBMASK)) codec = codecs[i].name;
    if ((format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG)
        snprintf(name, n, "mp%s", codec ? codec : "3");
    else
        snprintf(name, n, "%s%s%s", container, codec ? "/" : "", codec ? codec : "");
}

int audio_format_seeks_exactly(int format)
{
    int plain = 0, exact = 0;
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        if (containers[i].container == (format & SF_FORMAT_TYPEMASK)) plain = containers[i].plain;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i].codec == (format & SF_FORMAT_SUBMASK)) exact = codecs[i].exact;
    return plain && exact;
}
