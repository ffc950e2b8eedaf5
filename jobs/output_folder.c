#include "jobs/output_folder.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/note.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int output_has(const job *j, const char *name)
{
    char *path = NULL;
    int there = job_path(j, &path, "%s", name) == OK && file_exists(path);
    mem_free(&path);
    return there;
}

int output_remove(const job *j, const char *name)
{
    int rc = OK;
    char *path = NULL;
    TRY(job_path(j, &path, "%s", name));
    TRY(file_remove_tree(path));
done:
    mem_free(&path);
    return rc;
}

int output_check(const job *j)
{
    int rc = OK;
    file_list names = {0};
    if (!file_exists(j->out) || output_has(j, "state") || output_has(j, "dataset.json")) goto done;
    if (file_list_folder(j->out, &names) != OK)
        FAIL(ERR_CONFIG, "output.path %s cannot be used: %s", j->out, status_message());
    for (size_t i = 0; i < names.n; i++)
        if (strcmp(names.names[i], "logs"))
            FAIL(ERR_CONFIG, "output.path %s holds other files (%s); name a new or empty folder", j->out,
                 names.names[i]);
done:
    file_list_free(&names);
    return rc;
}

int output_take(job *j)
{
    int rc = OK;
    char *path = NULL;
    TRY(job_path(j, &path, "logs"));
    TRY(file_make_folder(path));
    mem_free(&path);
    TRY(job_path(j, &path, "state"));
    TRY(file_make_folder(path));
    mem_free(&path);
    TRY(job_path(j, &path, "state/owner"));
    TRY(owner_take(&j->owner, path, &j->attempt));
done:
    if (rc == ERR_IO)
        rc = status_set(ERR_CONFIG, __FILE__, __LINE__, "output.path %s cannot be used: %s", j->out, status_message());
    mem_free(&path);
    return rc;
}

int output_empty_state(const job *j, const char *keep)
{
    int rc = OK;
    file_list names = {0};
    char *folder = NULL, *path = NULL;
    TRY(job_path(j, &folder, "state"));
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++) {
        if (!strcmp(names.names[i], "owner") || !strcmp(names.names[i], keep)) continue;
        mem_free(&path);
        TRY(file_join(&path, folder, names.names[i]));
        TRY(file_remove_tree(path));
        fault_point("state.mid-removal");
    }
done:
    file_list_free(&names);
    mem_free(&folder);
    mem_free(&path);
    return rc;
}

/* The mark tells the next life that the removal did not come to its end. */
int output_wipe(const job *j)
{
    static const char *const names[] = {"dataset.json",    "README.md",     "croissant.json", "config.resolved.yaml",
                                        "vocabulary.json", "rejects.jsonl", "filtered.jsonl", "report.html",
                                        "codebooks",       "shards",        "sequences",      "tokenizer"};
    int rc = OK;
    TRY(note_text(j, "state/wipe", "begun\n", "settings"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) TRY(output_remove(j, names[i]));
    TRY(output_empty_state(j, "wipe"));
    TRY(output_remove(j, "state/wipe"));
done:
    return rc;
}

int output_start_log(const job *j)
{
    int rc = OK;
    char tag[96], *path = NULL;
    snprintf(tag, sizeof tag, "%.48s-%d-a%lld-r%d", j->p.host, (int)getpid(), (long long)j->attempt, j->p.rank);
    file_set_tag(tag);
    TRY(job_path(j, &path, "logs/rank-%04d.log", j->p.rank));
    TRY(log_open(path, LOG_DEBUG));
done:
    mem_free(&path);
    return rc;
}
