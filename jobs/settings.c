#include "jobs/settings.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "core/projection.h"
#include "decode/versions.h"
#include "feature/fft.h"
#include "jobs/coded_stream.h"
#include "store/h5.h"

#include <stdlib.h>
#include <string.h>

static int hash_codebook(const char *path, char sha256[65])
{
    int rc = OK;
    codebook c = {0};
    if (!*path) return OK;
    rc = codebook_load(path, &c);
    if (rc != OK) FAIL(ERR_CONFIG, "codebook %s: %s", path, status_message());
    memcpy(sha256, c.sha256, 65);
done:
    codebook_free(&c);
    return rc;
}

static int hash_projection(const image_options *o, char hex[33])
{
    int rc = OK;
    projection *p = NULL;
    if (!o->use || !*o->projection || !strncmp(o->projection, "pca:", 4)) return OK;
    TRY(projection_load(&p, o->projection, (o->grey ? 1 : 3) * o->patch * o->patch));
    projection_hash(p, hex);
done:
    projection_free(&p);
    return rc;
}

int settings_make(const job *j, settings *out)
{
    int rc = OK;
    char decoders[192], *audio = NULL, *image = NULL, *tokenizer = NULL;
    const char *books[N_MEDIA];
    *out = (settings){0};
    decoder_versions(decoders, sizeof decoders);
    TRY(corpus_manifest_hash(&j->corpus, out->manifest));
    for (int k = 0; k < N_MEDIA; k++) {
        coded_stream c = coded_stream_of(j, k);
        if (c.use) TRY(hash_codebook(c.codebook->path, out->codebook[k]));
        books[k] = *out->codebook[k] ? out->codebook[k] : "trained";
    }
    TRY(hash_projection(&j->image, out->projection));
    TRY(core_model_text(&j->models.core.audio, &audio));
    TRY(core_model_text(&j->models.core.image, &image));
    TRY(models_tokenizer_text(j, &tokenizer));
    TRY(config_resolved(j->config, &out->resolved));
    TRY(mem_format(&out->facts,
                   "tessera: %s\nlibraries: %s, %s, hdf5 %s\nmanifest: %s\naudio codebook: %s\nimage codebook: "
                   "%s\nsensor codebook: %s\nimage projection: %s\naudio encoder: %s\nimage encoder: %s\n"
                   "text tokenizer: %s\n",
                   TESSERA_VERSION, decoders, fft_version(), h5_version(), out->manifest, books[MEDIA_AUDIO],
                   books[MEDIA_IMAGE], books[MEDIA_SENSOR], *out->projection ? out->projection : "none", audio, image,
                   tokenizer));
done:
    mem_free(&tokenizer);
    mem_free(&audio);
    mem_free(&image);
    if (rc != OK) settings_free(out);
    return rc;
}

void settings_free(settings *s)
{
    mem_free(&s->resolved);
    mem_free(&s->facts);
    *s = (settings){0};
}

/* The line of `facts` that begins with this name, without it; at most size - 1 bytes. */
static void fact(const char *facts, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);
    snprintf(out, size, "-");
    for (const char *p = facts; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        if (!strncmp(p, name, n) && p[n] == ':' && p[n + 1] == ' ')
            snprintf(out, size, "%.*s", (int)strcspn(p + n + 2, "\n"), p + n + 2);
}

int settings_compare(const job *j, const settings *s, const char *resolved, const char *facts, option_scope *first,
                     char **differences)
{
    static const struct {
        const char *name;
        option_scope scope;
    } facts_scopes[] = {{"tessera", SCOPE_INDEX},
                        {"libraries", SCOPE_INDEX},
                        {"manifest", SCOPE_INDEX},
                        {"audio codebook", SCOPE_CODEBOOK},
                        {"image codebook", SCOPE_CODEBOOK},
                        {"sensor codebook", SCOPE_CODEBOOK},
                        {"image projection", SCOPE_CODEBOOK},
                        {"audio encoder", SCOPE_CODEBOOK},
                        {"image encoder", SCOPE_CODEBOOK},
                        {"text tokenizer", SCOPE_TOKENS}};
    int rc = OK;
    char *text = NULL;
    TRY(config_compare(j->config, resolved, first, differences));
    for (size_t i = 0; i < sizeof facts_scopes / sizeof *facts_scopes; i++) {
        char then[512], now[512];
        fact(facts, facts_scopes[i].name, then, sizeof then);
        fact(s->facts, facts_scopes[i].name, now, sizeof now);
        if (!strcmp(then, now)) continue;
        if (facts_scopes[i].scope < *first) *first = facts_scopes[i].scope;
        TRY(mem_format(&text, "%s%s: %s -> %s\n", *differences, facts_scopes[i].name, then, now));
        mem_free(differences);
        *differences = text;
        text = NULL;
    }
done:
    mem_free(&text);
    return rc;
}

/* Keep the lines of a scope text that concern this prefix. Filters decide about the training sample of a corpus. */
static void keep_lines(char *text, const char *prefix)
{
    int of_corpus = strcmp(prefix, "train.") != 0;
    char *to = text;
    for (char *p = text; *p;) {
        char *end = strchr(p, '\n');
        size_t n = end ? (size_t)(end - p) + 1 : strlen(p);
        if (!strncmp(p, prefix, strlen(prefix)) || !strncmp(p, "train.", 6) ||
            (of_corpus && !strncmp(p, "filter.", 7))) {
            memmove(to, p, n);
            to += n;
        }
        p += n;
    }
    *to = 0;
}

int settings_hash(const job *j, option_scope last, const char *prefix, const char *more, uint64_t *hash)
{
    int rc = OK;
    char *text = NULL;
    *hash = hash64(more, strlen(more), 0);
    for (int s = 0; s <= (int)last; s++) {
        mem_free(&text);
        TRY(config_scope_text(j->config, s, &text));
        if (*prefix) keep_lines(text, prefix);
        *hash = hash64(text, strlen(text), *hash);
    }
done:
    mem_free(&text);
    return rc;
}
