# pdmp_library(<folder> SOURCES ... LINK ...): one static library a folder of src/, so that a folder which
# includes upwards does not link. Everything above `base` shares one precompiled header, that of `pdmp_pch`.
function(pdmp_library name)
  cmake_parse_arguments(arg "NO_PCH" "" "SOURCES;LINK;LINK_PRIVATE" ${ARGN})
  if(NOT arg_SOURCES)
    add_library(pdmp_${name} INTERFACE)
    target_link_libraries(pdmp_${name} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(pdmp_${name} STATIC ${arg_SOURCES})
  target_include_directories(pdmp_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>
    PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(pdmp_${name} PUBLIC ${arg_LINK} PRIVATE ${arg_LINK_PRIVATE})
  if(NOT arg_NO_PCH)
    target_precompile_headers(pdmp_${name} REUSE_FROM pdmp_pch)
  endif()
endfunction()

# pdmp_test(<folder> SOURCES ... LINK ...): the tests of one folder, one program `<folder>_tests`.
function(pdmp_test name)
  cmake_parse_arguments(arg "NO_PCH" "" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name}_tests ${arg_SOURCES})
  target_include_directories(${name}_tests PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name}_tests PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_tests PRIVATE
    PDMP_GOLDEN_DIR="${CMAKE_SOURCE_DIR}/tests/golden" PDMP_PROGRAM="${CMAKE_BINARY_DIR}/pdmp")
  # Test code is compiled once and run for moments: optimizing it is most of the build time and gains nothing.
  target_compile_options(${name}_tests PRIVATE -O0)
  if(NOT arg_NO_PCH)
    target_precompile_headers(${name}_tests REUSE_FROM pdmp_test_pch)
  endif()
  gtest_discover_tests(${name}_tests TEST_PREFIX ${name}/ PROPERTIES TIMEOUT 900 DISCOVERY_TIMEOUT 60)
endfunction()
