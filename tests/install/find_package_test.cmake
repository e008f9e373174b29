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
  run(${SCRATCH}/${name}/${name} ${ARGN})
  if(NOT output MATCHES "^${expected}$")
    message(FATAL_ERROR "${name}: expected it to print\n${expected}found:\n${output}")
  endif()
endfunction()

# It works wherever it is moved.
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/first)
file(RENAME ${SCRATCH}/first ${SCRATCH}/prefix)
expect_consumer(consumer ${CONSUMER} "fused logits 4 x 3, unimodal logits 2\n")
expect_consumer(custom_fusion ${EXAMPLES}/custom_fusion "product fusion: all checks passed\n")
expect_consumer(custom_method ${EXAMPLES}/custom_method
  "test accuracy over 3 seeds: joint 0\\.[0-9]+, equal_norms 0\\.[0-9]+\n")

expect_consumer(embed ${EXAMPLES}/embed "favor, epoch 0: accuracy [01]\\.[0-9]+ on validation\n.*sample 0 is a [a-z]+\n.*joint: [01]\\.[0-9]+\nfavor:modality=1:factor=4: [01]\\.[0-9]+\n"
  ${SCRATCH}/embedded)

# The program takes the method from a plugin: by name, with flags, help and a place in a comparison.
set(plugin ${SCRATCH}/custom_method/libequal_norms.so)
run(${SCRATCH}/prefix/bin/pdmp list methods --plugin ${plugin})
if(NOT output MATCHES "equal_norms")
  message(FATAL_ERROR "expected the plugin's method in the list, found:\n${output}")
endif()
run(${SCRATCH}/prefix/bin/pdmp train --help --method equal_norms --plugin ${plugin})
if(NOT output MATCHES "--equal_norms.strength")
  message(FATAL_ERROR "expected the flag of the plugin's method in the help, found:\n${output}")
endif()
file(WRITE ${SCRATCH}/numbers/dataset.json
  "{\"classes\": [\"a\", \"b\"], \"modalities\": [{\"name\": \"x\", \"type\": \"vector\", \"columns\": [\"x0\"]}, {\"name\": \"y\", \"type\": \"vector\", \"columns\": [\"y0\"]}]}")
file(WRITE ${SCRATCH}/numbers/metadata.csv "id,split,label,x0,y0\n1,train,a,1,2\n2,train,b,2,1\n3,val,a,1,2\n4,test,b,2,1\n")
run(${SCRATCH}/prefix/bin/pdmp compare --data ${SCRATCH}/numbers --out ${SCRATCH}/compared --methods joint,equal_norms:strength=0.5
  --seeds 1 --epochs 1 --batch-size 2 --jobs 2 --plugin ${plugin})
if(NOT output MATCHES "equal_norms")
  message(FATAL_ERROR "expected the plugin's method in the comparison, found:\n${output}")
endif()

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
