# Compiler settings shared by every target. One set of flags, so that one precompiled header serves all.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header names times and defines; ccache must be told that they do not matter.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# -fPIC by hand: CMake's own switch gives programs -fPIE, which would not match the precompiled header.
add_compile_options(-fPIC -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-fpch-preprocess)
  if(PDMP_JOIN_SOURCES)
    # Takes a source that is joined with others for a header.
    add_compile_options(-Wno-subobject-linkage)
  endif()
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Warns of std::string's own copying (GCC bug 105651).
    add_compile_options(-Wno-restrict)
  else()
    # Takes every string made for a call for the owner of the table row that comes back.
    add_compile_options(-Wno-dangling-reference)
  endif()
endif()
if(PDMP_SANITIZE)
  # GCC's documentation of -fsanitize: it can cause false warnings of what may be uninitialized.
  add_compile_options(-fsanitize=${PDMP_SANITIZE} -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${PDMP_SANITIZE})
endif()
