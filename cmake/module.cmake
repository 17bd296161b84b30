# slaw_module(NAME [SOURCES ...] [PUBLIC libs...] [PRIVATE libs...])
# One static library per folder.  PUBLIC only for what its headers include.
function(slaw_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC slaw_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} m)
endfunction()
