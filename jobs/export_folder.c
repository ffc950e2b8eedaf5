#include "jobs/export_folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/given.h"

#include <stdlib.h>
#include <string.h>

static const char note[] = "export.json", format_name[] = "tessera-export";
enum { FORMAT_VERSION = 1, NOTE_LIMIT = 1 << 24 };

static int write_note(const char *folder, const json_t *d)
{
    int rc = OK;
    char *path = NULL, *line = NULL, *text = d ? json_dumps(d, JSON_INDENT(2)) : NULL;
    if (!text) FAIL(ERR_MEMORY, "no memory for %s", note);
    TRY(file_join(&path, folder, note));
    TRY(mem_format(&line, "%s\n", text));
    TRY(file_commit(path, line, strlen(line), "export"));
done:
    free(text);
    mem_free(&path);
    mem_free(&line);
    return rc;
}

/* Whether export.json is there, and says that the export is complete. */
static int read_note(const char *folder, int *there, int *complete)
{
    int rc = OK;
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    json_t *d = NULL;
    *there = *complete = 0;
    TRY(file_join(&path, folder, note));
    if (!file_exists(path)) goto done;
    TRY(file_read(path, NOTE_LIMIT, &bytes, &n));
    d = json_loadb((char *)bytes, n, 0, NULL);
    const char *format = json_string_value(json_object_get(d, "format"));
    if (!format || strcmp(format, format_name)) FAIL(ERR_CONFIG, "%s is not of an export", path);
    *there = 1;
    *complete = json_is_true(json_object_get(d, "complete"));
done:
    json_decref(d);
    mem_free(&path);
    mem_free(&bytes);
    return rc;
}

static int is_ours(const char *name)
{
    static const char *const endings[] = {".bin", ".idx", ".tar", ".jsonl", ".npy"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (given_ends_with(name, endings[i])) return 1;
    return !strcmp(name, note);
}

static int remove_file(const char *folder, const char *name)
{
    int rc = OK;
    char *path = NULL;
    TRY(file_join(&path, folder, name));
    TRY(file_remove(path));
done:
    mem_free(&path);
    return rc;
}

/* The note goes last, so that what is left after a kill is still known as ours. */
static int empty_folder(const char *folder, const file_list *names)
{
    int rc = OK;
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->names[i], note)) TRY(remove_file(folder, names->names[i]));
    TRY(remove_file(folder, note));
done:
    return rc;
}

int export_folder_begin(const char *path, int overwrite)
{
    int rc = OK, there = 0, complete = 0;
    file_list names = {0};
    json_t *begun =
        json_pack("{s:s, s:i, s:b}", "format", format_name, "format_version", FORMAT_VERSION, "complete", 0);
    rc = file_make_folder(path);
    if (rc == OK) rc = file_list_folder(path, &names);
    if (rc == ERR_IO || rc == ERR_MISSING) FAIL(ERR_CONFIG, "--to %s cannot be used: %s", path, status_message());
    TRY(rc);
    TRY(read_note(path, &there, &complete));
    for (size_t i = 0; i < names.n; i++)
        if (!file_is_temporary(names.names[i]) && (!there || !is_ours(names.names[i])))
            FAIL(ERR_CONFIG, "--to %s holds other files (%s); name a new or empty folder", path, names.names[i]);
    if (complete && !overwrite) FAIL(ERR_CONFIG, "--to %s holds an export already; --overwrite replaces it", path);
    TRY(empty_folder(path, &names));
    TRY(write_note(path, begun));
done:
    json_decref(begun);
    file_list_free(&names);
    return rc;
}

/* [{"file", "bytes"}] of all but the note. */
static int list_files(const char *folder, json_t *out)
{
    int rc = OK;
    file_list names = {0};
    char *path = NULL;
    int64_t bytes;
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++) {
        if (!strcmp(names.names[i], note)) continue;
        mem_free(&path);
        TRY(file_join(&path, folder, names.names[i]));
        TRY(file_stat(path, &bytes, NULL));
        json_t *one = json_pack("{s:s, s:I}", "file", names.names[i], "bytes", (json_int_t)bytes);
        if (json_array_append_new(out, one) != 0) FAIL(ERR_MEMORY, "no memory for %s", note);
    }
done:
    file_list_free(&names);
    mem_free(&path);
    return rc;
}

int export_folder_end(const char *path, json_t *facts)
{
    int rc = OK;
    json_t *files = json_array(), *d = NULL;
    TRY(list_files(path, files));
    d = json_pack("{s:s, s:i, s:b, s:s}", "format", format_name, "format_version", FORMAT_VERSION, "complete", 1,
                  "created_by", "tessera " TESSERA_VERSION);
    if (!d || json_object_update(d, facts) != 0 || json_object_set(d, "files", files) != 0)
        FAIL(ERR_MEMORY, "no memory for %s", note);
    TRY(write_note(path, d));
done:
    json_decref(files);
    json_decref(d);
    return rc;
}
