#include "bench/compare_rivals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(HAVE_DNNL)

#include <oneapi/dnnl/dnnl.h>

struct Rival {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t product;
    dnnl_memory_t memory[3]; /* A, B, C */
};

static bool ok(dnnl_status_t s)
{
    return s == dnnl_success;
}

/* A matrix [rows,columns] as it lies: of a stored matrix, or the transpose of one. */
static bool describe(size_t rows, size_t columns, bool is_transposed, dnnl_data_type_t type,
                     dnnl_memory_desc_t *ret)
{
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    const dnnl_dims_t plain = {(dnnl_dim_t)columns, 1}, turned = {1, (dnnl_dim_t)rows};
    return ok(dnnl_memory_desc_init_by_strides(ret, 2, dims, type, is_transposed ? turned : plain));
}

static bool describe_any(const dnnl_memory_desc_t *like, dnnl_memory_desc_t *ret)
{
    return ok(
        dnnl_memory_desc_init_by_tag(ret, 2, like->dims, like->data_type, dnnl_format_tag_any));
}

/* Memory of oneDNN's in the form `to`, filled from floats that lie as `from` says. */
static bool fill(Rival *r, const dnnl_memory_desc_t *from, const float *data,
                 const dnnl_memory_desc_t *to, dnnl_memory_t *ret)
{
    dnnl_memory_t source = NULL;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_t reorder = NULL;
    float *borrowed = NULL;
    memcpy(&borrowed, &data, sizeof borrowed); /* the C interface takes no const */
    bool is_ok =
        ok(dnnl_memory_create(ret, to, r->engine, DNNL_MEMORY_ALLOCATE)) &&
        ok(dnnl_memory_create(&source, from, r->engine, borrowed)) &&
        ok(dnnl_reorder_primitive_desc_create(&desc, from, r->engine, to, r->engine, NULL)) &&
        ok(dnnl_primitive_create(&reorder, desc));
    if (is_ok) {
        const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, *ret}};
        is_ok = ok(dnnl_primitive_execute(reorder, r->stream, 2, args)) &&
                ok(dnnl_stream_wait(r->stream));
    }
    (void)dnnl_primitive_destroy(reorder);
    (void)dnnl_primitive_desc_destroy(desc);
    (void)dnnl_memory_destroy(source);
    return is_ok;
}

typedef struct Forms {
    dnnl_memory_desc_t a, b, c;
} Forms;

static bool describe_all(const Product *p, dnnl_data_type_t type, Forms *ret)
{
    return describe(p->m, p->k, p->orientation == PRODUCT_TN, type, &ret->a) &&
           describe(p->k, p->n, p->orientation == PRODUCT_NT, type, &ret->b) &&
           describe(p->m, p->n, false, dnnl_f32, &ret->c);
}

static bool open_product(Rival *r, const Product *p, bool is_bf16, bool has_own_format)
{
    Forms given, used;
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_desc_t desc = NULL;
    bool is_ok =
        describe_all(p, dnnl_f32, &given) && describe_all(p, is_bf16 ? dnnl_bf16 : dnnl_f32, &used);
    if (is_ok && has_own_format) {
        dnnl_memory_desc_t plain = used.b;
        is_ok = describe_any(&plain, &used.b);
    }
    is_ok = is_ok && ok(dnnl_matmul_desc_init(&matmul, &used.a, &used.b, NULL, &used.c)) &&
            ok(dnnl_primitive_desc_create(&desc, &matmul, NULL, r->engine, NULL));
    if (is_ok) {
        used.b = *dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
        is_ok = fill(r, &given.a, p->a, &used.a, &r->memory[0]) &&
                fill(r, &given.b, p->b, &used.b, &r->memory[1]) &&
                ok(dnnl_memory_create(&r->memory[2], &used.c, r->engine, DNNL_MEMORY_ALLOCATE)) &&
                ok(dnnl_primitive_create(&r->product, desc));
    }
    (void)dnnl_primitive_desc_destroy(desc);
    return is_ok;
}

Rival *rival_dnnl_open(const Product *p, bool is_bf16, bool has_own_format)
{
    Rival *r = calloc(1, sizeof *r);
    bool is_ok = r && ok(dnnl_engine_create(&r->engine, dnnl_cpu, 0)) &&
                 ok(dnnl_stream_create(&r->stream, r->engine, dnnl_stream_default_flags)) &&
                 open_product(r, p, is_bf16, has_own_format);
    if (!is_ok) {
        rival_dnnl_close(r);
        return NULL;
    }
    return r;
}

void rival_dnnl_run(Rival *r)
{
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, r->memory[0]},
                                    {DNNL_ARG_WEIGHTS, r->memory[1]},
                                    {DNNL_ARG_DST, r->memory[2]}};
    (void)dnnl_primitive_execute(r->product, r->stream, 3, args);
    (void)dnnl_stream_wait(r->stream);
}

const float *rival_dnnl_result(const Rival *r)
{
    void *data = NULL;
    (void)dnnl_memory_get_data_handle(r->memory[2], &data);
    return data;
}

void rival_dnnl_close(Rival *r)
{
    if (!r) {
        return;
    }
    (void)dnnl_primitive_destroy(r->product);
    for (size_t i = 0; i < 3; i++) {
        (void)dnnl_memory_destroy(r->memory[i]);
    }
    (void)dnnl_stream_destroy(r->stream);
    (void)dnnl_engine_destroy(r->engine);
    free(r);
}

const char *rival_dnnl_version(void)
{
    static char text[32];
    const dnnl_version_t *v = dnnl_version();
    (void)snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

#else

Rival *rival_dnnl_open(const Product *p, bool is_bf16, bool has_own_format)
{
    (void)p, (void)is_bf16, (void)has_own_format;
    return NULL;
}

void rival_dnnl_run(Rival *r)
{
    (void)r;
}

const float *rival_dnnl_result(const Rival *r)
{
    (void)r;
    return NULL;
}

void rival_dnnl_close(Rival *r)
{
    (void)r;
}

const char *rival_dnnl_version(void)
{
    return NULL;
}

#endif

#if defined(HAVE_OPENBLAS)

#include <cblas.h>

bool rival_openblas_run(const Product *p, float *c)
{
    bool is_tn = p->orientation == PRODUCT_TN, is_nt = p->orientation == PRODUCT_NT;
    cblas_sgemm(CblasRowMajor, is_tn ? CblasTrans : CblasNoTrans, is_nt ? CblasTrans : CblasNoTrans,
                (int)p->m, (int)p->n, (int)p->k, 1.0f, p->a, (int)(is_tn ? p->m : p->k), p->b,
                (int)(is_nt ? p->k : p->n), 0.0f, c, (int)p->n);
    return true;
}

const char *rival_openblas_version(void)
{
    static char text[256];
    openblas_set_num_threads(1);
    (void)snprintf(text, sizeof text, "%s, kernels %s", openblas_get_config(),
                   openblas_get_corename());
    return text;
}

#else

bool rival_openblas_run(const Product *p, float *c)
{
    (void)p, (void)c;
    return false;
}

const char *rival_openblas_version(void)
{
    return NULL;
}

#endif
