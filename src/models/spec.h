// NAME[:option=value]...: how the command line and config files name an encoder or a fusion with its options. A value
// that holds ':' or ',' stands in brackets or quotes (base/nested_text.h).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

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

// The row called `name`, or Error{usage} with the nearest spelling. `kind`: "encoder", "fusion".
template <class Info>
const Info& find_row(const std::vector<Info>& table, const std::string& kind, const std::string& name,
                     const std::string& where) {
  std::vector<std::string> names;
  for (const Info& row : table) {
    if (row.name == name) return row;
    names.emplace_back(row.name);
  }
  throw Error(ErrorKind::usage, where + ": unknown " + kind + " '" + name + "'" + suggestion(name, names));
}

// Options of `spec`'s row with the spec's values set. `more` describes options that every row has besides its own.
template <class Info>
auto configure(const std::vector<Info>& table, const std::string& kind, const std::string& text,
               const std::string& where, const std::function<void(OptionList&)>& more = {}) {
  const Spec spec = parse_spec(text, where);
  auto options = find_row(table, kind, spec.name, where).make_options();
  OptionList list;
  options->describe(list);
  if (more) more(list);
  apply_spec(spec, list, where + ": " + spec.name);
  return options;
}

}  // namespace pdmp
