# The front door. Presets (CMakePresets.json) do the work; scripts/setup is the only thing that installs.
#   make test                  build and test; `make test PRESET=asan` under the sanitizers
#   make demo                  PDMP on real pictures, speech and captions, in about ten minutes
#   make docs                  the reference of the C++ interface, by Doxygen
#   make bench                 ours and PyTorch's, in turn (docs/performance.md); `make bench SHORT=1`: whether it runs
PRESET ?= release

.PHONY: setup build test demo bench lint fuzz docs

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
	.venv/bin/python benchmarks/compare/bench.py build/$(PRESET) $(if $(SHORT),--short) $(if $(DATA),--data $(DATA)) $(if $(PYTHON),--python $(PYTHON))
	$(if $(SHORT),,build/$(PRESET)/pdmp_benchmarks)

lint:
	@scripts/setup lint
	@scripts/lint

docs:
	@scripts/setup docs
	@mkdir -p build/docs && doxygen docs/Doxyfile && echo "build/docs/html/index.html"

fuzz:
	@scripts/setup fuzz
	@scripts/fuzz
