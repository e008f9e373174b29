// What `pdmp compare --methods` names: methods, each with settings of its own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compare/comparison.h"
#include "pdmp/run.h"

namespace pdmp::comparing {

// NAME[:option=value]..., as encoders and fusions are named: "joint:lr=0.015", "pdmp:gamma=5". Brackets or quotes hold
// values with commas and colons together: "pdmp:coefficients=[audio=15,lips=15]" (base/text/nested_text.h).
struct Variant {
  std::string name;    // as typed
  std::string method;  // row of the table
  // Full option name -> text, with its brackets: "pdmp.gamma" -> "5".
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<ControlRole> controls = {};  // what it is a control of (controls.h)
  bool added_control = false;              // it is there for that only
};

// "all" stands for every method of the table. An option is the method's own, or else one of the training or the model.
// Error{usage} naming the entry: unknown names with the nearest spelling, twice the same, and options that a comparison
// must hold fixed (data, seed, fusion).
std::vector<Variant> parse_variants(const std::vector<std::string>& texts);

// `base` with the method and settings of the variant; `base` stays as it is. Error{usage} on values out of range.
RunOptions with_variant(const RunOptions& base, const Variant& variant);

// A name for a folder: whatever file systems or shells mind is '-'. Another text has another name: one that "-" for ":"
// before options does not tell is followed by "~" and a digest of the text.
std::string folder_name(const std::string& text);

}  // namespace pdmp::comparing
