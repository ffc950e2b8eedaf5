/* How fast parts of the program are on this machine. */
#include "jobs/bench.h"

#include "base/status.h"
#include "jobs/verbs.h"
#include "tensor/fma_peak.h"

#include <string.h>
#include <time.h>

static const benchmark benchmarks[] = {
    {"kernel", "matrix products at the shapes of the encoders and of k-means", bench_kernel},
    {"kmeans", "iterations of k-means (--data X --start CENTROIDS --iters N, or synthetic sets)", bench_kmeans},
    {"encoder", "an encoder over synthetic clips or pictures (--data FOLDER of a model)", bench_encoder},
    {"audio", "resampling and features; with --data FILES... or folders decoding by format and the whole path",
     bench_audio},
    {"image", "the picture job stage by stage (--data FOLDER)", bench_image},
};
enum { N_BENCHMARKS = sizeof benchmarks / sizeof *benchmarks };

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double bench_peak(void)
{
    double begun = bench_now(), done = 0;
    while (bench_now() - begun < 0.1) done += fma_peak_run(100000);
    return 1e-9 * done / (bench_now() - begun);
}

int verb_bench(job *j)
{
    int rc = OK;
    char names[512] = "";
    if (j->n_args && (!j->data || strcmp(j->target, "audio"))) FAIL(ERR_USAGE, "tessera bench takes one name");
    for (int i = 0; i < N_BENCHMARKS; i++) {
        if (!strcmp(benchmarks[i].name, j->target)) return benchmarks[i].run(j);
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s (%s)", i ? ", " : "", benchmarks[i].name,
                 benchmarks[i].help);
    }
    FAIL(ERR_USAGE, "no benchmark \"%s\"; there are: %s", j->target, names);
done:
    return rc;
}
