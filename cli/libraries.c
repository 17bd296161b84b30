#define PCRE2_CODE_UNIT_WIDTH 8
#include "cli/libraries.h"

#include <gsl/gsl_version.h>
#include <pcre2.h>
#include <sqlite3.h>
#include <string.h>
#include <yaml.h>

json_t *libraries_json(void)
{
    char pcre2[64] = "";
    (void)pcre2_config(PCRE2_CONFIG_VERSION, pcre2); /* "10.42 2022-12-11", 24 bytes at most */
    pcre2[strcspn(pcre2, " ")] = '\0';
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "sqlite", sqlite3_libversion(), "gsl",
                     gsl_version, "libyaml", yaml_get_version_string(), "pcre2", pcre2, "jansson",
                     jansson_version_str());
}
