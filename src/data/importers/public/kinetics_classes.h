// The three class lists that go by the name of Kinetics-Sounds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pdmp::data {

struct KineticsClasses {
  std::vector<std::string> names;
  std::vector<std::string> labels;   // of Kinetics-400, as `names`; "" where it has no such class
  std::vector<int64_t> train, test;  // rows of the published lists; empty where there are none
};

// ks34: the names of the first publication, of which Kinetics-400 lacks three; ks33: the class file of the ARL release,
// in its order; ks31: those of OGM-GE's lists, alphabetical.
const KineticsClasses& kinetics_classes(const std::string& which);

}  // namespace pdmp::data
