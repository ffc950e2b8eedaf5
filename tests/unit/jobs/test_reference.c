/* configs/reference.yaml holds every key with its default and help. With --write it is written anew. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/job.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    static job j;
    char *text = NULL;
    uint8_t *bytes = NULL;
    size_t n = 0;
    if (argc < 2 || job_make_config(&j) != OK || config_reference(j.config, &text) != OK) {
        fprintf(stderr, "%s\n", status_message());
        return 1;
    }
    if (argc > 2 && !strcmp(argv[2], "--write")) return file_commit(argv[1], text, strlen(text), "reference") != OK;
    int same = file_read(argv[1], 1 << 20, &bytes, &n) == OK && n == strlen(text) && !memcmp(bytes, text, n);
    if (!same)
        fprintf(stderr, "%s is not what the tables say; write it anew: test_reference %s --write\n", argv[1], argv[1]);
    mem_free(&text);
    mem_free(&bytes);
    config_free(&j.config);
    return !same;
}
