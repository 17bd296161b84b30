# One interface target carries the language level, the warnings and the
# floating-point rules; every target of ours links it, no third-party one does.
include(CheckCCompilerFlag)
option(SLAW_WERROR "Treat warnings as errors" OFF)
set(SLAW_SANITIZE "" CACHE STRING "address,undefined | thread | empty")

add_library(slaw_flags INTERFACE)
target_compile_features(slaw_flags INTERFACE c_std_17)
target_compile_definitions(slaw_flags INTERFACE _GNU_SOURCE SLAW_VERSION="${PROJECT_VERSION}")
target_include_directories(slaw_flags INTERFACE ${PROJECT_SOURCE_DIR})
# Results must repeat: no contraction the source does not ask for, no fast-math.
target_compile_options(slaw_flags INTERFACE -ffp-contract=off -fno-math-errno -fno-omit-frame-pointer)

foreach(w
    all extra pedantic conversion sign-conversion double-promotion shadow cast-qual cast-align
    format=2 strict-prototypes missing-prototypes missing-variable-declarations undef vla
    write-strings pointer-arith implicit-fallthrough null-dereference duplicated-cond
    duplicated-branches logical-op jump-misses-init)
  string(MAKE_C_IDENTIFIER "HAVE_W_${w}" have)
  check_c_compiler_flag("-W${w}" ${have})
  if(${have})
    target_compile_options(slaw_flags INTERFACE "-W${w}")
  endif()
endforeach()
target_compile_options(slaw_flags INTERFACE -Wno-missing-field-initializers)
if(SLAW_WERROR)
  target_compile_options(slaw_flags INTERFACE -Werror)
endif()
if(SLAW_SANITIZE)
  target_compile_options(slaw_flags INTERFACE -fsanitize=${SLAW_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(slaw_flags INTERFACE -fsanitize=${SLAW_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(slaw_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  target_link_options(slaw_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
