#include "jobs/coded_stream.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>

static const core_model no_model; /* sensors have no encoder */

coded_stream coded_stream_of(const job *j, media_kind kind)
{
    const core_model *m = kind == MEDIA_AUDIO   ? &j->models.core.audio
                          : kind == MEDIA_IMAGE ? &j->models.core.image
                                                : &no_model;
    coded_stream s = {.stream = core_stream(kind), .name = stream_name(core_stream(kind)), .model = m};
    switch (kind) {
    case MEDIA_AUDIO:
        s.use = j->audio.use;
        s.keep = j->audio.keep;
        s.reduce = j->audio.reduce;
        s.codebook = &j->audio.codebook;
        s.encoder = audio_encoder_name(&j->audio, m);
        s.precision = encoder_keys_precision(&j->audio.encoder, m);
        s.frame_hz = audio_frame_hz(m);
        break;
    case MEDIA_IMAGE:
        s.use = j->image.use;
        s.keep = j->image.keep;
        s.codebook = &j->image.codebook;
        s.encoder = image_encoder_name(m);
        s.precision = encoder_keys_precision(&j->image.encoder, m);
        break;
    default:
        s.use = j->sensor.use;
        s.keep = j->sensor.keep;
        s.reduce = j->sensor.reduce;
        s.codebook = &j->sensor.codebook;
        s.encoder = "frames";
        s.precision = "";
        s.frame_hz = sensor_frame_hz(&j->sensor);
        break;
    }
    s.wants_book = s.keep != KEEP_VECTORS && !core_model_has_codes(m);
    return s;
}

int coded_is_there(const job *j, const corpus_totals *t, media_kind kind)
{
    const int64_t rows[N_MEDIA] = {
        [MEDIA_AUDIO] = t->audio_rows, [MEDIA_IMAGE] = t->image_rows, [MEDIA_SENSOR] = t->sensor_rows};
    return coded_stream_of(j, kind).use && rows[kind] > 0;
}

int coded_feature_text(const job *j, media_kind kind, const projection *map, char **text)
{
    char hash[33] = "";
    if (kind == MEDIA_AUDIO) return audio_feature_text(&j->audio, &j->models.core.audio, text);
    if (kind == MEDIA_SENSOR) return sensor_feature_text(&j->sensor, text);
    if (map) projection_hash(map, hash);
    return image_feature_text(&j->image, &j->models.core.image, hash, text);
}

int coded_complete(job *j)
{
    int rc = OK;
    codebook book = {0};
    char assignment[64];
    const char *path = j->sensor.codebook.path;
    if (!j->sensor.use || j->sensor.channels || !*path) goto done;
    if (codebook_load(path, &book) != OK) FAIL(ERR_CONFIG, "codebook %s: %s", path, status_message());
    if (book.d % j->sensor.frame)
        FAIL(ERR_CONFIG, "codebook %s has %lld dimensions, which is no multiple of sensor.frame (%lld)", path,
             (long long)book.d, (long long)j->sensor.frame);
    snprintf(assignment, sizeof assignment, "sensor.channels=%lld", (long long)(book.d / j->sensor.frame));
    TRY(config_set(j->config, assignment));
done:
    codebook_free(&book);
    return rc;
}

int coded_check_index(const job *j, const corpus_totals *t)
{
    int rc = OK;
    if (coded_is_there(j, t, MEDIA_SENSOR) && !j->sensor.channels)
        FAIL(ERR_CONFIG,
             "%lld rows have a sensor_filepath, and sensor.channels is not set: the number of channels of the "
             "recordings (or sensor.use: false)",
             (long long)t->sensor_rows);
done:
    return rc;
}
