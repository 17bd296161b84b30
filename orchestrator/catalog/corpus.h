/* corpus.h -- which corpora the study's runs were trained on (in practice one). */
#ifndef ORCHESTRATOR_CATALOG_CORPUS_H
#define ORCHESTRATOR_CATALOG_CORPUS_H

#include "common/arena.h"
#include "orchestrator/catalog/catalog.h"

typedef struct CatalogCorpus {
    const char *digest;   /* SHA-256 of tokens and tokenizer */
    const char *manifest; /* corpus/manifest.json, by json_canonical() */
    double validation_bytes_per_token;
} CatalogCorpus;

/* Adds or replaces the row of this digest. */
ErrCode catalog_corpus_put(Catalog *c, const CatalogCorpus *row, Err *err);
ErrCode catalog_corpus_list(Catalog *c, Arena *a, CatalogCorpus **ret, size_t *ret_n, Err *err);

#endif
