#include "corpus/row.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

static const row_field path_field[N_MEDIA] = {
    [MEDIA_AUDIO] = FIELD_AUDIO_PATH, [MEDIA_IMAGE] = FIELD_IMAGE_PATH, [MEDIA_SENSOR] = FIELD_SENSOR_PATH};

void corpus_row_clear(corpus_row *r)
{
    *r = (corpus_row){.duration_s = -1, .audio_frames = -1};
    for (int k = 0; k < N_MEDIA; k++) r->media[k] = (row_media){.size = -1, .tar_offset = -1};
    for (int f = 0; f < N_FIELDS; f++) r->field[f].bytes = "";
}

int corpus_row_has(const corpus_row *r, media_kind kind) { return r->field[path_field[kind]].n > 0; }

text_view corpus_row_media(const corpus_row *r, media_kind kind) { return r->field[path_field[kind]]; }

text_view corpus_row_file(const corpus_row *r, media_kind kind)
{
    text_view p = corpus_row_media(r, kind);
    const char *end = r->media[kind].tar_offset >= 0 && p.n ? memchr(p.bytes, TAR_MEMBER_MARK, p.n) : NULL;
    return end ? (text_view){p.bytes, (size_t)(end - p.bytes)} : p;
}

int corpus_row_path(const corpus_row *r, media_kind kind, const char *root, char **path)
{
    text_view p = corpus_row_file(r, kind);
    if (p.n && p.bytes[0] == '/') return mem_copy(path, p.bytes, p.n);
    return mem_format(path, "%s/%.*s", root, (int)p.n, p.bytes);
}

/* Of samples at a rate that nobody told (fairseq manifests without probing). */
static const double usual_rate_hz = 16000;

double corpus_row_seconds(const corpus_row *r)
{
    if (!corpus_row_has(r, MEDIA_AUDIO)) return 0;
    if (r->duration_s >= 0) return r->duration_s;
    if (r->audio_frames < 0) return 0;
    double seconds = (double)r->audio_frames / (r->audio_rate_hz > 0 ? r->audio_rate_hz : usual_rate_hz) - r->offset_s;
    return seconds > 0 ? seconds : 0;
}
