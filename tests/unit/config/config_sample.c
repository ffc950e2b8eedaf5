#include "config_sample.h"

#include "base/status.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const kinds[] = {"power", "log-mel", "mfcc", "off", NULL};

static const option audio_options[] = {
    {"audio.rate", OPTION_INT, SCOPE_CODEBOOK, offsetof(sample_audio, rate), "16000", 1, 192000, NULL,
     "samples per second"},
    {"audio.codebook.size", OPTION_INT, SCOPE_CODEBOOK, offsetof(sample_audio, size), "500", 2, 65536, NULL, "codes"},
    {"audio.kind", OPTION_ENUM, SCOPE_CODEBOOK, offsetof(sample_audio, kind), "mfcc", 0, 0, kinds, "what frames hold"},
    {"audio.reduce", OPTION_BOOL, SCOPE_TOKENS, offsetof(sample_audio, reduce), "yes", 0, 0, NULL, "join equal ids"},
    {"audio.overlap", OPTION_REAL, SCOPE_TOKENS, offsetof(sample_audio, overlap), "0.25", 0, 1, NULL,
     "share of a window"},
    {"audio.gain", OPTION_REAL, SCOPE_CODEBOOK, offsetof(sample_audio, gain), "1", 0, 0, NULL, "factor"},
    {"audio.codebook.path", OPTION_TEXT, SCOPE_CODEBOOK, offsetof(sample_audio, path), "", 0, 0, NULL,
     "a frozen codebook"},
    {"audio.codebook.seed", OPTION_INT, SCOPE_CODEBOOK, offsetof(sample_audio, seed), "-1", 0, 0, NULL,
     "of the sample"},
    {"corpus.langs", OPTION_LIST, SCOPE_INDEX, offsetof(sample_audio, langs), "[en, de]", 0, 0, NULL, "languages kept"},
};

static const option run_options[] = {
    {"run.prefetch_bytes", OPTION_BYTES, SCOPE_RUN, offsetof(sample_run, prefetch), "256MiB", 1024, 0x1p40, NULL,
     "read ahead"},
    {"run.any_bytes", OPTION_BYTES, SCOPE_RUN, offsetof(sample_run, any_bytes), "0", 0, 0, NULL, "any size"},
    {"run.time_limit", OPTION_SECONDS, SCOPE_RUN, offsetof(sample_run, limit), "4h", 0, INFINITY, NULL, "stop after"},
    {"run.cache", OPTION_TEXT, SCOPE_RUN, offsetof(sample_run, cache), "/tmp", 0, 0, NULL,
     "folder for files of the node"},
    {"corpus.splits", OPTION_LIST, SCOPE_INDEX, offsetof(sample_run, splits), "{train: 0.98, valid: 0.02}", 0, 0, NULL,
     "names and shares"},
};

static const option_table audio_table = OPTION_TABLE(audio_options), run_table = OPTION_TABLE(run_options);

void sample_create(sample *s)
{
    *s = (sample){0};
    const config_section sections[] = {{&audio_table, &s->audio}, {&run_table, &s->run}};
    if (config_create(&s->config, sections, 2) != OK) fail_msg("%s", status_message());
}

void sample_free(sample *s)
{
    config_free(&s->config);
    assert_null(s->audio.path);
    assert_null(s->audio.langs.texts);
    assert_null(s->run.splits.texts);
}

int sample_load(sample *s, const char *text) { return config_load(s->config, "f.yaml", text, strlen(text)); }

static int lists_equal(const option_list *a, const option_list *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (strcmp(a->texts[i], b->texts[i])) return 0;
    return a->n == b->n;
}

int sample_equal(const sample *a, const sample *b)
{
    const sample_audio *x = &a->audio, *y = &b->audio;
    const sample_run *r = &a->run, *q = &b->run;
    return x->rate == y->rate && x->seed == y->seed && x->size == y->size && x->kind == y->kind &&
           x->reduce == y->reduce && x->overlap == y->overlap && x->gain == y->gain && !strcmp(x->path, y->path) &&
           lists_equal(&x->langs, &y->langs) && r->prefetch == q->prefetch && r->any_bytes == q->any_bytes &&
           r->limit == q->limit && !strcmp(r->cache, q->cache) && lists_equal(&r->splits, &q->splits);
}
