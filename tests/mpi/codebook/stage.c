#include "stage.h"

#include "base/memory.h"
#include "base/status.h"

void stage_open(stage *s, par *p, const training_set *set, const kmeans_options *o)
{
    *s = (stage){.data = training_share(set, p), .job = {.p = p, .o = o}};
    kmeans_job *j = &s->job;
    j->data = &s->data;
    CHECK(p, par_node_create(&j->node, p) == OK);
    CHECK(p, kmeans_rows_create(&j->rows, &s->data, (uint64_t)o->seed, o->held_out, o->metric) == OK);
    CHECK(p, MEM_ALLOC(j->mean, (size_t)set->d) == OK);
    CHECK(p, kmeans_survey(j) == OK);
    CHECK(p, kmeans_subsample_create(&s->part, j) == OK);
}

void stage_close(stage *s)
{
    kmeans_subsample_free(&s->part);
    kmeans_rows_free(&s->job.rows);
    kmeans_vectors_free(&s->job.vectors);
    mem_free(&s->job.mean);
    par_node_free(&s->job.node);
}
