/* One row of the corpus: what the manifest says and what probing found. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum media_kind { MEDIA_AUDIO, MEDIA_IMAGE, MEDIA_SENSOR, N_MEDIA } media_kind;

/* Texts of a row. All are UTF-8 except paths (bytes). */
typedef enum row_field {
    FIELD_ID,        /* unique; made from path or line number where the manifest has none */
    FIELD_GROUP,     /* rows of one group stay together, in `order`; the id where the manifest has none */
    FIELD_ROLE,      /* user, assistant, source, target ...; "" when not given */
    FIELD_TEXT,      /* caption or transcript */
    FIELD_LANG,      /* language of the sound */
    FIELD_TEXT_LANG, /* language of the text */
    FIELD_LICENSE,
    FIELD_SOURCE,
    FIELD_AUDIO_PATH, /* relative to the corpus root; of a member of a tar "TAR!MEMBER" */
    FIELD_IMAGE_PATH,
    FIELD_SENSOR_PATH,
    FIELD_EXTRA,   /* keys that are not known, as one JSON object; "" when none */
    FIELD_MESSAGE, /* why the row is rejected already; "" when it is not */
    N_FIELDS
} row_field;

/* Between the path of a tar, which cannot have it, and the name of a member. */
enum { TAR_MEMBER_MARK = '!' };

typedef struct text_view {
    const char *bytes; /* not zero-terminated */
    size_t n;
} text_view;

typedef struct row_media {
    int64_t size;       /* bytes; -1: no such medium in this row */
    int64_t mtime_ns;   /* when probed; not content */
    int64_t tar_offset; /* of the member's data in a tar file; -1: a file of its own */
} row_media;

typedef struct corpus_row {
    int64_t row;   /* position in the manifest, from 0: the number by which people find it */
    int64_t order; /* within the group */
    int split;     /* index into the configured splits */
    int status;    /* OK, or the item error with which the index rejects the row (FIELD_MESSAGE says why) */
    double offset_s, duration_s; /* wanted segment of the sound; duration < 0: to the end. A duration without an offset
                                    is that of the whole file as declared: the segment from 0 */
    double rate_hz;              /* of a sensor array; 0 when not given */
    row_media media[N_MEDIA];
    int64_t audio_frames; /* samples per channel in the file; -1: not known before decoding */
    int32_t audio_rate_hz, audio_channels;
    int64_t image_width, image_height; /* after EXIF orientation */
    text_view field[N_FIELDS];
} corpus_row;

/* A row without media, texts and numbers: sizes, offsets and frames -1, the segment from 0 to the end. Local. */
void corpus_row_clear(corpus_row *r);

/* Whether the row names a medium of this kind. Local. */
int corpus_row_has(const corpus_row *r, media_kind kind);

/* Path of a medium as the row has it; empty if there is none. Local. */
text_view corpus_row_media(const corpus_row *r, media_kind kind);

/* The file in which a medium is: that path, or of a member the tar. Local. */
text_view corpus_row_file(const corpus_row *r, media_kind kind);

/* Path of the file in which a medium is, for opening it: below `root` unless it is absolute. Caller: mem_free.
 * ERR_MEMORY. Local.
 */
int corpus_row_path(const corpus_row *r, media_kind kind, const char *root, char **path);

/* Seconds of sound that the row asks for, as far as the index knows; 0 without sound. Local. */
double corpus_row_seconds(const corpus_row *r);
