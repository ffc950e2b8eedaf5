#include "decode/audio_magic.h"

#include "base/status.h"

#include <stddef.h>
#include <string.h>

enum { HEAD = 400 };

typedef struct magic {
    size_t at;
    const char *bytes; /* of length n */
    size_t n;
    const char *name;
    int is_sound;
} magic;
#define MAGIC(at, text, name, is_sound)                                                                                \
    {                                                                                                                  \
        at, text, sizeof(text) - 1, name, is_sound                                                                     \
    }

/* An entry with a sharper pattern stands before one that would also fit. */
static const magic others[] = {
    MAGIC(4, "ftypM4A", "AAC or ALAC in MP4 (M4A)", 1),
    MAGIC(4, "ftypM4B", "AAC in MP4 (M4B)", 1),
    MAGIC(4, "ftyp3g", "3GPP (AMR or AAC)", 1),
    MAGIC(4, "ftypqt", "QuickTime", 1),
    MAGIC(4, "ftypavi", "an AVIF picture", 0),
    MAGIC(4, "ftyphei", "a HEIF picture", 0),
    MAGIC(4, "ftypmif1", "a HEIF picture", 0),
    MAGIC(4, "ftyp", "MP4", 1),
    MAGIC(4, "moov", "QuickTime", 1),
    MAGIC(4, "mdat", "QuickTime", 1),
    MAGIC(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (WMA)", 1),
    MAGIC(0, "#!AMR-WB", "AMR wideband", 1),
    MAGIC(0, "#!AMR", "AMR", 1),
    MAGIC(0, "#!SILK", "SILK", 1),
    MAGIC(2, "#!SILK", "SILK", 1),
    MAGIC(0, "\x1a\x45\xdf\xa3", "Matroska or WebM", 1),
    MAGIC(0, ".RMF", "RealMedia", 1),
    MAGIC(0, ".ra\xfd", "RealAudio", 1),
    MAGIC(0, "MAC ", "Monkey's Audio (APE)", 1),
    MAGIC(0, "wvpk", "WavPack", 1),
    MAGIC(0, "TTA1", "True Audio", 1),
    MAGIC(0, "MPCK", "Musepack", 1),
    MAGIC(0, "MP+", "Musepack", 1),
    MAGIC(0, "ajkg", "Shorten", 1),
    MAGIC(0, "DSD ", "DSD", 1),
    MAGIC(0, "FRM8", "DSD", 1),
    MAGIC(0, "ADIF", "AAC", 1),
    MAGIC(0, "\x0b\x77", "Dolby Digital (AC-3)", 1),
    MAGIC(0, "\x7f\xfe\x80\x01", "DTS", 1),
    MAGIC(0, "FLV\x01", "Flash video", 1),
    MAGIC(0, "\0\0\x01\xba", "MPEG video", 1),
    MAGIC(0, "MThd", "MIDI notes, no sound", 0),
    MAGIC(8, "AVI ", "AVI video", 1),
    MAGIC(28, "aac ", "AAC in CAF", 1),
    MAGIC(28, "Speex   ", "Speex in Ogg", 1),
    MAGIC(28, "\x80theora", "Theora video in Ogg", 1),
    MAGIC(0, "\xff\xd8\xff", "a JPEG picture", 0),
    MAGIC(0, "\x89PNG", "a PNG picture", 0),
    MAGIC(0, "GIF8", "a GIF picture", 0),
    MAGIC(8, "WEBP", "a WebP picture", 0),
    MAGIC(0, "%PDF", "a PDF document", 0),
    MAGIC(0, "PK\x03\x04", "a ZIP archive", 0),
    MAGIC(0, "\x1f\x8b", "compressed by gzip", 0),
    MAGIC(0, "<!DOCTYPE", "a web page", 0),
    MAGIC(0, "<!doctype", "a web page", 0),
    MAGIC(0, "<html", "a web page", 0),
    MAGIC(0, "version https://git-lfs", "a pointer of Git LFS and not the file itself", 0),
};

static const magic headers[] = {
    MAGIC(8, "WAVE", NULL, 1), /* RIFF, RIFX, RF64 */
    MAGIC(0, "riff\x2e\x91\xcf\x11", NULL, 1),
    MAGIC(0, "fLaC", NULL, 1),
    MAGIC(0, "OggS", NULL, 1),
    MAGIC(8, "AIFF", NULL, 1),
    MAGIC(8, "AIFC", NULL, 1),
    MAGIC(8, "8SVX", NULL, 1),
    MAGIC(0, ".snd", NULL, 1),
    MAGIC(0, "dns.", NULL, 1),
    MAGIC(0, "caff", NULL, 1),
    MAGIC(0, "NIST_1A", NULL, 1),
    MAGIC(0, "Creative Voice File", NULL, 1),
    MAGIC(0, "ID3", NULL, 1),
};

static const magic *find(const magic *list, size_t n_list, const uint8_t *head, size_t n)
{
    for (size_t i = 0; i < n_list; i++)
        if (list[i].at + list[i].n <= n && memcmp(head + list[i].at, list[i].bytes, list[i].n) == 0) return &list[i];
    return NULL;
}

int audio_magic_has_header(const byte_source *source, int *has)
{
    int rc = OK;
    uint8_t head[HEAD];
    size_t got;
    TRY(source_read(source, 0, head, sizeof head, &got));
    *has = find(headers, sizeof headers / sizeof *headers, head, got) != NULL;
done:
    return rc;
}

/* ISO/IEC 13818-7, 1.A.2.2: twelve bits of sync, layer 0; a second frame follows where the first one's length says. */
static int is_adts(const uint8_t *p, size_t n, const byte_source *source)
{
    uint8_t next[2];
    size_t got;
    if (n < 7 || p[0] != 0xff || (p[1] & 0xf6) != 0xf0 || (p[2] >> 2 & 15) > 12) return 0;
    int64_t length = (int64_t)(p[3] & 3) << 11 | p[4] << 3 | p[5] >> 5;
    if (length < 7) return 0;
    if (length >= source->size - 1) return 1;
    return source_read(source, length, next, 2, &got) == OK && got == 2 && next[0] == 0xff && (next[1] & 0xf6) == 0xf0;
}

static int is_transport_stream(const uint8_t *p, size_t n)
{
    return n > 376 && p[0] == 0x47 && p[188] == 0x47 && p[376] == 0x47;
}

int audio_magic_other(const byte_source *source, const char **name, int *is_sound)
{
    int rc = OK;
    uint8_t head[HEAD];
    size_t got;
    *name = NULL;
    *is_sound = 1;
    TRY(source_read(source, 0, head, sizeof head, &got));
    const magic *m = find(others, sizeof others / sizeof *others, head, got);
    if (m) {
        *name = m->name;
        *is_sound = m->is_sound;
    } else if (is_adts(head, got, source)) {
        *name = "AAC";
    } else if (is_transport_stream(head, got)) {
        *name = "an MPEG transport stream";
    }
done:
    return rc;
}

/* Numbers of mmreg.h. */
const char *audio_magic_wav_codec(unsigned number)
{
    static const struct {
        unsigned number;
        const char *name;
    } codecs[] = {
        {0x0a, "Windows Media Voice"},
        {0x16, "G.723 ADPCM"},
        {0x20, "Yamaha ADPCM"},
        {0x22, "TrueSpeech"},
        {0x42, "G.723.1"},
        {0x45, "G.726 ADPCM"},
        {0x50, "MPEG audio"},
        {0x55, "MP3"},
        {0x61, "G.726 ADPCM"},
        {0x64, "G.726 ADPCM"},
        {0x65, "G.722"},
        {0x83, "G.729"},
        {0xff, "AAC"},
        {0x130, "SIPRO"},
        {0x160, "Windows Media"},
        {0x161, "Windows Media"},
        {0x162, "Windows Media"},
        {0x163, "Windows Media"},
        {0x270, "ATRAC3"},
        {0x674f, "Ogg Vorbis in WAV"},
        {0x1610, "AAC"},
        {0x2000, "Dolby Digital (AC-3)"},
        {0x2001, "DTS"},
        {0xa109, "Speex"},
    };
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i].number == number) return codecs[i].name;
    return NULL;
}
