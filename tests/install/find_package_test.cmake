# Run by ctest with BUILD, CONSUMER, EXAMPLES, SCRATCH and COMPILER set. Nothing of pdmp is built again.
file(REMOVE_RECURSE ${SCRATCH})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGN}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# Builds the project in `source` against the installed library and runs its program `name`; what that prints on stdout
# matches the whole of `expected`.
function(expect_consumer name source expected)
  run(${CMAKE_COMMAND} -S ${source} -B ${SCRATCH}/${name} -G Ninja -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER})
  run(${CMAKE_COMMAND} --build ${SCRATCH}/${name})
  run(${SCRATCH}/${name}/${name})
  if(NOT output MATCHES "^${expected}$")
    message(FATAL_ERROR "${name}: expected it to print\n${expected}found:\n${output}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
expect_consumer(consumer ${CONSUMER} "fused logits 4 x 3, unimodal logits 2\n")
expect_consumer(custom_fusion ${EXAMPLES}/custom_fusion "product fusion: all checks passed\n")
expect_consumer(custom_method ${EXAMPLES}/custom_method
  "test accuracy over 3 seeds: joint 0\\.[0-9]+, equal_norms 0\\.[0-9]+\n")

# The installed program finds LibTorch by itself.
run(${SCRATCH}/prefix/bin/pdmp info)
if(NOT output MATCHES "2\\.13")
  message(FATAL_ERROR "expected the installed `pdmp info` to name LibTorch 2.13, found:\n${output}")
endif()

# So does it find the program that draws SVG, and a user's program is told where it was installed.
set(helper ${SCRATCH}/prefix/libexec/pdmp/pdmp-svg)
file(WRITE ${SCRATCH}/svg/a.svg "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><rect width='4' height='4'/></svg>")
file(WRITE ${SCRATCH}/svg/dataset.json
  "{\"classes\": [\"a\", \"b\"], \"modalities\": [{\"name\": \"m\", \"type\": \"image\", \"column\": \"file\", \"size\": 8}]}")
file(WRITE ${SCRATCH}/svg/metadata.csv "id,split,label,file\n1,train,a,a.svg\n")
run(${SCRATCH}/prefix/bin/pdmp data check ${SCRATCH}/svg)
file(STRINGS ${SCRATCH}/consumer/consumer places REGEX "libexec/pdmp/pdmp-svg")
if(NOT places MATCHES "${helper}")
  message(FATAL_ERROR "expected the consumer to know ${helper}, found: ${places}")
endif()
file(REMOVE_RECURSE ${SCRATCH})
