// The options of one row of a table, as Markdown: what the pages of encoders, fusions and methods have in common.
#pragma once

#include <string>

#include "pdmp/options.h"

namespace pdmp::cli {

// Name, default as a spec takes it, values, meaning; where a random search looks, if it looks at any of them. "No
// options." of an empty list.
std::string options_table(const OptionList& list);

template <class Options>
std::string options_table_of(Options& options) {
  OptionList list;
  options.describe(list);
  return options_table(list);
}

}  // namespace pdmp::cli
