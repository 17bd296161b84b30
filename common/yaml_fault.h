/* yaml_fault.h -- what is wrong with a text that libyaml does not take. */
#ifndef COMMON_YAML_FAULT_H
#define COMMON_YAML_FAULT_H

#include <yaml.h>

#include "common/err.h"

typedef struct YamlFault {
    TextPos at;
    const char *message;
    char hint[120]; /* empty when no cure is known */
} YamlFault;

/* Of a parser that has failed for another reason than memory. */
YamlFault yaml_fault(const yaml_parser_t *p);

#endif
