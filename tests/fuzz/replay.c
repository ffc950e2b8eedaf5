/* Runs a fuzz target (LLVMFuzzerTestOneInput) on saved inputs: each argument is a file, or a folder of files. A target
 * reports a fault by crashing, so this only fails itself when there was nothing to run. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MAX_INPUT = 64 << 20 };

static int replay_file(const char *path)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n = 0;
    TRY(file_read(path, MAX_INPUT, &bytes, &n));
    fprintf(stderr, "%s: %zu bytes\n", path, n);
    LLVMFuzzerTestOneInput(bytes, n);
done:
    mem_free(&bytes);
    return rc;
}

static int replay_folder(const char *folder, size_t *n_files)
{
    int rc = OK;
    char *path = NULL;
    file_list names = {0};
    TRY(file_list_folder(folder, &names));
    for (size_t i = 0; i < names.n; i++, ++*n_files) {
        mem_free(&path);
        TRY(file_join(&path, folder, names.names[i]));
        TRY(replay_file(path));
    }
done:
    mem_free(&path);
    file_list_free(&names);
    return rc;
}

int main(int argc, char **argv)
{
    int rc = OK;
    size_t n_files = 0;
    for (int i = 1; i < argc && rc == OK; i++) {
        if (replay_folder(argv[i], &n_files) == OK) continue;
        rc = replay_file(argv[i]);
        n_files++;
    }
    if (rc != OK) fprintf(stderr, "%s\n", status_message());
    if (n_files == 0) fprintf(stderr, "no inputs\n");
    return rc != OK || n_files == 0;
}
