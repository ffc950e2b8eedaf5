#include "jobs/sequence_job.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/tokenizer_files.h"

enum { CONFIG_LIMIT = 16 << 20 };

int sequence_job_open(sequence_job *s, const job *j, const vocabulary *words, const json_t *streams)
{
    int rc = OK;
    const json_t *audio = json_object_get(streams, "audio");
    *s = (sequence_job){.j = j, .words = *words};
    if (audio && !json_is_true(json_object_get(audio, "reduced")))
        s->audio_window = (int64_t)(j->audio.window_s * json_number_value(json_object_get(audio, "rate_hz")));
    s->text = j->models.text;
    if (s->text) return OK;
    rc = text_tokenizer_create(&s->own, &j->text);
    s->text = s->own;
    if (rc == ERR_CONFIG || rc == ERR_MISSING) rc = OK; /* only literals of templates need it */
    return rc;
}

void sequence_job_close(sequence_job *s) { text_tokenizer_free(&s->own); }

sequence_set sequence_job_set(const sequence_job *s, int split, char *const *shards, size_t n_shards)
{
    return (sequence_set){.options = &s->j->sequence,
                          .words = &s->words,
                          .text = s->text,
                          .shards = shards,
                          .n_shards = n_shards,
                          .weighted = split == 0,
                          .audio_window = s->audio_window};
}

int sequence_file_name(char **out, const char *set, const char *kind, const char *split, int64_t block, int64_t n)
{
    int rc = OK;
    char *name = NULL;
    TRY(pack_name(&name, split, block, n));
    TRY(mem_format(out, "sequences/%s/%s%s", set, kind, name));
done:
    mem_free(&name);
    return rc;
}

int sequence_job_load(job *j, const char *dataset, const char *set)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *text = NULL;
    size_t n;
    TRY(mem_format(&path, "%s/sequences/%s/config.resolved.yaml", dataset, set));
    TRY(file_read(path, CONFIG_LIMIT, &text, &n));
    if (!j->config) TRY(job_make_config(j));
    rc = config_load(j->config, path, (const char *)text, n);
    if (rc == ERR_CONFIG) rc = ERR_CORRUPT;
    TRY(rc);
    TRY(tokenizer_files_use(dataset, &j->text));
done:
    mem_free(&text);
    mem_free(&path);
    return rc;
}
