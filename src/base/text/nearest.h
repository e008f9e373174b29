// Names by how close they are to a word; `nearest` and `suggestion` are in pdmp/options.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp {

// At most `most` of `names`, the closest to `word` by edit distance first, equally close ones in the order given.
std::vector<std::string> sorted_by_distance(std::string_view word, const std::vector<std::string>& names, size_t most);

}  // namespace pdmp
