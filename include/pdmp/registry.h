// Tables of methods, encoders, fusions, metrics and importers.
#pragma once

#include <deque>

namespace pdmp {

// A table with one row for each alternative. Rows keep their addresses when rows are added.
template <class Row>
using Registry = std::deque<Row>;

}  // namespace pdmp
