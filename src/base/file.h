/* Files: read, map, list, and the one way in which tessera commits a file: temporary name, flush, fsync, rename, fsync
 * of the folder.
 *
 * Temporary names end in ".tmp-TAG-N"; the tag (host, pid, attempt) makes two lives of a job use different names. All
 * Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Set once at start; every temporary name of this process carries it. */
void file_set_tag(const char *tag);

/* Whether a name is one of our temporary names. */
int file_is_temporary(const char *name);

/* Whole file into new memory with a final zero byte, at most `limit` bytes. ERR_MISSING, ERR_LIMIT, ERR_IO. Caller:
 * mem_free. */
int file_read(const char *path, size_t limit, uint8_t **bytes, size_t *n);

/* Write n bytes and commit. `what` names the kind of file at fault points ("part"). ERR_SPACE, ERR_IO. */
int file_commit(const char *path, const void *bytes, size_t n, const char *what);

/* A file that is written in pieces and committed at the end. On success of open the caller owns *out until commit or
 * abandon, each of which frees it and sets it to NULL (commit also on error, with the temporary file removed).
 * ERR_SPACE, ERR_IO. */
typedef struct file_writer file_writer;
int file_writer_open(file_writer **out, const char *path, const char *what);
int file_writer_add(file_writer *w, const void *bytes, size_t n);
int64_t file_writer_position(const file_writer *w);
int file_writer_commit(file_writer **w);
void file_writer_abandon(file_writer **w);

/* A temporary name beside `path`, for libraries that open files themselves (HDF5); commit it with
 * file_commit_temporary, which fsyncs, renames and, on error, removes it. Caller frees the name. ERR_MEMORY, ERR_SPACE,
 * ERR_IO. */
int file_temporary(char **name, const char *path);
int file_commit_temporary(const char *temporary, const char *path, const char *what);

/* Map a file read-only. A zeroed struct is safe to unmap; an empty file gives bytes = NULL, n = 0. ERR_MISSING, ERR_IO.
 */
typedef struct file_mapping {
    const uint8_t *bytes;
    size_t n;
} file_mapping;
int file_map(const char *path, file_mapping *out);
void file_unmap(file_mapping *m);

/* The bytes from `start` to `end` are not needed soon: whole pages of them leave this process. Reading them again is
 * allowed. */
void file_map_release(const file_mapping *m, size_t start, size_t end);

/* Names in a folder without "." and "..", sorted by bytes. Caller: file_list_free. ERR_MISSING, ERR_IO. */
typedef struct file_list {
    char **names;
    size_t n;
} file_list;
int file_list_folder(const char *path, file_list *out);
void file_list_free(file_list *l);

/* Size (bytes) and modification time (ns) of a regular file or folder; ERR_MISSING, ERR_IO. Either output may be NULL.
 */
int file_stat(const char *path, int64_t *size, int64_t *mtime_ns);
int file_exists(const char *path);

/* mkdir -p; rm -f; rm -r (no error when missing). ERR_SPACE, ERR_IO. */
int file_make_folder(const char *path);
int file_remove(const char *path);
int file_remove_tree(const char *path);

/* Remove the temporary files below a folder: those of processes that died. ERR_MISSING, ERR_IO. */
int file_remove_temporaries(const char *folder);

/* "a/b" in new memory. ERR_MEMORY. */
int file_join(char **out, const char *folder, const char *name);

/* fsync a folder, so that renames in it last. ERR_IO. */
int file_sync_folder_of(const char *path);
