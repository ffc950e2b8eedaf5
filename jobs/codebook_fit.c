#include "jobs/codebook_fit.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/note.h"
#include "work/stop.h"

#include <stdio.h>
#include <string.h>

enum { NOTE_SIZE = 80 };

int fit_stop_flag(void *user)
{
    (void)user;
    return stop_asked();
}

typedef struct reporting {
    const char *name;
    int64_t most; /* iterations */
} reporting;

static void report(void *user, int64_t iteration, double inertia, double changed)
{
    const reporting *r = user;
    LOG_JOB(LOG_INFO, "train %s %.1f%% iteration %lld of at most %lld, inertia %.6g, changed %.4f %%", r->name,
            r->most > 0 ? 100 * (double)iteration / (double)r->most : 100.0, (long long)iteration, (long long)r->most,
            inertia, 100 * changed);
}

static const char *note_name(const char *name, char note[NOTE_SIZE])
{
    snprintf(note, NOTE_SIZE, "state/train/%.60s.hash", name);
    return note;
}

static int is_finished(const job *j, const char *name, uint64_t hash)
{
    char note[NOTE_SIZE];
    return note_is(j, note_name(name, note), hash);
}

int fit_is_current(const job *j, const char *name, const char *result, uint64_t hash)
{
    char *path = NULL;
    int there = is_finished(j, name, hash) && job_path(j, &path, "%s", result) == OK && file_exists(path);
    mem_free(&path);
    return there;
}

int fit_note(const job *j, const char *name, uint64_t hash, int unread)
{
    char note[NOTE_SIZE];
    return note_hash(j, note_name(name, note), hash, unread ? "unread" : "", "trained");
}

int fit_forget(const job *j, const char *name)
{
    int rc = OK;
    char *path = NULL, note[NOTE_SIZE];
    TRY(job_path(j, &path, "%s", note_name(name, note)));
    TRY(file_remove(path));
done:
    mem_free(&path);
    return rc;
}

int fit_unread(const job *j, const char *name)
{
    char *path = NULL, note[NOTE_SIZE];
    uint8_t *bytes = NULL;
    size_t n;
    int unread = job_path(j, &path, "%s", note_name(name, note)) == OK && file_read(path, 64, &bytes, &n) == OK &&
                 strstr((char *)bytes, "unread");
    mem_free(&path);
    mem_free(&bytes);
    return unread;
}

/* The folder of checkpoints, emptied when it belongs to other settings. Rank 0. */
static int prepare_checkpoints(const job *j, const char *name, uint64_t hash, char **folder)
{
    int rc = OK;
    char started[NOTE_SIZE];
    TRY(job_path(j, folder, "state/train/%s", name));
    if (j->p.rank != 0) goto done;
    snprintf(started, sizeof started, "%s-started", name);
    if (!is_finished(j, started, hash)) {
        TRY(file_remove_tree(*folder));
        TRY(file_make_folder(*folder));
        TRY(fit_note(j, started, hash, 0));
    }
done:
    return rc;
}

int fit_say_why_stopped(par *p, int status)
{
    if (status != ERR_STOPPED) return status;
    int rc = par_agree(p, stop_asked() ? status_set(ERR_STOPPED, __FILE__, __LINE__, "%s", stop_reason()) : OK);
    return rc == OK ? status : rc;
}

kmeans_options fit_options(const job *j, int64_t size, int64_t seed)
{
    const train_options *t = &j->train;
    return (kmeans_options){.size = size,
                            .seed = seed,
                            .max_iterations = t->iterations,
                            .tolerance = t->tolerance,
                            .seed_vectors = t->seed_vectors,
                            .seedings = t->seedings,
                            .memory = t->memory,
                            .held_out = t->held_out};
}

int fit_run(job *j, const char *name, uint64_t hash, const kmeans_data *data, const kmeans_options *o, codebook *out)
{
    int rc = OK;
    char *folder = NULL;
    reporting shown = {name, o->max_iterations};
    TRY(par_agree(&j->p, prepare_checkpoints(j, name, hash, &folder)));
    LOG_JOB(LOG_INFO, "train %s: %lld vectors of %lld values, %lld codes", name, (long long)data->n_global,
            (long long)data->d, (long long)o->size);
    TRY(fit_say_why_stopped(&j->p, kmeans_fit(&j->p, data, o, folder, fit_stop_flag, report, &shown, out)));
done:
    mem_free(&folder);
    return rc;
}

int fit_commit(const job *j, uint64_t hash, int unread, const codebook *book)
{
    int rc = OK;
    char *books = NULL;
    TRY(fit_forget(j, book->name));
    TRY(job_path(j, &books, "codebooks"));
    TRY(file_make_folder(books));
    TRY(codebook_save(book, books));
    TRY(fit_note(j, book->name, hash, unread));
done:
    mem_free(&books);
    return rc;
}

int fit_report(par *p, const codebook *book)
{
    int rc = OK;
    const codebook_quality *q = &book->quality;
    codebook_spread s;
    char held_out[48] = "", explained[48] = "";
    TRY(par_agree(p, codebook_spread_of(book, &s)));
    if (q->n_held_out)
        snprintf(held_out, sizeof held_out, " (held out %.6g)", q->inertia_held_out / (double)q->n_held_out);
    if (q->variance > 0)
        snprintf(explained, sizeof explained, ", %.2f %% of the variance", 100 * (1 - q->inertia / q->variance));
    LOG_JOB(LOG_INFO,
            "train %s: %s after %lld iterations, %lld of %lld codes used, perplexity %.1f, imbalance %.3g, inertia per "
            "vector %.6g%s%s",
            book->name, q->stop, (long long)q->iterations, (long long)q->codes_used, (long long)book->k, q->perplexity,
            s.imbalance, q->n_train ? q->inertia / (double)q->n_train : 0.0, held_out, explained);
done:
    return rc;
}
