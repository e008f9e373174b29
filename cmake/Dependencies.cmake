# What pdmp stands on; docs/design.md section 8 says why each is worth having.
# scripts/setup installs all of it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
# The threads LibTorch computes with.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
# The wheel of LibTorch brings headers of another fmt beside its own; those of the library that is linked come first.
# (Used as headers only, fmt takes three seconds of every source.)
get_target_property(fmt_folder fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fmt)
file(CREATE_LINK ${fmt_folder}/fmt ${CMAKE_BINARY_DIR}/fmt/fmt SYMBOLIC)
include_directories(BEFORE SYSTEM ${CMAKE_BINARY_DIR}/fmt)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET libavformat libavcodec libswscale libswresample libavutil)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg)
pkg_check_modules(TIFF REQUIRED IMPORTED_TARGET libtiff-4)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebpdemux libwebp)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
# Of the program pdmp-svg alone.
pkg_check_modules(RSVG REQUIRED IMPORTED_TARGET librsvg-2.0 cairo-ft fontconfig)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
# Unicode normal forms. It comes with librsvg.
pkg_check_modules(GLIB REQUIRED IMPORTED_TARGET glib-2.0)
# toml++ is used as headers, in one source: nothing links it.
pkg_check_modules(TOMLPLUSPLUS REQUIRED tomlplusplus)

# LibTorch: an installed one through Torch_DIR (variable or environment), else the wheel that scripts/setup put into .venv.
if(NOT Torch_DIR AND DEFINED ENV{Torch_DIR})
  set(Torch_DIR $ENV{Torch_DIR} CACHE PATH "Folder of TorchConfig.cmake")
endif()
if(NOT Torch_DIR)
  file(GLOB wheel ${CMAKE_SOURCE_DIR}/.venv/lib/python3.*/site-packages/torch/share/cmake/Torch)
  if(NOT wheel)
    message(FATAL_ERROR "LibTorch is not here: run scripts/setup, or pass -DTorch_DIR=.../share/cmake/Torch")
  endif()
  set(Torch_DIR ${wheel} CACHE PATH "Folder of TorchConfig.cmake")
endif()
find_package(Torch 2.13 REQUIRED)
# Its wheel is built with NDEBUG, without which its RecordFunction has one member more: every source must agree.
add_compile_definitions($<$<CONFIG:Debug>:NDEBUG>)
# Its headers are not ours to warn about.
get_target_property(torch_includes torch INTERFACE_INCLUDE_DIRECTORIES)
set_target_properties(torch PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${torch_includes}")
