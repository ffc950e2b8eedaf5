/* Children of the program: one row, or the headers of files, where a crash costs nothing. They never start MPI. */
#include "jobs/verbs.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/sound_hint.h"
#include "decode/audio_decode.h"
#include "jobs/stages.h"
#include "tensor/isa.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void no_core_file(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

static int load_config(job *j)
{
    int rc = OK;
    TRY(job_make_config(j));
    TRY(config_read(j->config, j->target));
done:
    return rc;
}

static int take_nothing(void *user, const example *e)
{
    (void)user;
    (void)e;
    return OK;
}

/* Codebooks and encoders do not matter here: decoding is what can crash, and features read all that it gives. */
static int run_row(const job *j, const corpus_index *index, int64_t position)
{
    int rc = OK;
    core *c = NULL;
    text_tokenizer *text = NULL;
    corpus_row row;
    media m[N_MEDIA];
    const core_caller caller = {.final = 1, .take = take_nothing};
    audio_options audio = j->audio;
    image_options image = j->image;
    sensor_options sensor = j->sensor;
    char id[96];
    memset(m, 0, sizeof m);
    audio.keep = image.keep = sensor.keep = KEEP_VECTORS;
    sensor.normalize = SENSOR_NORMALIZE_NONE;
    if (audio.feature == AUDIO_FEATURE_ENCODER) audio.feature = 0;
    image.feature = 0;
    TRY(text_tokenizer_create(&text, &j->text));
    core_settings settings = {.audio = &audio, .image = &image, .text = text};
    if (sensor.channels) settings.sensor = &sensor;
    TRY(core_create(&c, &settings));
    TRY(corpus_index_row(index, position, &row));
    snprintf(id, sizeof id, "%.*s", (int)(row.field[FIELD_ID].n < 80 ? row.field[FIELD_ID].n : 80),
             row.field[FIELD_ID].bytes);
    fault_point_at("decode.row", id);
    for (int k = 0; k < N_MEDIA; k++)
        TRY(media_open(corpus_index_root(index), &row, k, j->run.prefetch_bytes / 2, NULL, &m[k]));
    TRY(core_row(c, &caller, &row, position, 1, m, 1));
done:
    for (int k = 0; k < N_MEDIA; k++) media_close(&m[k]);
    core_free(&c);
    text_tokenizer_free(&text);
    return rc;
}

int verb_isolated_row(job *j)
{
    int rc = OK;
    corpus_index *index = NULL;
    char *folder = NULL;
    no_core_file();
    if (j->n_args != 1) FAIL(ERR_USAGE, "_row needs a config and a position");
    TRY(load_config(j));
    TRY(isa_force(isa_names[j->run.isa]));
    TRY(mem_string(&j->out, j->output.path));
    TRY(job_path(j, &folder, "state/index"));
    TRY(corpus_index_open(&index, folder));
    TRY(corpus_index_set_root(index, &j->corpus));
    TRY(run_row(j, index, strtoll(j->args[0], NULL, 10)));
done:
    corpus_index_close(&index);
    mem_free(&folder);
    mem_free(&j->out);
    config_free(&j->config);
    return rc;
}

/* "OFFSET:SIZE:PATH" of a member of a tar; a file of its own has the offset -1. Without the config: files that only
 * audio.raw.format makes sound have nothing that a header could crash. */
static void probe_file(const char *medium)
{
    struct stat st;
    audio_stream *stream = NULL;
    audio_info sound;
    audio_limits limits = {0};
    image_info picture;
    char *path;
    const audio_options usual = {.raw.format = AUDIO_RAW_AUTO};
    long long offset = strtoll(medium, &path, 10), size = *path ? strtoll(path + 1, &path, 10) : 0;
    int fd = *path ? open(path + 1, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || fstat(fd, &st) != 0) return;
    byte_source source = offset < 0 ? source_of_file(fd, 0, st.st_size) : source_of_file(fd, offset, size);
    audio_hint hint = sound_hint(&usual, (text_view){path, strlen(path)});
    if (image_probe(&source, &picture) != OK && audio_open(&stream, &source, &hint, &limits, &sound) == OK)
        audio_close(&stream);
    close(fd);
}

int verb_isolated_probe(job *j)
{
    no_core_file();
    probe_file(j->target);
    for (int i = 0; i < j->n_args; i++) probe_file(j->args[i]);
    return OK;
}
