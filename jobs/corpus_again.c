#include "jobs/corpus_again.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/runs_log.h"
#include "jobs/tokenizer_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Take an absolute path of the latest run, seen from any folder. */
static int use_recorded(const char *dataset, const char *key, char **path)
{
    int rc = OK;
    char *recorded = NULL;
    TRY(runs_log_text(dataset, key, &recorded));
    if (!*recorded) goto done;
    mem_free(path);
    *path = recorded;
    recorded = NULL;
done:
    mem_free(&recorded);
    return rc;
}

static int is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The corpus of the run; or the one of --corpus, whose paths start where they did if that is still there. */
static int use_corpus(job *j, const char *dataset)
{
    int rc = OK;
    TRY(use_recorded(dataset, "corpus_path", &j->corpus.path));
    TRY(use_recorded(dataset, "corpus_root", &j->corpus.root));
    if (!j->corpus_root) goto done;
    mem_free(&j->corpus.path);
    TRY(mem_string(&j->corpus.path, j->corpus_root));
    if (*j->corpus.root && !is_folder(j->corpus.root)) *j->corpus.root = 0;
done:
    return rc;
}

static int load_options(job *j, const char *dataset)
{
    int rc = OK;
    char *text = NULL;
    TRY(runs_log_text(dataset, "config", &text));
    if (!*text) FAIL(ERR_CONFIG, "%s/logs/runs.jsonl does not tell which corpus the dataset was made from", dataset);
    config_free(&j->config);
    TRY(job_make_config(j));
    TRY(config_load(j->config, "logs/runs.jsonl", text, strlen(text)));
    TRY(use_recorded(dataset, "audio_encoder", &j->audio.encoder.path));
    TRY(use_recorded(dataset, "image_encoder", &j->image.encoder.path));
    TRY(tokenizer_files_use(dataset, &j->text));
    TRY(use_corpus(j, dataset));
done:
    mem_free(&text);
    return rc;
}

static int build(const job *j, const char *folder)
{
    int rc = OK;
    int64_t rows, segments;
    TRY(corpus_scan(&j->corpus, NULL, folder, &rows, &segments));
    for (int64_t s = 0; s < segments; s++) TRY(corpus_segment_build(&j->corpus, folder, s, NULL, NULL, NULL));
    TRY(corpus_index_merge(&j->corpus, folder, NULL, NULL));
done:
    return rc;
}

int corpus_again_open(corpus_again *c, job *j, const char *dataset)
{
    int rc = OK;
    const char *base = getenv("TMPDIR");
    TRY(load_options(j, dataset));
    TRY(mem_format(&c->folder, "%s/tessera-corpus-XXXXXX", base && *base ? base : "/tmp"));
    if (!mkdtemp(c->folder)) {
        mem_free(&c->folder);
        FAIL(ERR_IO, "cannot make a temporary folder in %s", base && *base ? base : "/tmp");
    }
    TRY(build(j, c->folder));
    TRY(corpus_index_open(&c->index, c->folder));
    TRY(corpus_index_set_root(c->index, &j->corpus));
done:
    return rc;
}

void corpus_again_close(corpus_again *c)
{
    corpus_index_close(&c->index);
    if (c->folder && file_remove_tree(c->folder) != OK) LOG_RANK(LOG_WARN, "%s", status_message());
    mem_free(&c->folder);
}
