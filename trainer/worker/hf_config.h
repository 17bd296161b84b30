/* hf_config.h -- the config.json of a checkpoint: the run's, and what other tools look for. */
#ifndef TRAINER_WORKER_HF_CONFIG_H
#define TRAINER_WORKER_HF_CONFIG_H

#include <jansson.h>

#include "trainer/config/run_config.h"

/* A copy of `config` with, for an architecture that Hugging Face's transformers knows, the
 * members by which LlamaForCausalLM.from_pretrained() reads the folder.  NULL when memory
 * is short. */
json_t *hf_config(const json_t *config, const RunConfig *c);

#endif
