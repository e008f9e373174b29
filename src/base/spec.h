// NAME[:option=value]...: how the command line and config files name an encoder or a fusion with its options. A value
// that holds ':' or ',' stands in brackets or quotes (base/text/nested_text.h).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/table.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp {

struct Spec {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;  // values with their brackets
};

// `where` ("encoder of modality 'audio'") begins every message. Error{usage}.
Spec parse_spec(const std::string& text, const std::string& where);
// Sets the spec's options in `list`. '+' separates the elements of a list, or a comma within brackets:
// "hidden=64+64+32", "hidden=[64,64,32]".
void apply_spec(const Spec& spec, OptionList& list, const std::string& where);

// Options of `spec`'s row with the spec's values set. `more` describes options that every row has besides its own.
template <class Rows>
auto configure(const Rows& table, const std::string& kind, const std::string& text, const std::string& where,
               const std::function<void(OptionList&)>& more = {}) {
  const Spec spec = parse_spec(text, where);
  auto options = get_row(table, spec.name, where + ": unknown " + kind).make_options();
  OptionList list;
  options->describe(list);
  if (more) more(list);
  apply_spec(spec, list, where + ": " + spec.name);
  return options;
}

}  // namespace pdmp
