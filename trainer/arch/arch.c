#include "trainer/arch/arch.h"

#include <assert.h>
#include <string.h>

#include "trainer/arch/shape.h"

#define ARCH(name) &arch_##name,
static const Arch *const archs[] = {
#include "trainer/arch/models.def"
    NULL,
};
#undef ARCH

size_t arch_count(void)
{
    size_t n = 0;
    while (archs[n]) {
        n++;
    }
    return n;
}

const Arch *arch_at(size_t i)
{
    assert(i < arch_count());
    return archs[i];
}

const Arch *arch_find(const char *name)
{
    for (size_t i = 0; archs[i]; i++) {
        if (strcmp(archs[i]->name, name) == 0) {
            return archs[i];
        }
    }
    return NULL;
}

int arch_option_index(const Arch *arch, const char *name)
{
    for (int i = 0; i < ARCH_MAX_OPTIONS && arch->options[i].name; i++) {
        if (strcmp(arch->options[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

double arch_option(const ModelShape *s, const char *name)
{
    int i = arch_option_index(s->arch, name);
    assert(i >= 0);
    return s->option[i];
}

ModelShape arch_shape(const Arch *arch, int64_t layers, int64_t width, int64_t heads,
                      int64_t mlp_width, int64_t vocabulary)
{
    ModelShape s = {.arch = arch,
                    .layers = layers,
                    .width = width,
                    .heads = heads,
                    .mlp_width = mlp_width,
                    .vocabulary = vocabulary,
                    .norm_eps = 1e-6};
    for (int i = 0; i < ARCH_MAX_OPTIONS && arch->options[i].name; i++) {
        s.option[i] = arch->options[i].default_value;
    }
    return s;
}

int64_t arch_default_mlp_width(int64_t width)
{
    int64_t multiple = width < 512 ? 16 : 256;
    int64_t exact = (8 * width + 2) / 3; /* ceil(8 d / 3) */
    return (exact + multiple - 1) / multiple * multiple;
}

/* ---- validity -------------------------------------------------------------------- */

/* Sizes above these are taken for a slip; they also keep every product here in int64. */
enum { MAX_LAYERS = 4096, MAX_WIDTH = 1 << 20, MAX_VOCABULARY = 65536 * 16 };

static ErrCode check_size(const char *what, int64_t value, int64_t max, Err *err)
{
    if (value < 1 || value > max) {
        return err_set(err, ERR_INVALID, "%s must be between 1 and %lld (%lld)", what,
                       (long long)max, (long long)value);
    }
    return ERR_OK;
}

static ErrCode check_heads(const ModelShape *s, Err *err)
{
    if (s->heads < 1 || s->heads > s->width || s->width % s->heads != 0) {
        return err_set(err, ERR_INVALID, "heads must divide width (%lld / %lld)",
                       (long long)s->width, (long long)s->heads);
    }
    if (shape_head_width(s) % 2 != 0) {
        return err_set(err, ERR_INVALID, "head width must be even (%lld / %lld = %lld)",
                       (long long)s->width, (long long)s->heads, (long long)shape_head_width(s));
    }
    return ERR_OK;
}

static ErrCode check_options(const ModelShape *s, Err *err)
{
    for (int i = 0; i < ARCH_MAX_OPTIONS && s->arch->options[i].name; i++) {
        const ArchOption *o = &s->arch->options[i];
        double x = s->option[i];
        if (o->kind == ARCH_OPTION_BOOL && x != 0.0 && x != 1.0) {
            return err_set(err, ERR_INVALID, "%s.%s must be true or false (%g)", s->arch->name,
                           o->name, x);
        }
        if (o->kind == ARCH_OPTION_NUMBER && !(x >= o->lo && x <= o->hi)) {
            return err_set(err, ERR_INVALID, "%s.%s must be between %g and %g (%g)", s->arch->name,
                           o->name, o->lo, o->hi, x);
        }
    }
    return ERR_OK;
}

static ErrCode check_norm_eps(double eps, Err *err)
{
    if (!(eps > 0.0 && eps < 1.0)) {
        return err_set(err, ERR_INVALID, "norm_eps must be between 0 and 1 (%g)", eps);
    }
    return ERR_OK;
}

static bool is_too_big(void *ctx, const TensorSpec *t)
{
    TensorSpec *ret_worst = ctx;
    if (t->dim[0] * t->dim[1] >= INT64_C(1) << 31) {
        *ret_worst = *t;
        return false;
    }
    return true;
}

static ErrCode check_tensors(const ModelShape *s, Err *err)
{
    TensorSpec worst = {0};
    s->arch->tensors(s, is_too_big, &worst);
    if (worst.rank != 0) {
        return err_set(err, ERR_INVALID, "%s would have %lld x %lld elements, more than 2^31",
                       worst.name, (long long)worst.dim[0], (long long)worst.dim[1]);
    }
    return ERR_OK;
}

ErrCode arch_check(const ModelShape *s, Err *err)
{
    ErrCode rc = ERR_OK;
    TRY(check_size("layers", s->layers, MAX_LAYERS, err));
    TRY(check_size("width", s->width, MAX_WIDTH, err));
    TRY(check_size("mlp width", s->mlp_width, MAX_WIDTH, err));
    TRY(check_size("vocabulary", s->vocabulary, MAX_VOCABULARY, err));
    TRY(check_heads(s, err));
    TRY(check_options(s, err));
    TRY(check_norm_eps(s->norm_eps, err));
    TRY(check_tensors(s, err));
done:
    return rc;
}

/* ---- counts ---------------------------------------------------------------------- */

int64_t arch_params(const ModelShape *s)
{
    return s->arch->param_count(s);
}

int64_t arch_params_total(const ModelShape *s)
{
    return arch_params(s) + s->vocabulary * s->width;
}

static bool add_elements(void *ctx, const TensorSpec *t)
{
    int64_t *sum = ctx;
    *sum += t->dim[0] * t->dim[1];
    return true;
}

int64_t arch_stored_elements(const ModelShape *s)
{
    int64_t sum = 0;
    s->arch->tensors(s, add_elements, &sum);
    return sum;
}

double arch_flops_6nd(const ModelShape *s)
{
    return 6.0 * (double)arch_params(s);
}

double arch_flops_exact(const ModelShape *s, int64_t sequence)
{
    return s->arch->flops_exact(s, sequence);
}

static double paper_term(ArchRatio r, double over, double under)
{
    return r.over == 0.0 ? 0.0 : r.over * over / (r.under * under);
}

double arch_flops_paper(const ModelShape *s, int64_t sequence)
{
    const Arch *a = s->arch;
    double d = (double)s->width;
    return 72.0 * (double)s->layers * d * d *
           (1.0 + paper_term(a->per_sequence, (double)sequence, d) +
            paper_term(a->per_head, 1.0, (double)s->heads) + paper_term(a->per_width, 1.0, d));
}

double arch_flops_head(const ModelShape *s)
{
    return 6.0 * (double)s->width * (double)s->vocabulary;
}
