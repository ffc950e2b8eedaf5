#include "corpus/tar_ahead.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/tar_sample.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

/* They wait for reads, not for the processor. */
enum { THREADS = 16, MOST_AHEAD = 2 * THREADS };

struct tar_ahead {
    const tar_list *tars;
    pthread_t threads[THREADS];
    size_t n_threads;
    size_t next, reached; /* under the lock */
    atomic_int ending;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

/* Errors are left to the scan, which meets them again. */
static void read_tar(tar_ahead *a, const char *path)
{
    struct stat st;
    tar_reader *reader = NULL;
    tar_sample sample = {0};
    tar_counts counts = {0};
    int got = 1, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    byte_source source = source_of_file(fd, 0, fstat(fd, &st) == 0 ? st.st_size : 0);
    if (tar_reader_open(&reader, &source) == OK)
        while (got && !atomic_load(&a->ending))
            if (tar_sample_next(reader, &sample, &counts, &got) != OK) break;
    tar_sample_free(&sample);
    tar_reader_close(&reader);
    close(fd);
}

static void *run(void *user)
{
    tar_ahead *a = user;
    pthread_mutex_lock(&a->lock);
    while (!atomic_load(&a->ending)) {
        if (a->next <= a->reached) a->next = a->reached + 1; /* the scan reads this one itself */
        if (a->next >= a->tars->n) break;
        if (a->next > a->reached + MOST_AHEAD) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        const char *path = a->tars->paths[a->next++];
        pthread_mutex_unlock(&a->lock);
        read_tar(a, path);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

int tar_ahead_start(tar_ahead **out, const tar_list *tars)
{
    int rc = OK;
    tar_ahead *a = NULL;
    *out = NULL;
    if (tars->n < 2) return OK;
    TRY(MEM_ALLOC(a, 1));
    a->tars = tars;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    while (a->n_threads < THREADS && a->n_threads + 1 < tars->n) {
        if (pthread_create(&a->threads[a->n_threads], NULL, run, a) != 0) break; /* it is slower without */
        a->n_threads++;
    }
    *out = a;
done:
    return rc;
}

void tar_ahead_reach(tar_ahead *a, size_t number)
{
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->reached = number;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

void tar_ahead_stop(tar_ahead **pa)
{
    tar_ahead *a = *pa;
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    atomic_store(&a->ending, 1);
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    for (size_t i = 0; i < a->n_threads; i++) pthread_join(a->threads[i], NULL);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    mem_free(pa);
}
