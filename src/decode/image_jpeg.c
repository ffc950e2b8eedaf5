/* JPEG through libjpeg-turbo, with its defaults: accurate integer DCT, fancy upsampling. CMYK and YCCK as Pillow reads
 * them: the stored bytes are inverted whatever the Adobe marker says (src/libImaging/Convert.c; no ICC profile is
 * used). */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_exif.h"
#include "decode/image_format.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* Progressive files of some kilobytes can ask for thousands of passes over the whole picture; real ones have about ten.
 */
enum { MAX_SCANS = 100 };

typedef struct decoder {
    struct jpeg_decompress_struct jpeg; /* first: libjpeg's callbacks get a pointer to it */
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    int code;
    int in_scan; /* past the header */
    char message[JMSG_LENGTH_MAX];
    uint8_t *row; /* one row of CMYK */
} decoder;

_Noreturn static void leave(decoder *d, int code)
{
    d->code = code;
    longjmp(d->escape, 1);
}

static int status_of(int message)
{
    switch (message) {
    case JERR_OUT_OF_MEMORY: return ERR_MEMORY;
    case JERR_ARITH_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED: return ERR_UNSUPPORTED;
    default: return ERR_FORMAT;
    }
}

_Noreturn static void on_error(j_common_ptr jpeg)
{
    decoder *d = (decoder *)jpeg;
    (*jpeg->err->format_message)(jpeg, d->message);
    leave(d, status_of(jpeg->err->msg_code));
}

/* A warning means damaged pixels, except these: unknown versions, and stray bytes between markers outside the
 * compressed data. */
static void on_message(j_common_ptr jpeg, int level)
{
    const decoder *d = (decoder *)jpeg;
    const struct jpeg_error_mgr *e = jpeg->err;
    if (level >= 0 || e->msg_code == JWRN_JFIF_MAJOR || e->msg_code == JWRN_ADOBE_XFORM) return;
    if (e->msg_code == JWRN_EXTRANEOUS_DATA && (!d->in_scan || e->msg_parm.i[1] == JPEG_EOI)) return;
    on_error(jpeg);
}

static void on_output(j_common_ptr jpeg) {}

static void on_progress(j_common_ptr jpeg)
{
    decoder *d = (decoder *)jpeg;
    if (d->jpeg.input_scan_number <= MAX_SCANS) return;
    snprintf(d->message, sizeof d->message, "more than %d scans", MAX_SCANS);
    leave(d, ERR_FORMAT);
}

static void cmyk_to_rgb(const uint8_t *cmyk, int64_t width, uint8_t *rgb)
{
    for (int64_t x = 0; x < width; x++) {
        uint8_t paper = cmyk[4 * x + 3]; /* 255 - K, and K = 255 - stored */
        for (int c = 0; c < 3; c++) rgb[3 * x + c] = image_ink_to_light(255U - cmyk[4 * x + c], paper);
    }
}

/* Runs under setjmp: whatever it needs afterwards is in *d. */
static void read_pixels(decoder *d, const uint8_t *bytes, size_t n, const image_header *header, uint8_t *rgb)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->progress = &d->progress;
    d->progress.progress_monitor = on_progress;
    jpeg_mem_src(jpeg, bytes, (unsigned long)n);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->image_width != header->width || jpeg->image_height != header->height) {
        snprintf(d->message, sizeof d->message, "two sizes in one file");
        leave(d, ERR_FORMAT);
    }
    d->in_scan = 1;
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg->scale_num = 1;
    jpeg->scale_denom = (unsigned)header->scale;
    if (jpeg->num_components == 4) {
        d->code = mem_reserve((void **)&d->row, (size_t)header->width, 4);
        if (d->code != OK) longjmp(d->escape, 1);
    }
    jpeg_start_decompress(jpeg);
    const size_t stride = (size_t)jpeg->output_width * 3;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *out = rgb + jpeg->output_scanline * stride;
        JSAMPROW row = d->row ? d->row : out;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (d->row) cmyk_to_rgb(d->row, jpeg->output_width, out);
    }
    jpeg_finish_decompress(jpeg);
}

static int decode(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    decoder *d = NULL;
    TRY(MEM_ALLOC(d, 1));
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->errors.output_message = on_output;
    if (setjmp(d->escape) == 0) read_pixels(d, bytes, n, header, rgb);
    if (d->code != OK && d->message[0]) FAIL(d->code, "JPEG: %s", d->message);
    rc = d->code;
done:
    if (d) {
        jpeg_destroy_decompress(&d->jpeg);
        mem_free(&d->row);
        mem_free(&d);
    }
    return rc;
}

static int recognise(const uint8_t *head, size_t n) { return n >= 3 && memcmp(head, "\xff\xd8\xff", 3) == 0; }

/* A frame header: its kind (ITU-T T.81, table B.1), and what of it is not supported. */
static int read_frame(const uint8_t *p, uint8_t marker, image_header *out)
{
    int rc = OK;
    uint8_t precision = p[0], components = p[5];
    out->height = image_u16be(p + 1);
    out->width = image_u16be(p + 3);
    if (marker == 0xC3 || marker == 0xCB) FAIL(ERR_UNSUPPORTED, "lossless JPEG is not supported yet");
    if (marker > 0xCB || (marker >= 0xC5 && marker <= 0xC7))
        FAIL(ERR_UNSUPPORTED, "hierarchical JPEG is not supported yet");
    if (precision != 8) FAIL(ERR_UNSUPPORTED, "JPEG with %d bits per sample is not supported yet", precision);
    if (components != 1 && components != 3 && components != 4)
        FAIL(ERR_UNSUPPORTED, "JPEG with %d components is not supported yet", components);
    if (out->height == 0) FAIL(ERR_UNSUPPORTED, "JPEG that gives its height after the picture is not supported yet");
    if (out->width == 0) FAIL(ERR_FORMAT, "JPEG: a width of 0");
    /* With Huffman coding each block of 8 x 8 samples takes at least one bit. */
    if (marker < 0xC8) out->least_bytes = ((out->width + 7) / 8) * ((out->height + 7) / 8) / 8;
done:
    return rc;
}

static void note_metadata(const uint8_t *p, size_t n, int64_t at, int64_t size, image_metadata *m)
{
    static const char xmp[] = "http://ns.adobe.com/xap/1.0/";
    if (n >= 6 && memcmp(p, "Exif\0", 6) == 0 && m->exif_n == 0) {
        m->exif_at = at;
        m->exif_n = size;
    } else if (n >= sizeof xmp && memcmp(p, xmp, sizeof xmp) == 0) {
        m->xmp_at = at + (int64_t)sizeof xmp;
        m->xmp_n = size - (int64_t)sizeof xmp;
    }
}

/* Find the next marker at or after *at, skipping fill and stray bytes; *at is then behind it. */
static int next_marker(image_window *w, int64_t *at, uint8_t *marker)
{
    int rc = OK;
    const uint8_t *p;
    uint8_t before = 0;
    for (*marker = 0; *marker == 0; (*at)++) {
        TRY(image_window_get(w, *at, 1, &p));
        if (before == 0xff && *p != 0 && *p != 0xff) *marker = *p;
        before = *p;
    }
done:
    return rc;
}

static int has_no_length(uint8_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }
static int is_frame(uint8_t m) { return m >= 0xC0 && m <= 0xCF && m != 0xC4 && m != 0xC8 && m != 0xCC; }

/* Walks from marker to marker up to the first scan. */
static int probe(const byte_source *source, image_header *out)
{
    int rc = OK, framed = 0;
    image_window w = {.source = source};
    image_metadata meta = {0};
    const uint8_t *p;
    uint8_t marker = 0;
    for (int64_t at = 2; marker != 0xDA;) {
        TRY(next_marker(&w, &at, &marker));
        if (has_no_length(marker)) continue;
        if (marker == 0xD9) FAIL(ERR_FORMAT, "JPEG: no picture in it");
        TRY(image_window_get(&w, at, 2, &p));
        int64_t size = (int64_t)image_u16be(p) - 2;
        at += 2;
        if (size < 0) FAIL(ERR_FORMAT, "JPEG: a marker segment of negative length");
        size_t n = size < 32 ? (size_t)size : 32;
        TRY(image_window_get(&w, at, n, &p));
        if (is_frame(marker) && !framed++) {
            if (size < 6) FAIL(ERR_FORMAT, "JPEG: a frame header that is too short");
            TRY(read_frame(p, marker, out));
        }
        if (marker == 0xE1) note_metadata(p, n, at, size, &meta);
        at += size;
    }
    if (!framed) FAIL(ERR_FORMAT, "JPEG: a scan before the frame header");
    TRY(image_metadata_orientation(source, &meta, &out->orientation));
done:
    return rc;
}

const image_format image_format_jpeg = {"jpeg", recognise, probe, decode, .scales = 1};
