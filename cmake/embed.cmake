# slaw_embed(TARGET SYMBOL FILE): makes FILE a NUL-terminated C string constant
# `const char SYMBOL[]` (and `const size_t SYMBOL_bytes`) inside TARGET, so that
# the program needs no data files at run time.
set(SLAW_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_file.cmake)
function(slaw_embed target symbol file)
  get_filename_component(path ${file} ABSOLUTE BASE_DIR ${PROJECT_SOURCE_DIR})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embed_${symbol}.c)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${path} -DOUT=${out} -DSYMBOL=${symbol} -P ${SLAW_EMBED_SCRIPT}
    DEPENDS ${path} ${SLAW_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
  # `embedded` makes these alone, for tools that read every source and build none.
  if(NOT TARGET embedded)
    add_custom_target(embedded)
  endif()
  add_custom_target(embed_${target}_${symbol} DEPENDS ${out})
  add_dependencies(embedded embed_${target}_${symbol})
endfunction()
