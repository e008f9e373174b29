# Run by ctest with BUILD, CONSUMER, SCRATCH and COMPILER set. Nothing of pdmp is built again.
file(REMOVE_RECURSE ${SCRATCH})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
run(${CMAKE_COMMAND} -S ${CONSUMER} -B ${SCRATCH}/build -G Ninja -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix
  -DCMAKE_CXX_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${SCRATCH}/build)

run(${SCRATCH}/build/consumer)
if(NOT output STREQUAL "fused logits 4 x 3, unimodal logits 2\n")
  message(FATAL_ERROR "the consumer printed something else:\n${output}")
endif()

# The installed program finds LibTorch by itself.
run(${SCRATCH}/prefix/bin/pdmp info)
if(NOT output MATCHES "2\\.13")
  message(FATAL_ERROR "expected the installed `pdmp info` to name LibTorch 2.13, found:\n${output}")
endif()
file(REMOVE_RECURSE ${SCRATCH})
