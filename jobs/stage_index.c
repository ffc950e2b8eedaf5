/* Manifest to index: rank 0 scans, all ranks probe and sort segments, rank 0 merges. */
#include "jobs/stages.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/sound_hint.h"
#include "decode/audio_decode.h"
#include "decode/image_decode.h"
#include "jobs/note.h"
#include "jobs/suspects.h"
#include "work/schedule.h"
#include "work/stop.h"

#include <stdlib.h>
#include <string.h>

typedef struct indexing {
    stages *s;
    char *folder;
    int64_t n_segments, next;
    schedule *schedule;
} indexing;

static int64_t next_segment(void *user, int rank)
{
    (void)rank;
    indexing *x = user;
    while (x->next < x->n_segments && corpus_segment_is_built(x->folder, x->next)) x->next++;
    return x->next < x->n_segments ? x->next++ : -1;
}

static int64_t segments_left(void *user)
{
    const indexing *x = user;
    return x->n_segments - x->next;
}

static int tick(void *user) { return schedule_tick(((indexing *)user)->schedule); }

/* Recordings of sensors are not opened: the rate of a row may come from its file, and nothing else is asked of it
 * before it is decoded. No limits here: they belong to later stages, and the index does not depend on them. */
static int probe_sound(const audio_options *o, const media *m, corpus_row *row)
{
    int rc = OK;
    audio_stream *stream = NULL;
    audio_info info;
    audio_limits limits = {0};
    audio_hint hint = sound_hint(o, corpus_row_media(row, MEDIA_AUDIO));
    TRY(audio_open(&stream, &m->source, &hint, &limits, &info));
    row->audio_frames = info.n_likely; /* for planning; decoding looks again */
    row->audio_rate_hz = info.rate_hz;
    row->audio_channels = info.channels;
done:
    audio_close(&stream);
    return rc;
}

static int probe_picture(const media *m, corpus_row *row)
{
    int rc = OK;
    image_info info;
    TRY(image_probe(&m->source, &info));
    row->image_width = info.width;
    row->image_height = info.height;
done:
    return rc;
}

static int probe_medium(const audio_options *o, const char *root, corpus_row *row, media_kind kind)
{
    int rc = OK;
    media m = {.fd = -1};
    TRY(media_open(root, row, kind, 0, NULL, &m));
    if (m.status != OK) FAIL(m.status, "%s", m.message);
    if (kind == MEDIA_AUDIO) TRY(probe_sound(o, &m, row));
    if (kind == MEDIA_IMAGE) TRY(probe_picture(&m, row));
done:
    media_close(&m);
    return rc;
}

static int check_suspect(indexing *x, const char *root, const corpus_row *row)
{
    int rc = OK;
    job *j = x->s->j;
    char *path = NULL, *arguments[N_MEDIA + 2] = {(char *)"_probe"};
    size_t n = 1;
    if (suspects_asks(j, row->row))
        for (int k = 0; k < N_MEDIA; k++) {
            if (!corpus_row_has(row, k)) continue;
            mem_free(&path);
            TRY(corpus_row_path(row, k, root, &path));
            TRY(mem_format(&arguments[n], "%lld:%lld:%s", (long long)row->media[k].tar_offset,
                           (long long)row->media[k].size, path));
            n++;
        }
    TRY(suspects_check(j, row->row, arguments, tick, x));
done:
    while (n > 1) mem_free(&arguments[--n]);
    mem_free(&path);
    return rc;
}

static int probe_row(void *user, const char *root, corpus_row *row)
{
    int rc = OK;
    indexing *x = user;
    job *j = x->s->j;
    const int wanted[N_MEDIA] = {[MEDIA_AUDIO] = j->audio.use, [MEDIA_IMAGE] = j->image.use};
    char id[96];
    TRY(check_suspect(x, root, row));
    inhand_note(j->inhand, row->row);
    snprintf(id, sizeof id, "%.*s", (int)(row->field[FIELD_ID].n < 80 ? row->field[FIELD_ID].n : 80),
             row->field[FIELD_ID].bytes);
    fault_point_at("probe.row", id);
    for (int k = 0; k < N_MEDIA; k++)
        if (corpus_row_has(row, k) && wanted[k]) TRY(probe_medium(&j->audio, root, row, k));
done:
    inhand_note(j->inhand, -1);
    return rc;
}

static int build_segment(void *user, schedule *schedule, int64_t task, int final, progress_counts *counts)
{
    indexing *x = user;
    (void) final;
    x->schedule = schedule;
    counts->work = 1;
    return corpus_segment_build(&x->s->j->corpus, x->folder, task, probe_row, tick, x);
}

static int merge_tick(void *user)
{
    (void)user;
    return stop_asked() ? status_set(ERR_STOPPED, __FILE__, __LINE__, "%s", stop_reason()) : OK;
}

static int build(indexing *x)
{
    int rc = OK;
    job *j = x->s->j;
    int64_t n_rows = 0;
    if (j->p.rank == 0) {
        LOG_JOB(LOG_INFO, "index: reading %s", j->corpus.path);
        rc = corpus_scan(&j->corpus, x->s->settings.manifest, x->folder, &n_rows, &x->n_segments);
    }
    TRY(par_agree(&j->p, rc));
    if (j->p.rank == 0) LOG_JOB(LOG_INFO, "index: %lld rows, probing", (long long)n_rows);
    schedule_options o = {.root_works_below = j->run.root_works_below, .phase = "index", .metrics = j->metrics};
    o.total.units = x->n_segments;
    o.total.work = (double)x->n_segments;
    schedule_tasks tasks = {.next = next_segment, .left = segments_left, .perform = build_segment, .user = x};
    TRY(schedule_run(&j->p, &o, &tasks));
    if (j->p.rank == 0) {
        LOG_JOB(LOG_INFO, "index: merging");
        rc = corpus_index_merge(&j->corpus, x->folder, merge_tick, NULL);
    }
    TRY(par_agree(&j->p, rc));
done:
    return rc;
}

/* The folder of the index carries the hash of what it was made from. */
static const char note[] = "state/index/settings";

static int is_current(const job *j, const char *folder, uint64_t hash)
{
    corpus_index *index = NULL;
    int current = note_is(j, note, hash) && corpus_index_open(&index, folder) == OK;
    corpus_index_close(&index);
    return current;
}

/* What is there of another index goes. */
static int begin_index(const job *j, const char *folder, uint64_t hash)
{
    int rc = OK;
    if (note_is(j, note, hash)) goto done;
    TRY(file_remove_tree(folder));
    TRY(file_make_folder(folder));
    TRY(note_hash(j, note, hash, "", "index-settings"));
done:
    return rc;
}

int stage_index(stages *s)
{
    int rc = OK;
    job *j = s->j;
    indexing x = {.s = s};
    int64_t current = 0;
    uint64_t hash = 0;
    if (s->repack) return OK;
    rc = job_path(j, &x.folder, "state/index");
    if (rc == OK && j->p.rank == 0) {
        rc = settings_hash(j, SCOPE_INDEX, "", s->settings.manifest, &hash);
        if (rc == OK) current = is_current(j, x.folder, hash);
        if (rc == OK && !current) rc = begin_index(j, x.folder, hash);
    }
    TRY(par_agree(&j->p, rc));
    par_broadcast(&j->p, &current, sizeof current);
    if (!current) TRY(build(&x));
    rc = corpus_index_open(&s->index, x.folder);
    if (rc == OK) rc = corpus_index_set_root(s->index, &j->corpus);
    TRY(par_agree(&j->p, rc));
    const corpus_totals *t = corpus_index_totals(s->index);
    char sensors[64] = "";
    if (t->sensor_rows) snprintf(sensors, sizeof sensors, ", %lld sensor recordings", (long long)t->sensor_rows);
    LOG_JOB(LOG_INFO, "index: %lld rows, %lld rejected, %.2f h of sound, %lld pictures%s%s", (long long)t->rows,
            (long long)t->rejected, t->audio_seconds / 3600, (long long)t->image_rows, sensors,
            current ? " (was there)" : "");
    TRY(coded_check_index(j, t));
done:
    mem_free(&x.folder);
    return rc;
}
