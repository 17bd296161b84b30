/* yaml_scalar.h -- what a plain scalar means: the core schema of YAML 1.2.2, section 10.3.2. */
#ifndef COMMON_YAML_SCALAR_H
#define COMMON_YAML_SCALAR_H

#include "common/yaml.h"

/* Sets kind and value of a text node that stands without quotes. */
void yaml_resolve_plain(YamlNode *n);

#endif
