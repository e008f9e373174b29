# The front door. Presets (CMakePresets.json) do the work; scripts/setup is the only thing that installs.
#   make test                  build and test; `make test PRESET=asan` under the sanitizers
#   make demo                  PDMP on real pictures, speech and captions, in about ten minutes
PRESET ?= release

.PHONY: setup build test demo bench lint

setup:
	@scripts/setup

build: setup
	cmake --preset $(PRESET)
	cmake --build --preset $(PRESET)

test: build
	ctest --preset $(PRESET)

demo:
	@scripts/setup demo
	cmake --preset release && cmake --build --preset release --target pdmp_cli
	build/release/pdmp demo

bench: build
	build/$(PRESET)/pdmp_benchmarks
	build/$(PRESET)/pdmp_step_cost

lint:
	@scripts/setup lint
	@scripts/lint
