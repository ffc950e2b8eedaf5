/* The runs of all segments become the index. */
#include "corpus/index.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/index_writer.h"

#include <stdio.h>
#include <string.h>

/* Remove the files of this and of other builds, but not those of the index. */
static int clean(const char *folder, const char *build)
{
    static const char *const ours[] = {"segment-", "rows-", "ids-", "table-", "index-"};
    int rc = OK;
    file_list list = {0};
    char *path = NULL, keep[64];
    snprintf(keep, sizeof keep, "index-%s-", build);
    TRY(file_list_folder(folder, &list));
    for (size_t i = 0; i < list.n; i++) {
        const char *file = list.names[i];
        int mine = 0;
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++) mine |= !strncmp(file, ours[k], strlen(ours[k]));
        if (!mine || (!strncmp(file, keep, strlen(keep)) && !file_is_temporary(file))) continue;
        mem_free(&path);
        TRY(file_join(&path, folder, file));
        TRY(file_remove_tree(path));
    }
done:
    mem_free(&path);
    file_list_free(&list);
    return rc;
}

static int merge(const corpus_options *o, const char *folder, const scan_info *info, int (*tick)(void *user),
                 void *user, index_header *header)
{
    int rc = OK;
    char rows[STEM_SIZE], ids[STEM_SIZE];
    duplicate_rows duplicates = {.fd = -1};
    index_writer w = {0};
    scan_info_stem(info, "rows", rows);
    scan_info_stem(info, "ids", ids);
    run_merge_job job = {.folder = folder,
                         .stem = ids,
                         .kind = RUN_IDS,
                         .n_runs = info->n_segments,
                         .width = o->merge_width,
                         .tick = tick,
                         .tick_user = user};
    TRY(duplicate_rows_find(&duplicates, &job, info->n_rows));
    TRY(index_writer_start(&w, folder, info, &duplicates, header));
    job.stem = rows;
    job.kind = RUN_ROWS;
    job.sink = index_writer_add;
    job.sink_user = &w;
    TRY(run_merge(&job));
    TRY(index_writer_finish(&w, o, tick, user));
    if (header->totals.rows != info->n_rows)
        FAIL(ERR_CORRUPT, "the runs have %lld rows, the scan found %lld", (long long)header->totals.rows,
             (long long)info->n_rows);
done:
    index_writer_abandon(&w);
    duplicate_rows_close(&duplicates);
    return rc;
}

int corpus_index_merge(const corpus_options *o, const char *folder, int (*tick)(void *user), void *user)
{
    int rc = OK;
    scan_info info;
    index_header header = {0};
    TRY(scan_info_read(folder, &info));
    if (index_is_committed(folder, info.build)) {
        TRY(clean(folder, info.build));
        goto done;
    }
    if (!info.n_rows) FAIL(ERR_CONFIG, "the corpus %s has no rows", o->path);
    TRY(index_header_make(o, &header));
    memcpy(header.build, info.build, sizeof header.build);
    memcpy(header.manifest, info.manifest, sizeof header.manifest);
    TRY(merge(o, folder, &info, tick, user, &header));
    TRY(index_header_write(folder, &header));
    TRY(clean(folder, info.build));
done:
    index_header_free(&header);
    return rc;
}
