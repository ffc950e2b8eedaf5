# One interface target with the flags that all our code is compiled with.
# -ffp-contract=off: a fused multiply-add appears only where the code says fma(), so results do not depend on the compiler.
add_library(tessera_flags INTERFACE)
target_compile_options(tessera_flags INTERFACE -Wall -Wextra $<IF:$<C_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow> -Wstrict-prototypes -Wpointer-arith -Wvla -Wno-unused-parameter
                                               -ffp-contract=off -fno-math-errno)
target_compile_definitions(tessera_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
if(TESSERA_WERROR)
  target_compile_options(tessera_flags INTERFACE -Werror)
endif()
if(TESSERA_SANITIZE)
  target_compile_options(tessera_flags INTERFACE -fsanitize=${TESSERA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(tessera_flags INTERFACE -fsanitize=${TESSERA_SANITIZE})
endif()
