#include "decode/image_magic.h"

#include "base/status.h"

#include <ctype.h>
#include <string.h>

typedef struct magic {
    const char *name, *hint;
    size_t offset, n;
    const char *bytes;
} magic;

/* What to do with such a file. */
static const char convert[] = "convert it to PNG or TIFF", draw[] = "draw it as PNG at the size you want";

/* The first match counts, so the longer ones of a kind come first. */
static const magic known[] = {
    {"AVIF", convert, 4, 8, "ftypavif"},
    {"AVIF", convert, 4, 8, "ftypavis"},
    {"HEIF", convert, 4, 7, "ftyphei"},
    {"HEIF", convert, 4, 7, "ftyphev"},
    {"HEIF", convert, 4, 8, "ftypmif1"},
    {"HEIF", convert, 4, 8, "ftypmsf1"},
    {"JPEG XL", convert, 0, 12, "\0\0\0\fJXL \r\n\x87\n"},
    {"JPEG XL", convert, 0, 2, "\xff\x0a"},
    {"JPEG 2000", convert, 0, 12, "\0\0\0\fjP  \r\n\x87\n"},
    {"JPEG 2000", convert, 0, 4, "\xff\x4f\xff\x51"},
    {"JPEG XR", convert, 0, 4, "II\xbc\1"},
    {"PSD", convert, 0, 4, "8BPS"},
    {"OpenEXR", convert, 0, 4, "\x76\x2f\x31\x01"},
    {"Radiance HDR", convert, 0, 10, "#?RADIANCE"},
    {"DDS", convert, 0, 4, "DDS "},
    {"QOI", convert, 0, 4, "qoif"},
    {"ICO", convert, 0, 4, "\0\0\1\0"},
    {"PAM", convert, 0, 3, "P7\n"},
    {"PFM", convert, 0, 3, "Pf\n"},
    {"PFM", convert, 0, 3, "PF\n"},
    {"PDF", draw, 0, 5, "%PDF-"},
    {"PostScript", draw, 0, 4, "%!PS"},
    {"DjVu", draw, 0, 8, "AT&TFORM"},
};

/* BMP has only two letters; its header size, a small number, tells it from text that starts with them. */
static int is_bmp(const uint8_t *head, size_t n)
{
    return n >= 18 && memcmp(head, "BM", 2) == 0 && head[14] >= 12 && head[14] <= 124 && !head[15] && !head[16];
}

/* Whether the text, after blanks and a byte order mark, starts with `word`, in any case. */
static int text_starts(const uint8_t *head, size_t n, const char *word)
{
    size_t i = n >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < n && isspace(head[i])) i++;
    for (; *word && i < n; word++, i++)
        if (tolower(head[i]) != *word) return 0;
    return !*word;
}

int image_magic_refuse(const uint8_t *head, size_t n)
{
    int rc = OK;
    const char *name = NULL, *hint = convert;
    for (size_t i = 0; i < sizeof known / sizeof *known && !name; i++) {
        const magic *m = &known[i];
        if (n < m->offset + m->n || memcmp(head + m->offset, m->bytes, m->n) != 0) continue;
        name = m->name;
        hint = m->hint;
    }
    if (!name && is_bmp(head, n)) name = "BMP with this header";
    if (!name && (text_starts(head, n, "<svg") || text_starts(head, n, "<?xml"))) {
        name = "SVG";
        hint = draw;
    }
    if (name) FAIL(ERR_UNSUPPORTED, "%s is not supported yet: %s", name, hint);
    if (text_starts(head, n, "<!doctype html") || text_starts(head, n, "<html"))
        FAIL(ERR_FORMAT, "a web page, not a picture");
    FAIL(ERR_FORMAT, "not a picture in a known format");
done:
    return rc;
}
