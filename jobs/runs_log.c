#include "jobs/runs_log.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOG_LIMIT = 256 << 20 };

static int append(const job *j, json_t *line)
{
    int rc = OK;
    char *path = NULL, *text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);
    FILE *f = NULL;
    TRY(job_path(j, &path, "logs/runs.jsonl"));
    f = fopen(path, "ae");
    if (!text || !f || fprintf(f, "%s\n", text) < 0) FAIL(status_from_errno(errno), "%s: %s", path, strerror(errno));
done:
    if (f && fclose(f) != 0 && rc == OK)
        rc = status_set(status_from_errno(errno), __FILE__, __LINE__, "%s: %s", path, strerror(errno));
    free(text);
    mem_free(&path);
    json_decref(line);
    return rc;
}

/* A path of the config as an absolute one, so that it means the same from another folder. */
static char *absolute(const char *path) { return *path ? realpath(path, NULL) : NULL; }

/* The same for the corpus, which may be a pattern: no file has its name. */
static char *absolute_corpus(const char *path)
{
    char *there = absolute(path), *here = NULL, *joined = NULL;
    if (there || !*path) return there;
    if (*path == '/') return strdup(path);
    here = realpath(".", NULL);
    if (here && asprintf(&joined, "%s/%s", here, path) < 0) joined = NULL;
    free(here);
    return joined;
}

int runs_log_start(const job *j)
{
    int rc = OK;
    char *dump = NULL, *path = absolute_corpus(j->corpus.path), *root = absolute(j->corpus.root);
    char *audio = absolute(j->audio.encoder.path), *image = absolute(j->image.encoder.path);
    const char *slurm = getenv("SLURM_JOB_ID");
    TRY(config_dump(j->config, &dump));
    TRY(append(j,
               json_pack("{s:s, s:I, s:I, s:s, s:s, s:s?, s:i, s:i, s:s?, s:s?, s:s?, s:s?, s:s}", "event", "start",
                         "time", (json_int_t)time(NULL), "life", (json_int_t)j->attempt, "verb", j->verb, "version",
                         TESSERA_VERSION, "slurm_job", slurm, "ranks", j->p.size, "nodes", j->p.n_nodes, "corpus_path",
                         path, "corpus_root", root, "audio_encoder", audio, "image_encoder", image, "config", dump)));
done:
    free(path);
    free(root);
    free(audio);
    free(image);
    mem_free(&dump);
    return rc;
}

void runs_log_end(const job *j, int status)
{
    int rc = append(j, json_pack("{s:s, s:I, s:I, s:s, s:s, s:i}", "event", "end", "time", (json_int_t)time(NULL),
                                 "life", (json_int_t)j->attempt, "status", status_name(status), "message",
                                 status == OK ? "" : status_message(), "exit_code", job_exit_code(status)));
    if (rc != OK) LOG_RANK(LOG_WARN, "%s", status_message());
}

/* The latest line with this event, or NULL. */
static json_t *latest(const char *dataset, const char *event)
{
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    json_t *found = NULL;
    if (file_join(&path, dataset, "logs/runs.jsonl") == OK && file_read(path, LOG_LIMIT, &bytes, &n) == OK) {
        for (char *p = (char *)bytes, *end; *p; p = end + 1) {
            end = strchr(p, '\n');
            if (!end) break;
            json_t *line = json_loadb(p, (size_t)(end - p), 0, NULL);
            const char *name = json_string_value(json_object_get(line, "event"));
            if (name && !strcmp(name, event)) {
                json_decref(found);
                found = json_incref(line);
            }
            json_decref(line);
        }
    }
    mem_free(&bytes);
    mem_free(&path);
    return found;
}

int runs_log_text(const char *dataset, const char *key, char **out)
{
    json_t *line = latest(dataset, "start");
    const char *text = json_string_value(json_object_get(line, key));
    int rc = mem_string(out, text ? text : "");
    json_decref(line);
    return rc;
}

int runs_log_last(const char *dataset, char **text)
{
    int rc = OK;
    json_t *line = latest(dataset, "end");
    if (!line) {
        rc = mem_string(text, "no life has ended cleanly yet");
    } else {
        json_int_t life = json_integer_value(json_object_get(line, "life"));
        const char *name = json_string_value(json_object_get(line, "status")),
                   *message = json_string_value(json_object_get(line, "message"));
        time_t when = (time_t)json_integer_value(json_object_get(line, "time"));
        struct tm utc;
        char stamp[32];
        gmtime_r(&when, &utc);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
        rc = mem_format(text, "life %lld ended at %s: %s%s%s", (long long)life, stamp, name ? name : "?",
                        message && *message ? ": " : "", message ? message : "");
    }
    json_decref(line);
    return rc;
}
