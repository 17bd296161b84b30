/* compare_products -- matrix products: ours beside oneDNN's and OpenBLAS's, one thread each.
 *
 *     compare_products [--json] [--quick]
 *
 * Every shape in three orientations.  The contenders take turns within the process, and each
 * keeps its best; the peak of this core is measured before, between and after.  In float: ours
 * from plain operands and with B packed beforehand, oneDNN from plain operands and with B in its
 * own format (reordered beforehand), OpenBLAS.  In bfloat16: the same of ours and oneDNN's, but
 * ours are given floats and rounds them inside (a packed B is rounded already), while oneDNN
 * is given bfloat16 and rounds nothing.  Before it is timed, a rival must give our result.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/compare_rivals.h"
#include "bench/fma_peak.h"
#include "common/clock.h"
#include "common/rng.h"
#include "trainer/core/kern.h"

/* Many short turns: what disturbs one contender for a while disturbs all. */
enum { ROUNDS = 20, TURN_US = 1500, QUICK_SHAPES = 4 };

typedef enum Contender {
    OURS,
    OURS_PACKED,
    DNNL,
    DNNL_OWN,
    OPENBLAS,
    N_CONTENDERS,
} Contender;

static const char *const contender_name[] = {"ours", "ours_packed", "onednn", "onednn_own",
                                             "openblas"};
static const char *const orientation_name[] = {"nn", "nt", "tn"};

/* m, n, k: linear layers of d = 64..512 on 2048 rows, weight gradients, a long batch. */
static const size_t shapes[][3] = {
    {2048, 64, 64},   {2048, 256, 256},  {256, 256, 2048}, {2048, 1408, 256}, {2048, 128, 128},
    {2048, 704, 256}, {2048, 256, 704},  {2048, 768, 256}, {2048, 512, 512},  {2048, 2048, 512},
    {512, 256, 256},  {1408, 256, 2048}, {64, 64, 2048},   {8192, 256, 256},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

/* All contenders at one product. */
typedef struct Match {
    Product p;
    bool is_bf16;
    const Kern *kern;
    Rival *dnnl, *dnnl_own;
    void *packed;
    float *c;                  /* [m,n] */
    double best[N_CONTENDERS]; /* seconds; 0: does not take part */
} Match;

typedef struct Peaks {
    double f32, bf16; /* [FLOP/s] */
} Peaks;

static void take_peaks(Peaks *p)
{
    p->f32 = fmax(p->f32, fma_peak(kern_get()->isa));
    p->bf16 = fmax(p->bf16, bf16_peak(kern_get()->isa));
}

static void run_ours(const Match *t)
{
    const Product *p = &t->p;
    switch (p->orientation) {
    case PRODUCT_NN:
        t->kern->gemm_nn(p->m, p->n, p->k, p->a, p->k, p->b, p->n, t->c, p->n, KERN_SET);
        break;
    case PRODUCT_NT:
        t->kern->gemm_nt(p->m, p->n, p->k, p->a, p->k, p->b, p->k, t->c, p->n, KERN_SET);
        break;
    case PRODUCT_TN:
        t->kern->gemm_tn(p->m, p->n, p->k, p->a, p->m, p->b, p->n, t->c, p->n, KERN_SET);
        break;
    }
}

static void run_packed(const Match *t)
{
    const Product *p = &t->p;
    if (p->orientation == PRODUCT_TN) {
        t->kern->gemm_tn_packed(p->m, p->n, p->k, p->a, p->m, t->packed, t->c, p->n, KERN_SET);
    } else {
        t->kern->gemm_packed(p->m, p->n, p->k, p->a, p->k, t->packed, t->c, p->n, KERN_SET);
    }
}

static void run(const Match *t, Contender who)
{
    switch (who) {
    case OURS:
        run_ours(t);
        break;
    case OURS_PACKED:
        run_packed(t);
        break;
    case DNNL:
        rival_dnnl_run(t->dnnl);
        break;
    case DNNL_OWN:
        rival_dnnl_run(t->dnnl_own);
        break;
    case OPENBLAS:
        (void)rival_openblas_run(&t->p, t->c);
        break;
    case N_CONTENDERS:
        break;
    }
}

static bool takes_part(const Match *t, Contender who)
{
    switch (who) {
    case DNNL:
        return t->dnnl != NULL;
    case DNNL_OWN:
        return t->dnnl_own != NULL;
    case OPENBLAS:
        return !t->is_bf16 && rival_openblas_version() != NULL;
    default:
        return true;
    }
}

/* ---- the same result ----------------------------------------------------------------- */

/* Operands are uniform in +-0.5, so an element of C is about sqrt(k)/12; both sides round each of
 * k additions, by at most 2^-24 of a sum below k/4. */
static bool is_same(const Match *t, const float *want, const float *got)
{
    double limit = 0.25 * (double)t->p.k * (double)t->p.k * 0x1p-24;
    for (size_t i = 0; i < t->p.m * t->p.n; i++) {
        if (!(fabs((double)want[i] - (double)got[i]) <= limit)) {
            return false;
        }
    }
    return true;
}

static bool check_contenders(const Match *t, float *want)
{
    run_ours(t);
    memcpy(want, t->c, t->p.m * t->p.n * sizeof *want);
    for (Contender who = OURS_PACKED; who < N_CONTENDERS; who++) {
        if (!takes_part(t, who)) {
            continue;
        }
        run(t, who);
        const float *got = who == DNNL       ? rival_dnnl_result(t->dnnl)
                           : who == DNNL_OWN ? rival_dnnl_result(t->dnnl_own)
                                             : t->c;
        if (!is_same(t, want, got)) {
            (void)fprintf(
                stderr, "compare_products: %s has another result than ours, %s %zu,%zu,%zu\n",
                contender_name[who], orientation_name[t->p.orientation], t->p.m, t->p.n, t->p.k);
            return false;
        }
    }
    return true;
}

/* ---- timing -------------------------------------------------------------------------- */

/* Best seconds of one product within one turn. */
static double turn(const Match *t, Contender who)
{
    double best = 1e30;
    size_t batch = 1;
    MonoNs begin = clock_mono_ns();
    do {
        MonoNs t0 = clock_mono_ns();
        for (size_t i = 0; i < batch; i++) {
            run(t, who);
        }
        int64_t took = clock_mono_ns() - t0;
        best = fmin(best, 1e-9 * (double)took / (double)batch);
        batch = took < 50000 ? batch * 2 : batch; /* well above the clock's grain */
    } while (clock_mono_ns() - begin < INT64_C(1000) * TURN_US);
    return best;
}

static void time_all(Match *t)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        for (Contender who = OURS; who < N_CONTENDERS; who++) {
            if (takes_part(t, who)) {
                double s = turn(t, who);
                t->best[who] = t->best[who] > 0.0 ? fmin(t->best[who], s) : s;
            }
        }
    }
}

static void match_close(Match *t)
{
    rival_dnnl_close(t->dnnl);
    rival_dnnl_close(t->dnnl_own);
    free(t->packed);
}

static bool match_open(Match *t)
{
    const Product *p = &t->p;
    size_t bytes = (t->kern->packed_bytes(p->n, p->k) + 63) / 64 * 64;
    t->packed = aligned_alloc(64, bytes);
    if (!t->packed) {
        return false;
    }
    if (p->orientation == PRODUCT_NT) {
        t->kern->pack_nt(p->n, p->k, p->b, p->k, t->packed);
    } else {
        t->kern->pack_nn(p->n, p->k, p->b, p->n, t->packed);
    }
    t->dnnl = rival_dnnl_open(p, t->is_bf16, false);
    t->dnnl_own = rival_dnnl_open(p, t->is_bf16, true);
    return true;
}

/* ---- output -------------------------------------------------------------------------- */

static double flops(const Match *t)
{
    return 2.0 * (double)t->p.m * (double)t->p.n * (double)t->p.k;
}

static double gflops(const Match *t, Contender who)
{
    return t->best[who] > 0.0 ? 1e-9 * flops(t) / t->best[who] : 0.0;
}

/* Ours over oneDNN's, of the better way of each. */
static double ratio(const Match *t)
{
    double theirs = fmax(gflops(t, DNNL), gflops(t, DNNL_OWN));
    return theirs > 0.0 ? fmax(gflops(t, OURS), gflops(t, OURS_PACKED)) / theirs : 0.0;
}

static json_t *match_json(const Match *t)
{
    json_t *row =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:f}", "precision", t->is_bf16 ? "bf16" : "f32",
                  "orientation", orientation_name[t->p.orientation], "m", (json_int_t)t->p.m, "n",
                  (json_int_t)t->p.n, "k", (json_int_t)t->p.k, "ratio", ratio(t));
    for (Contender who = OURS; who < N_CONTENDERS; who++) {
        if (takes_part(t, who)) {
            (void)json_object_set_new(row, contender_name[who], json_real(gflops(t, who)));
        }
    }
    return row;
}

static void print_row(const Match *t)
{
    printf("%-5s %s %5zu,%5zu,%5zu", t->is_bf16 ? "bf16" : "f32",
           orientation_name[t->p.orientation], t->p.m, t->p.n, t->p.k);
    for (Contender who = OURS; who < N_CONTENDERS; who++) {
        if (takes_part(t, who)) {
            printf(" %11.1f", gflops(t, who));
        } else {
            printf(" %11s", "-");
        }
    }
    printf(" %6.2f\n", ratio(t));
    (void)fflush(stdout);
}

/* ---- all of it ----------------------------------------------------------------------- */

typedef struct Buffers {
    float *a, *b, *c, *want;
} Buffers;

static bool buffers_init(Buffers *x)
{
    size_t a = 0, b = 0, c = 0;
    for (size_t i = 0; i < N_SHAPES; i++) {
        const size_t *s = shapes[i];
        a = s[0] * s[2] > a ? s[0] * s[2] : a;
        b = s[1] * s[2] > b ? s[1] * s[2] : b;
        c = s[0] * s[1] > c ? s[0] * s[1] : c;
    }
    *x = (Buffers){aligned_alloc(64, a * sizeof *x->a), aligned_alloc(64, b * sizeof *x->b),
                   aligned_alloc(64, c * sizeof *x->c), malloc(c * sizeof *x->want)};
    if (!x->a || !x->b || !x->c || !x->want) {
        return false;
    }
    for (size_t i = 0; i < a; i++) {
        x->a[i] = (float)(rng_uniform(1, 1, i) - 0.5);
    }
    for (size_t i = 0; i < b; i++) {
        x->b[i] = (float)(rng_uniform(1, 2, i) - 0.5);
    }
    return true;
}

static void buffers_release(Buffers *x)
{
    free(x->a);
    free(x->b);
    free(x->c);
    free(x->want);
}

/* One match; a row into `rows`, or printed when that is NULL. */
static bool play(const Buffers *x, const size_t *shape, Orientation o, bool is_bf16, json_t *rows)
{
    Match t = {.p = {o, shape[0], shape[1], shape[2], x->a, x->b},
               .is_bf16 = is_bf16,
               .kern = is_bf16 ? kern_bf16(kern_get()) : kern_get(),
               .c = x->c};
    bool is_ok = match_open(&t) && check_contenders(&t, x->want);
    if (is_ok) {
        time_all(&t);
        if (rows) {
            (void)json_array_append_new(rows, match_json(&t));
        } else {
            print_row(&t);
        }
    }
    match_close(&t);
    return is_ok;
}

static bool play_all(const Buffers *x, size_t n_shapes, json_t *rows, Peaks *peaks)
{
    for (int is_bf16 = 0; is_bf16 <= 1; is_bf16++) {
        for (size_t s = 0; s < n_shapes; s++) {
            for (int o = PRODUCT_NN; o <= PRODUCT_TN; o++) {
                if (!play(x, shapes[s], (Orientation)o, is_bf16 == 1, rows)) {
                    return false;
                }
            }
        }
        take_peaks(peaks);
    }
    return true;
}

/* The libraries read these when they are loaded: start again with them.  What a machine's settings
 * say of OpenBLAS is taken away: left to itself it finds the kernels of this CPU. */
static void restart_on_one_thread(char **argv)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): nothing else runs yet. */
    if (getenv("COMPARE_PRODUCTS_IS_SET")) {
        return;
    }
    (void)setenv("COMPARE_PRODUCTS_IS_SET", "1", 1);
    (void)setenv("OMP_NUM_THREADS", "1", 1);
    (void)setenv("OPENBLAS_NUM_THREADS", "1", 1);
    (void)unsetenv("OPENBLAS_CORETYPE");
    (void)unsetenv("OPENBLAS_L2_SIZE");
    /* NOLINTEND(concurrency-mt-unsafe) */
    (void)execv("/proc/self/exe", argv);
}

static const char *or_none(const char *s)
{
    return s ? s : "none";
}

static void print_json(json_t *rows, const Peaks *peaks)
{
    json_t *all = json_pack("{s:i, s:s, s:{s:f, s:f}, s:s, s:s, s:o}", "schema", 1, "isa",
                            kern_get()->isa, "peak_gflops", "f32", 1e-9 * peaks->f32, "bf16",
                            1e-9 * peaks->bf16, "onednn", or_none(rival_dnnl_version()), "openblas",
                            or_none(rival_openblas_version()), "results", rows);
    (void)json_dumpf(all, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    (void)printf("\n");
    json_decref(all);
}

int main(int argc, char **argv)
{
    bool is_json = false, is_quick = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            is_json = true;
        } else if (strcmp(argv[i], "--quick") == 0) {
            is_quick = true;
        } else {
            (void)fprintf(stderr, "usage: compare_products [--json] [--quick]\n");
            return 2;
        }
    }
    restart_on_one_thread(argv);
    Buffers x;
    Peaks peaks = {0};
    json_t *rows = is_json ? json_array() : NULL;
    take_peaks(&peaks);
    if (!is_json) {
        printf("ours %s, oneDNN %s, OpenBLAS %s; peak %.1f GFLOP/s f32, %.1f bf16\n",
               kern_get()->isa, or_none(rival_dnnl_version()), or_none(rival_openblas_version()),
               1e-9 * peaks.f32, 1e-9 * peaks.bf16);
        printf("%-8s %17s %11s %11s %11s %11s %11s %6s\n", "GFLOP/s", "m,n,k", "ours", "packed",
               "oneDNN", "own format", "OpenBLAS", "ratio");
    }
    bool is_ok = buffers_init(&x);
    is_ok = is_ok && play_all(&x, is_quick ? QUICK_SHAPES : N_SHAPES, rows, &peaks);
    if (is_ok && is_json) {
        print_json(rows, &peaks);
    } else {
        json_decref(rows);
    }
    buffers_release(&x);
    return is_ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
