/* corpus.h -- which corpora the study's runs were trained on (in practice one). */
#ifndef CATALOG_CORPUS_H
#define CATALOG_CORPUS_H

#include "catalog/catalog.h"
#include "common/arena.h"

typedef struct CatalogCorpus {
    const char *digest;   /* SHA-256 of tokens and tokenizer */
    const char *manifest; /* corpus/manifest.json, by json_canonical() */
    double validation_bytes_per_token;
} CatalogCorpus;

/* Adds or replaces the row of this digest. */
ErrCode catalog_corpus_put(Catalog *c, const CatalogCorpus *row, Err *err);
ErrCode catalog_corpus_list(Catalog *c, Arena *a, CatalogCorpus **ret, size_t *ret_n, Err *err);

#endif
