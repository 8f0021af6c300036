# Compiler, linker and cache settings shared by every target.
add_library(wsgw_options INTERFACE)
# -pthread everywhere: some packages ask for it, and a precompiled header made without it would be refused.
target_compile_options(wsgw_options INTERFACE -pthread -Wall -Wextra -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms of g++ 12 from -O2 on: literal + std::string (GCC bugs 105651, 105762), fmt 9's buffers (105329), a coroutine
  # frame's own operator new and delete (109224), variant2 in a coroutine's result (105562). clang sees the same code.
  target_compile_options(wsgw_options INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
    -Wno-mismatched-new-delete -Wno-maybe-uninitialized)
endif()
if(WSGW_WERROR)
  target_compile_options(wsgw_options INTERFACE -Werror)
endif()
# One copy of Asio's and Beast's compiled parts (libgw/net/asio_src.cpp, beast_src.cpp).
target_compile_definitions(wsgw_options INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_SEPARATE_COMPILATION)

find_program(WSGW_CCACHE ccache)
if(WSGW_CCACHE)
  # Without these ccache refuses every file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=true  # another clone may use the same cache
    ${WSGW_CCACHE})
endif()

find_program(WSGW_MOLD mold)
if(WSGW_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(WSGW_SANITIZE)
  # At -O1 and above g++ 12 warns falsely about coroutine frames in instrumented code; the presets use -Og.
  add_compile_options(-fsanitize=${WSGW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WSGW_SANITIZE})
  if(WSGW_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # clang 14 cannot assemble a coroutine with this check ("difference across sections", LLVM issue 49689).
    add_compile_options(-fno-sanitize=function)
  endif()
  if(WSGW_SANITIZE MATCHES "thread")
    # -fsanitize=thread cannot model Asio's fences; without them it sees only the ordering the code relies on.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()

if(WSGW_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "WSGW_FUZZ needs clang: use the preset 'fuzz'")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
