#include "par/progress.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WINDOW = 32 };

struct progress {
    char phase[32];
    progress_counts total, now;
    FILE *metrics;
    int terminal, width, any;
    double start, shown, interval;
    int slowest;
    double slowest_s;
    struct {
        double time;
        progress_counts counts;
    } window[WINDOW];
    int64_t n_window;
};

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int progress_create(progress **out, const char *phase, const progress_counts *total, FILE *metrics)
{
    int rc = OK;
    TRY(mem_alloc((void **)out, 1, sizeof **out));
    progress *g = *out;
    snprintf(g->phase, sizeof g->phase, "%s", phase);
    g->total = *total;
    g->metrics = metrics;
    g->terminal = isatty(STDERR_FILENO);
    g->interval = g->terminal ? 0.5 : 30;
    g->start = g->shown = seconds_now();
    g->slowest = -1;
done:
    return rc;
}

static void clock_text(char *out, size_t size, double s)
{
    if (s < 0 || s > 3.6e6)
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60) % 60, (int)s % 60);
}

static void show(progress *g, double t)
{
    const progress_counts *n = &g->now;
    int64_t back = g->n_window < WINDOW ? 0 : g->n_window - WINDOW;
    double since = g->n_window ? t - g->window[back % WINDOW].time : 0;
    progress_counts then = g->n_window ? g->window[back % WINDOW].counts : *n;
    double rate = since > 0 ? (n->work - then.work) / since : 0;
    double hours = since > 0 ? (n->hours - then.hours) / since : 0,
           images = since > 0 ? (double)(n->images - then.images) / since : 0;
    double share = g->total.work > 0 ? n->work / g->total.work : 1;
    double left = rate > 0 ? (g->total.work - n->work) / rate : -1;
    char eta[32], text[320], slow[48] = "";
    clock_text(eta, sizeof eta, share >= 1 ? 0 : left);
    if (g->slowest >= 0 && g->slowest_s > 60)
        snprintf(slow, sizeof slow, " slowest rank %d (%.0f s)", g->slowest, g->slowest_s);
    snprintf(text, sizeof text,
             "%s %.1f%% units %lld/%lld audio %.2fh %.3fh/s images %lld %.1f/s rejects %lld eta %s%s", g->phase,
             100 * share, (long long)n->units, (long long)g->total.units, n->hours, hours, (long long)n->images, images,
             (long long)n->rejects, eta, slow);
    if (g->terminal) {
        int width = fprintf(stderr, "\r%s", text) - 1;
        if (width < g->width) fprintf(stderr, "%*s", g->width - width, "");
        g->width = width;
        log_progress_width(width);
    } else {
        LOG_JOB(LOG_INFO, "%s", text);
    }
    if (g->metrics) {
        fprintf(g->metrics,
                "{\"time\":%lld,\"phase\":\"%s\",\"share\":%.6f,\"units\":%lld,\"units_total\":%lld,\"rows\":%lld,"
                "\"rejects\":%lld,"
                "\"audio_hours\":%.6f,\"audio_hours_per_s\":%.6f,\"images\":%lld,\"images_per_s\":%.3f,\"elapsed_s\":%."
                "1f,\"eta_s\":%.0f}\n",
                (long long)time(NULL), g->phase, share, (long long)n->units, (long long)g->total.units,
                (long long)n->rows, (long long)n->rejects, n->hours, hours, (long long)n->images, images, t - g->start,
                left);
        fflush(g->metrics);
    }
    g->shown = t;
    g->window[g->n_window % WINDOW].time = t;
    g->window[g->n_window % WINDOW].counts = *n;
    g->n_window++;
}

void progress_update(progress *g, const progress_counts *now, const progress_counts *before, int slowest,
                     double slowest_s)
{
    double t = seconds_now();
    if (!g->any) { /* rates start from what an earlier life had done */
        g->window[0].time = g->start;
        g->window[0].counts = *before;
        g->n_window = 1;
    }
    g->any = 1;
    g->now = *now;
    g->slowest = slowest;
    g->slowest_s = slowest_s;
    if (t - g->shown >= g->interval) show(g, t);
}

void progress_finish(progress *g)
{
    if (g->any) show(g, seconds_now());
}

void progress_free(progress **pg)
{
    if (*pg && (*pg)->terminal && (*pg)->any) fputc('\n', stderr);
    if (*pg) log_progress_width(0);
    mem_free(pg);
}
