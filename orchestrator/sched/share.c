#include "orchestrator/sched/share.h"

/* The attempt that ends last and may have another thread; n: none. */
static size_t neediest(const Share *s, size_t n)
{
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        double left = s[i].work_left / (double)s[i].threads;
        bool is_more = best == n || left > s[best].work_left / (double)s[best].threads;
        best = s[i].threads < s[i].most && is_more ? i : best;
    }
    return best;
}

void share_threads(Share *s, size_t n, size_t cores, size_t fixed)
{
    for (size_t i = 0; i < n; i++) {
        s[i].threads = fixed > 0 ? fixed : 1;
    }
    for (size_t used = n; fixed == 0 && used < cores; used++) {
        size_t i = neediest(s, n);
        if (i == n) {
            return;
        }
        s[i].threads++;
    }
}

static size_t total_threads(const Share *s, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += s[i].threads;
    }
    return sum;
}

static void use_all(Share *s, const CoreSet *allowed)
{
    CPU_ZERO(&s->cores);
    for (size_t i = 0; i < allowed->n; i++) {
        CPU_SET((size_t)allowed->core[i], &s->cores);
    }
    s->is_pinned = false;
}

/* Keeps of its old cores those that nobody before it kept, up to `want`. */
static void keep_cores(Share *s, const CoreSet *allowed, size_t want, size_t *uses)
{
    cpu_set_t kept;
    size_t n = 0;
    CPU_ZERO(&kept);
    for (size_t i = 0; s->is_pinned && i < allowed->n && n < want; i++) {
        size_t core = (size_t)allowed->core[i];
        if (CPU_ISSET(core, &s->cores) && uses[i] == 0) {
            CPU_SET(core, &kept);
            uses[i]++;
            n++;
        }
    }
    s->cores = kept;
}

/* Adds the cores that are used least. */
static void add_cores(Share *s, const CoreSet *allowed, size_t want, size_t *uses)
{
    while ((size_t)CPU_COUNT(&s->cores) < want) {
        size_t best = allowed->n;
        for (size_t i = 0; i < allowed->n; i++) {
            bool is_free = !CPU_ISSET((size_t)allowed->core[i], &s->cores);
            best = is_free && (best == allowed->n || uses[i] < uses[best]) ? i : best;
        }
        CPU_SET((size_t)allowed->core[best], &s->cores);
        uses[best]++;
    }
    s->is_pinned = true;
}

static size_t wanted(const Share *s, const CoreSet *allowed)
{
    return s->threads < allowed->n ? s->threads : allowed->n;
}

void share_cores(Share *s, size_t n, const CoreSet *allowed)
{
    size_t uses[MACHINE_MAX_CORES] = {0};
    bool is_full = total_threads(s, n) >= allowed->n;
    for (size_t i = 0; i < n; i++) {
        if (is_full) {
            keep_cores(&s[i], allowed, wanted(&s[i], allowed), uses);
        } else {
            use_all(&s[i], allowed);
        }
    }
    for (size_t i = 0; is_full && i < n; i++) {
        add_cores(&s[i], allowed, wanted(&s[i], allowed), uses);
    }
}
