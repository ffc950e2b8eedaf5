#include "jobs/stages.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/dataset_file.h"
#include "jobs/note.h"
#include "jobs/output_folder.h"
#include "jobs/runs_log.h"
#include "jobs/stage_duplicates.h"
#include "jobs/suspects.h"

#include <errno.h>
#include <string.h>

enum { TEXT_LIMIT = 16 << 20 };

static int read_text(const job *j, const char *name, char **text)
{
    int rc = OK;
    char *path = NULL;
    size_t n;
    TRY(job_path(j, &path, "%s", name));
    TRY(file_read(path, TEXT_LIMIT, (uint8_t **)text, &n));
done:
    mem_free(&path);
    return rc;
}

/* Whether any token is committed: a part or a shard. */
static int has_tokens(const job *j) { return output_has(j, "state/parts") || output_has(j, "state/shards"); }

/* A stage and all that depend on it are done anew; tokens are never thrown away here. */
static int invalidate(const job *j, option_scope first)
{
    int rc = OK;
    if (first == SCOPE_INDEX) TRY(output_remove(j, "state/index"));
    if (first <= SCOPE_TOKENS) { /* codebooks carry the hash of what they depend on: what still fits is kept */
        TRY(output_remove(j, "state/units.bin"));
        TRY(output_remove(j, "state/canary"));
        TRY(stage_duplicates_forget(j));
        TRY(output_remove(j, "state/features")); /* their parts are numbered by units */
    }
    TRY(output_remove(j, "sequences"));
    TRY(output_remove(j, "state/sequences"));
done:
    return rc;
}

static const char *scope_stage(option_scope s)
{
    static const char *const names[] = {"the index", "the codebooks", "the tokens", "the sequences"};
    return names[s];
}

static int refuse(const job *j, const char *differences)
{
    char list[768];
    snprintf(list, sizeof list, "%s", differences);
    for (char *p = list; *p; p++)
        if (*p == '\n') *p = p[1] ? ';' : 0;
    return status_set(ERR_MISMATCH, __FILE__, __LINE__,
                      "%s holds tokens made with other settings: %s. Restore these, choose another output.path, or "
                      "give --overwrite to throw the tokens away",
                      j->out, list);
}

static void announce(option_scope first, const char *differences)
{
    LOG_JOB(LOG_INFO, "settings changed, %s will be made anew:", scope_stage(first));
    for (const char *line = differences; *line;) {
        size_t n = strcspn(line, "\n");
        LOG_JOB(LOG_INFO, "  %.*s", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

/* A repack moves dataset.json into the state: until it is back the dataset is not complete. */
static int withdraw(const job *j)
{
    int rc = OK;
    char *from = NULL, *to = NULL;
    TRY(job_path(j, &from, "dataset.json"));
    TRY(job_path(j, &to, "state/dataset.json"));
    TRY(file_commit_temporary(from, to, "withdrawal"));
done:
    mem_free(&from);
    mem_free(&to);
    return rc;
}

/* Whether a finished dataset has this very set of sequences, beside the one that was made last. */
static int has_set(const stages *s)
{
    char *text = NULL, *name = NULL;
    int same = mem_format(&name, "sequences/%s/config.resolved.yaml", s->j->sequence.name) == OK &&
               read_text(s->j, name, &text) == OK && !strcmp(text, s->settings.resolved);
    mem_free(&text);
    mem_free(&name);
    return same;
}

/* Compare with what is there, and decide; with `act` also do what follows. Rank 0. */
static int settle(stages *s, int act)
{
    int rc = OK, complete = output_has(s->j, "dataset.json");
    int begun = !complete && output_has(s->j, "state/dataset.json"); /* a repack that did not come to its end */
    int finished = complete || begun;
    char *resolved = NULL, *facts = NULL, *differences = NULL;
    option_scope first = SCOPE_RUN;
    if (!finished && !output_has(s->j, "state/facts")) goto fresh;
    TRY(read_text(s->j, finished ? "config.resolved.yaml" : "state/config.resolved.yaml", &resolved));
    TRY(finished ? dataset_facts(s->j->out, complete ? "dataset.json" : "state/dataset.json", &facts)
                 : read_text(s->j, "state/facts", &facts));
    TRY(settings_compare(s->j, &s->settings, resolved, facts, &first, &differences));
    if (first < SCOPE_SEQUENCES && (finished || has_tokens(s->j))) {
        rc = refuse(s->j, differences);
        goto done;
    }
    if (complete && first == SCOPE_SEQUENCES && has_set(s)) first = SCOPE_RUN;
    int retry = complete && first == SCOPE_RUN && s->j->retry_environment && output_has(s->j, "state/index");
    s->complete = complete && first == SCOPE_RUN && !retry;
    s->repack = begun || (complete && first == SCOPE_SEQUENCES);
    if (!act || s->complete) goto done;
    if (first != SCOPE_RUN) announce(first, differences);
    if (retry) TRY(output_remove(s->j, "dataset.json")); /* the stages find what is to be done again */
    if (s->repack && complete) TRY(withdraw(s->j));
    if (s->repack || retry) goto done;
    if (first != SCOPE_RUN) TRY(invalidate(s->j, first));
fresh:
    if (!act) goto done;
    TRY(note_text(s->j, "state/config.resolved.yaml", s->settings.resolved, "settings"));
    TRY(note_text(s->j, "state/facts", s->settings.facts, "settings"));
done:
    mem_free(&resolved);
    mem_free(&facts);
    mem_free(&differences);
    return rc;
}

static int begin_root(stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *path = NULL;
    TRY(settings_make(j, &s->settings));
    TRY(output_check(j));
    /* a finished dataset is looked at before anything is written */
    if (output_has(j, "dataset.json") && !j->overwrite && !output_has(j, "state")) {
        TRY(settle(s, 0));
        if (s->complete) goto done;
    }
    TRY(output_take(j));
    TRY(file_remove_temporaries(j->out)); /* no other life is left */
    if (j->overwrite || output_has(j, "state/wipe")) TRY(output_wipe(j));
    TRY(settle(s, 1));
    TRY(job_path(j, &path, "logs/metrics.jsonl"));
    j->metrics = fopen(path, "ae");
    if (!j->metrics) FAIL(status_from_errno(errno), "%s: %s", path, strerror(errno));
    TRY(runs_log_start(j));
    TRY(suspects_collect(j));
    if (s->complete) TRY(stage_clear(s)); /* a life that died while it cleared up */
done:
    mem_free(&path);
    return rc;
}

int stages_begin(stages *s, job *j)
{
    int rc = OK;
    char *path = NULL;
    *s = (stages){.j = j};
    if (j->p.rank == 0) rc = begin_root(s);
    TRY(par_agree(&j->p, rc));
    int64_t shared[3] = {s->complete, s->repack, j->attempt};
    par_broadcast(&j->p, shared, sizeof shared);
    s->complete = (int)shared[0];
    s->repack = (int)shared[1];
    j->attempt = shared[2];
    if (s->complete) goto done;
    TRY(suspects_share(j));
    rc = output_start_log(j);
    if (rc == OK) rc = job_path(j, &path, "state/inhand");
    if (rc == OK) rc = inhand_open(&j->inhand, path, j->attempt, j->p.rank);
    TRY(par_agree(&j->p, rc));
done:
    mem_free(&path);
    return rc;
}

void stages_end(stages *s, int status)
{
    job *j = s->j;
    if (!j) return;
    core_free(&s->core);
    projection_free(&s->image_map);
    for (int k = 0; k < N_MEDIA; k++) codebook_free(&s->book[k]);
    mem_free(&s->moments);
    unit_table_close(&s->units);
    corpus_index_close(&s->index);
    suspects_free(j);
    inhand_close(&j->inhand);
    if (j->owner) runs_log_end(j, status);
    if (j->metrics) fclose(j->metrics);
    j->metrics = NULL;
    settings_free(&s->settings);
    par_barrier(&j->p); /* nobody holds a file of the state any more */
    if (s->finished && status == OK)
        owner_finish(&j->owner);
    else
        owner_release(&j->owner);
}

int stages_run(job *j, const char *last)
{
    static const struct {
        const char *name;
        int (*run)(stages *s);
    } order[] = {{"index", stage_index},       {"units", stage_units}, {"train", stage_codebooks},
                 {"tokenize", stage_tokenize}, {"pack", stage_pack},   {"finish", stage_finish}};
    stages s;
    int rc = stages_begin(&s, j);
    if (rc == OK && s.complete) {
        if (j->materialise)
            rc = stage_pack(&s);
        else
            LOG_JOB(LOG_INFO, "%s is complete and current: nothing to do", j->out);
        goto done;
    }
    for (size_t i = 0; rc == OK && i < sizeof order / sizeof *order; i++) {
        rc = order[i].run(&s);
        if (!strcmp(order[i].name, last)) break;
    }
done:
    stages_end(&s, rc);
    return rc;
}
