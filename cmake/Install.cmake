# `cmake --install build/release --prefix DIR`: the program, the libraries and headers, and what find_package(pdmp) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/pdmp)
set_target_properties(pdmp_plugin PROPERTIES EXPORT_NAME plugin)
set(libraries pdmp pdmp_plugin)
foreach(folder base kernels metrics data models optim methods train analysis run compare)
  if(TARGET pdmp_${folder})
    set_target_properties(pdmp_${folder} PROPERTIES EXPORT_NAME ${folder})
    list(APPEND libraries pdmp_${folder})
  endif()
endforeach()
target_compile_features(pdmp INTERFACE cxx_std_20)
if(PDMP_SHARED)
  list(APPEND libraries pdmp_shared)
  set(torch_libraries ${TORCH_INSTALL_PREFIX}/lib)
  list(TRANSFORM TORCH_INCLUDE_DIRS PREPEND -I OUTPUT_VARIABLE torch_includes)
  list(JOIN torch_includes " " torch_includes)
  file(RELATIVE_PATH pdmp_pc_include ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
  set(pdmp_pc_include "\${pcfiledir}/${pdmp_pc_include}")
  configure_file(${CMAKE_CURRENT_LIST_DIR}/pdmp.pc.in ${CMAKE_BINARY_DIR}/pdmp.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/pdmp.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
install(TARGETS ${libraries} EXPORT pdmpTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT pdmpTargets NAMESPACE pdmp:: DESTINATION ${package_folder})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/pdmp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# Beside the programs people call: the library finds it there, or through the environment (PDMP_SVG_HELPER).
install(TARGETS pdmp_svg RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pdmp)

if(TARGET pdmp_cli)
  # LibTorch beside the program, or where it was when that was built. (CMake's own way leaves out folders inside the
  # checkout.)
  set_target_properties(pdmp_cli PROPERTIES
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/pdmp;${TORCH_INSTALL_PREFIX}/lib")
  if(PDMP_INSTALL_TORCH)
    install(DIRECTORY ${TORCH_INSTALL_PREFIX}/lib/ DESTINATION ${CMAKE_INSTALL_LIBDIR}/pdmp
      FILES_MATCHING PATTERN "libtorch.so*" PATTERN "libtorch_cpu.so*" PATTERN "libc10.so*" PATTERN "libgomp*.so*")
  endif()
  install(TARGETS pdmp_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/pdmpConfig.cmake.in ${CMAKE_BINARY_DIR}/pdmpConfig.cmake
  INSTALL_DESTINATION ${package_folder} PATH_VARS CMAKE_INSTALL_LIBEXECDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/pdmpConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_SOURCE_DIR}/cmake/svg_program.cpp.in ${CMAKE_BINARY_DIR}/pdmpConfig.cmake ${CMAKE_BINARY_DIR}/pdmpConfigVersion.cmake
  DESTINATION ${package_folder})
