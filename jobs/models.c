#include "jobs/models.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/job.h"

static core_model *model_at(job *j, int i) { return i ? &j->models.core.image : &j->models.core.audio; }

int models_open_alone(job *j)
{
    int rc = OK;
    TRY(text_tokenizer_create(&j->models.text, &j->text));
    TRY(core_model_open_audio(&j->models.core.audio, &j->audio));
    TRY(core_model_open_image(&j->models.core.image, &j->image));
    j->models.core.audio.batch = (int64_t)(j->run.batch_seconds * CORE_RATE_HZ);
    j->models.core.image.batch = j->run.batch_pictures;
done:
    return rc;
}

int models_open(job *j) { return par_agree(&j->p, models_open_alone(j)); }

static void say_loaded(const core_model *m, const char *stream)
{
    LOG_JOB(LOG_INFO, "%s encoder: %s, %lld layers, %.1f MB of packed weights per node", stream,
            encoder_name(m->encoder), (long long)encoder_layers(m->encoder), (double)encoder_bytes(m->encoder) * 1e-6);
}

/* Each rank of a node packs its part of the one copy. */
static int load(job *j, int i)
{
    int rc = OK;
    models *m = &j->models;
    encoder *e = model_at(j, i)->encoder;
    TRY(par_agree(&j->p, par_node_alloc(m->node, encoder_bytes(e), &m->packed[i])));
    rc = encoder_pack(e, m->packed[i], par_node_rank(m->node), par_node_size(m->node));
    if (rc != OK && rc != ERR_MEMORY)
        rc = status_set(ERR_CONFIG, status_file(), status_line(), "%s.encoder.path: %s", i ? "image" : "audio",
                        status_message());
    TRY(par_agree(&j->p, rc));
    par_node_barrier(m->node);
    say_loaded(model_at(j, i), i ? "image" : "audio");
done:
    return rc;
}

int models_load(job *j)
{
    int rc = OK;
    models *m = &j->models;
    if (m->is_loaded || (!m->core.audio.encoder && !m->core.image.encoder)) return OK;
    TRY(par_agree(&j->p, par_node_create(&m->node, &j->p)));
    for (int i = 0; i < 2; i++)
        if (model_at(j, i)->encoder) TRY(load(j, i));
    m->is_loaded = 1;
done:
    return rc;
}

int models_load_alone(job *j)
{
    int rc = OK;
    models *m = &j->models;
    if (m->is_loaded) return OK;
    for (int i = 0; i < 2; i++) {
        encoder *e = model_at(j, i)->encoder;
        if (!e) continue;
        TRY(mem_reserve(&m->packed[i], encoder_bytes(e), 1));
        TRY(encoder_pack(e, m->packed[i], 0, 1));
    }
    m->is_loaded = 1;
done:
    return rc;
}

void models_close(job *j)
{
    models *m = &j->models;
    text_tokenizer_free(&m->text);
    core_model_close(&m->core.audio);
    core_model_close(&m->core.image);
    for (int i = 1; i >= 0; i--) {
        if (m->node)
            par_node_release(m->node, &m->packed[i]);
        else
            mem_free_at(&m->packed[i]);
    }
    par_node_free(&m->node);
    m->is_loaded = 0;
}

int models_text(const job *j, char **text)
{
    int rc = OK;
    const core_models *m = &j->models.core;
    char *audio = NULL, *image = NULL, *tokenizer = NULL;
    int encoders = m->audio.encoder || m->image.encoder, bytes = !*text_tokenizer_sha256(j->models.text);
    if (!encoders && bytes) return mem_string(text, "");
    TRY(core_model_text(&m->audio, &audio));
    TRY(core_model_text(&m->image, &image));
    TRY(models_tokenizer_text(j, &tokenizer));
    TRY(mem_format(text, "%s %s%s%s", audio, image, bytes ? "" : " ", bytes ? "" : tokenizer));
done:
    mem_free(&tokenizer);
    mem_free(&audio);
    mem_free(&image);
    return rc;
}

int models_tokenizer_text(const job *j, char **text)
{
    const char *sha256 = text_tokenizer_sha256(j->models.text);
    return mem_format(text, "%s%s%s", text_tokenizer_name(j->models.text), *sha256 ? " " : "", sha256);
}

size_t models_bytes(const job *j)
{
    const core_models *m = &j->models.core;
    return (m->audio.encoder ? encoder_bytes(m->audio.encoder) : 0) +
           (m->image.encoder ? encoder_bytes(m->image.encoder) : 0);
}
