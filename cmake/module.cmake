# slaw_module(NAME [SOURCES ...] [EXCEPT ...] [PUBLIC libs...] [PRIVATE libs...])
# One static library per folder, of every .c file in it but those of EXCEPT, or of SOURCES.
# PUBLIC only for what its headers include.
function(slaw_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;EXCEPT;PUBLIC;PRIVATE" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *.c)
    list(REMOVE_ITEM ARG_SOURCES "" ${ARG_EXCEPT})
  endif()
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC slaw_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} m)
endfunction()
