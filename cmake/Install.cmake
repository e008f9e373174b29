# `cmake --install build/release --prefix DIR`: the program, the libraries and headers, and what find_package(pdmp) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/pdmp)
set(libraries pdmp)
foreach(folder base kernels metrics data models optim methods train analysis run)
  if(TARGET pdmp_${folder})
    set_target_properties(pdmp_${folder} PROPERTIES EXPORT_NAME ${folder})
    list(APPEND libraries pdmp_${folder})
  endif()
endforeach()
target_compile_features(pdmp INTERFACE cxx_std_20)
install(TARGETS ${libraries} EXPORT pdmpTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT pdmpTargets NAMESPACE pdmp:: DESTINATION ${package_folder})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/pdmp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Beside the programs people call: the library finds it there, or through the environment (PDMP_SVG_HELPER).
install(TARGETS pdmp_svg RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pdmp)

if(TARGET pdmp_cli)
  # LibTorch stays where it is; the program remembers where. (CMake's own way leaves out folders inside the checkout.)
  set_target_properties(pdmp_cli PROPERTIES INSTALL_RPATH ${TORCH_INSTALL_PREFIX}/lib)
  install(TARGETS pdmp_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/pdmpConfig.cmake.in ${CMAKE_BINARY_DIR}/pdmpConfig.cmake
  INSTALL_DESTINATION ${package_folder} PATH_VARS CMAKE_INSTALL_LIBEXECDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/pdmpConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/svg_program.cpp.in ${CMAKE_BINARY_DIR}/pdmpConfig.cmake ${CMAKE_BINARY_DIR}/pdmpConfigVersion.cmake
  DESTINATION ${package_folder})
