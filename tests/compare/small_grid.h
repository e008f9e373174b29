// A comparison on numbers that takes moments.
#pragma once

#include <string>
#include <vector>

#include "compare/grid.h"
#include "run/tiny_run.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {

struct SmallGrid {
  TemporaryDirectory directory;
  comparing::GridOptions options;
  TrainingData data;

  explicit SmallGrid(const std::vector<std::string>& methods, int64_t seeds = 2) {
    options.run = tiny_run(write_vector_data(directory), "");
    options.variants = comparing::parse_variants(methods);
    options.seeds = seeds;
    options.out = (directory / "out").string();
    data = load_data(options.run.data, 0);
  }
  comparing::Grid make() const { return comparing::make_grid(options, data); }
};

}  // namespace pdmp::testing
