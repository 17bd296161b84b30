/* arch.h -- what an architecture is, without computing anything.
 *
 * The orchestrator plans with this (names, options, tensor shapes, parameter
 * and FLOP counts); the trainer builds models from it.  It links no kernel, so
 * a fault in one can never reach the scheduler.
 *
 * Notation, as in arXiv:2406.16690: l layers, d width, h heads, p = d/h head
 * width, g MLP width, V vocabulary, n sequence length, t = e = p (gate
 * bottleneck, TPE width), c chunk length (conventionally p in the counts).
 *
 * N counts every trainable parameter but the (tied) embedding; N_total adds V d.
 */
#ifndef TRAINER_ARCH_ARCH_H
#define TRAINER_ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum { ARCH_MAX_OPTIONS = 8, ARCH_NAME_BYTES = 64 };

/* What a matrix product multiplies; it adds in float32 either way, and weights, their
 * gradients and the optimizer's state are float32. */
typedef enum Precision {
    PRECISION_F32,
    PRECISION_BF16, /* operands rounded to bfloat16, to nearest even */
} Precision;

typedef struct Arch Arch;

typedef enum ArchOptionKind { ARCH_OPTION_BOOL, ARCH_OPTION_NUMBER } ArchOptionKind;

/* An architecture's own switch or constant, by name in the study file's
 * `options: {<architecture>: {<name>: value}}` and in config.json. */
typedef struct ArchOption {
    const char *name; /* NULL ends the list */
    ArchOptionKind kind;
    double default_value; /* bool: 0 or 1 */
    double lo, hi;        /* closed range of a number */
    const char *help;
} ArchOption;

/* The shape of one model: all that decides its tensors and its forward pass. */
typedef struct ModelShape {
    const Arch *arch;
    int64_t layers, width, heads, mlp_width, vocabulary;
    double norm_eps;                 /* added to mean(x^2); 1e-6 */
    double option[ARCH_MAX_OPTIONS]; /* values, in the order of arch->options */
} ModelShape;

/* over / under, kept apart so that a published fraction stays one. */
typedef struct ArchRatio {
    double over, under;
} ArchRatio;

/* One tensor of a model, in storage order. */
typedef struct TensorSpec {
    char name[ARCH_NAME_BYTES]; /* as in the safetensors file */
    int rank;                   /* 1 or 2 */
    int64_t dim[2];             /* [out][in] for a matrix; [n] for a vector */
    bool is_trained;            /* false: a constant stored beside the weights */
    bool is_decayed;            /* weight decay applies (matrices; not norms, gates' bounds, ...) */
    bool is_embedding;          /* left out of N */
} TensorSpec;

/* Receives the tensors one by one; returns false to stop. */
typedef bool (*TensorVisitor)(void *ctx, const TensorSpec *t);

struct Arch {
    const char *name;  /* the word in study files: "llama", ... */
    const char *title; /* for tables and pictures: "LLaMA" */
    const char *color; /* in pictures: "#0072B2" */
    int code;          /* its marker and dash, for who sees no colours (draw/plot.h) */
    const char *source;
    ArchOption options[ARCH_MAX_OPTIONS];

    /* Calls visit for every tensor in the order they are created and stored:
     * model.embed_tokens.weight first, then globals, then layer by layer. */
    void (*tensors)(const ModelShape *s, TensorVisitor visit, void *ctx);

    /* N by the closed formula (not by adding tensors: a test compares the two). */
    int64_t (*param_count)(const ModelShape *s);

    /* Training FLOPs of the body per token (forward + backward = 3 x forward),
     * causal, measured from the shapes with chunk c = p; head excluded. */
    double (*flops_exact)(const ModelShape *s, int64_t sequence);

    /* The same under the conventions of arXiv:2406.16690 table 1:
     * 72 l d^2 (1 + per_sequence n/d + per_head 1/h + per_width 1/d); left out, a ratio is 0. */
    ArchRatio per_sequence, per_head, per_width;
};

/* All architectures, in the order of trainer/arch/models.def. */
size_t arch_count(void);
const Arch *arch_at(size_t i);
/* NULL if there is none of this name. */
const Arch *arch_find(const char *name);

/* Index of an option of `arch` by name, or -1. */
int arch_option_index(const Arch *arch, const char *name);
/* Value of an option by name; the name must exist (programming error otherwise). */
double arch_option(const ModelShape *s, const char *name);

/* A shape with every option at its default and norm_eps 1e-6. */
ModelShape arch_shape(const Arch *arch, int64_t layers, int64_t width, int64_t heads,
                      int64_t mlp_width, int64_t vocabulary);

/* 8/3 d rounded up to a multiple of 256 (of 16 below d = 512). */
int64_t arch_default_mlp_width(int64_t width);

/* ERR_INVALID naming the rule: sizes positive and not absurd (a tensor below 2^31
 * elements), heads divides width, head width even (for rotations), options in range. */
ErrCode arch_check(const ModelShape *s, Err *err);

/* N, trainable parameters without the embedding; and with it. */
int64_t arch_params(const ModelShape *s);
int64_t arch_params_total(const ModelShape *s);
/* Elements stored in model.safetensors, constants included. */
int64_t arch_stored_elements(const ModelShape *s);

/* Training FLOPs per token under a convention. */
double arch_flops_6nd(const ModelShape *s);
double arch_flops_exact(const ModelShape *s, int64_t sequence);
double arch_flops_paper(const ModelShape *s, int64_t sequence);
/* 6 d V: the logits product, reported apart. */
double arch_flops_head(const ModelShape *s);

#endif
