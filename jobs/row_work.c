#include "jobs/row_work.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/shard_work.h"
#include "jobs/suspects.h"
#include "work/stop.h"

#include <string.h>

int row_work_open(row_work *w, stages *s)
{
    int rc = OK;
    job *j = s->j;
    char *dump = NULL;
    *w = (row_work){.s = s};
    rc = prefetch_create(&w->prefetch, s->index, corpus_index_root(s->index), j->run.prefetch, j->run.prefetch_bytes);
    if (rc == OK) rc = job_path(j, &w->config_path, "state/child.yaml");
    if (rc == OK && j->p.rank == 0) {
        rc = config_dump(j->config, &dump);
        if (rc == OK) rc = file_commit(w->config_path, dump, strlen(dump), "child");
    }
    TRY(par_agree(&j->p, rc));
done:
    mem_free(&dump);
    return rc;
}

void row_work_close(row_work *w)
{
    prefetch_free(&w->prefetch);
    mem_free(&w->config_path);
}

void row_work_announce(row_work *w, int64_t number)
{
    const unit *u = unit_table_unit(w->s->units, number);
    row_filter filter = job_filter(w->s->j);
    filter_hit hit;
    corpus_row row;
    if (!row_filter_lists(&filter)) {
        prefetch_announce(w->prefetch, u->first, u->count);
        return;
    }
    for (int64_t i = u->first; i < u->first + u->count && corpus_index_row(w->s->index, i, &row) == OK; i++)
        if (!row_filter_listed(&filter, &row, &hit)) prefetch_announce(w->prefetch, i, 1);
}

void row_work_forget(row_work *w)
{
    prefetch_clear(w->prefetch);
    inhand_note(w->s->j->inhand, -1);
}

int row_work_tick(void *user)
{
    const row_work *w = user;
    if (w->schedule) return schedule_tick(w->schedule);
    return stop_asked() ? status_set(ERR_STOPPED, __FILE__, __LINE__, "%s", stop_reason()) : OK;
}

static int starts_group_at(const stages *s, int64_t position, const corpus_row *row, int *starts)
{
    int rc = OK;
    corpus_row before;
    *starts = 1;
    if (position == 0) goto done;
    TRY(corpus_index_row(s->index, position - 1, &before));
    text_view a = before.field[FIELD_GROUP], b = row->field[FIELD_GROUP];
    *starts = before.split != row->split || a.n != b.n || memcmp(a.bytes, b.bytes, a.n) != 0;
done:
    return rc;
}

int row_work_begin(row_work *w, int64_t position, corpus_row *row, media m[N_MEDIA], int *starts_group)
{
    int rc = OK;
    job *j = w->s->j;
    row_filter filter = job_filter(j);
    filter_hit hit;
    char number[32], id[96], *arguments[] = {(char *)"_row", w->config_path, number, NULL};
    memset(m, 0, N_MEDIA * sizeof *m);
    TRY(row_work_tick(w));
    TRY(corpus_index_row(w->s->index, position, row));
    TRY(starts_group_at(w->s, position, row, starts_group));
    if (row_filter_listed(&filter, row, &hit)) goto done; /* its media are not looked at */
    TRY(prefetch_take(w->prefetch, position, m));
    snprintf(number, sizeof number, "%lld", (long long)position);
    TRY(suspects_check(j, row->row, arguments, row_work_tick, w));
    inhand_note(j->inhand, row->row);
    snprintf(id, sizeof id, "%.*s", (int)(row->field[FIELD_ID].n < 80 ? row->field[FIELD_ID].n : 80),
             row->field[FIELD_ID].bytes);
    fault_point_at("decode.row", id);
done:
    if (rc != OK)
        for (int k = 0; k < N_MEDIA; k++) media_close(&m[k]);
    return rc;
}

void row_work_end(row_work *w, media m[N_MEDIA])
{
    for (int k = 0; k < N_MEDIA; k++) media_close(&m[k]);
    inhand_note(w->s->j->inhand, -1);
}
