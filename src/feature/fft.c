#include "feature/fft.h"

#include "base/memory.h"
#include "base/status.h"

#include <fftw3.h>
#include <pthread.h>

/* In FFTW's API header, but not in its manual. */
#ifndef FFTW_NO_SIMD
#define FFTW_NO_SIMD (1U << 17)
#endif

struct fft {
    double *in, *out;
    fftw_plan plan;
};

/* FFTW makes and frees plans with shared tables, by one thread at a time. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

int fft_create(fft **out, size_t n)
{
    int rc = OK;
    fft *f = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(f, 1));
    TRY(MEM_ALLOC(f->in, n));
    TRY(MEM_ALLOC(f->out, n + 2));
    pthread_mutex_lock(&planner);
    f->plan = fftw_plan_dft_r2c_1d((int)n, f->in, (fftw_complex *)f->out, FFTW_ESTIMATE | FFTW_NO_SIMD);
    pthread_mutex_unlock(&planner);
    if (!f->plan) FAIL(ERR_INTERNAL, "no plan for a transform of %zu numbers", n);
    *out = f;
    f = NULL;
done:
    fft_free(&f);
    return rc;
}

void fft_free(fft **f)
{
    if (!*f) return;
    if ((*f)->plan) {
        pthread_mutex_lock(&planner);
        fftw_destroy_plan((*f)->plan);
        pthread_mutex_unlock(&planner);
    }
    mem_free(&(*f)->in);
    mem_free(&(*f)->out);
    mem_free(f);
}

double *fft_input(fft *f) { return f->in; }

const double *fft_run(fft *f)
{
    fftw_execute(f->plan);
    return f->out;
}

const char *fft_version(void) { return fftw_version; }
