#include "compare/variant.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <regex>
#include <set>

#include "base/files/digest.h"
#include "base/spec.h"
#include "base/table.h"
#include "base/text/nested_text.h"
#include "pdmp/error.h"

namespace pdmp::comparing {
namespace {

constexpr const char* kAll = "all";
constexpr const char* kNested = "; a value with commas or colons stands in brackets: pdmp:coefficients=[a=15,b=15]";
// What all rows share, or they could not be compared.
constexpr std::array kFixed = {"data",   "modalities", "val",  "max-undecodable", "cache",  "cache-gib",
                               "method", "fusion",     "seed", "select",          "device", "keep"};

// "gamma" of pdmp -> "pdmp.gamma"; "lr" -> "lr".
std::string full_name(const std::string& key, const std::string& method, const std::string& where) {
  RunOptions options;
  OptionList list;
  options.describe(list);
  std::vector<std::string> names;
  for (const auto& option : list.all()) {
    const std::string& name = option->name();
    if (name == method + "." + key) return name;
    if (name.starts_with(method + ".")) names.push_back(name.substr(method.size() + 1));
  }
  if (std::find(kFixed.begin(), kFixed.end(), key) != kFixed.end()) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: '{}' is the same for all rows of a comparison; give it as a flag", where, key));
  }
  for (const auto& option : list.all()) {
    const std::string& name = option->name();
    if (option->is_internal() || name.find('.') != std::string::npos) continue;
    if (name == key) return name;
    names.push_back(name);
  }
  throw Error(ErrorKind::usage, fmt::format("{}: unknown option '{}'{}", where, key, suggestion(key, names)));
}

Variant parse_variant(const std::string& text) {
  const std::string where = "`methods` " + text;
  expect_nested(text, where);
  const std::vector<std::string> parts = split_nested(text, ':');
  if (parts[0].empty() || parts[0].find('=') != std::string::npos) {
    throw Error(ErrorKind::usage,
                fmt::format("`methods`: expected NAME:option=value, found '{}'{}", parts[0], kNested));
  }
  Variant variant{.name = text, .method = find_method(parts[0]).name, .settings = {}};
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: expected NAME:option=value, found '{}' after a colon{}", where, parts[i], kNested));
    }
    variant.settings.emplace_back(full_name(parts[i].substr(0, equals), variant.method, where),
                                  parts[i].substr(equals + 1));
  }
  with_variant(RunOptions(), variant);  // refuses values now, not after an hour
  return variant;
}

// What a folder name would be read as, if it had nothing but colons to hide: "pdmp-gamma=5" as "pdmp:gamma=5".
std::string read_folder_name(const std::string& name) {
  static const std::regex option("-([a-z][a-z0-9._-]*=)");
  return std::regex_replace(name, option, ":$1");
}

}  // namespace

std::vector<Variant> parse_variants(const std::vector<std::string>& texts) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    if (text != kAll) {
      names.push_back(text);
      continue;
    }
    const std::vector<std::string> all = row_names(method_table());
    names.insert(names.end(), all.begin(), all.end());
  }
  std::vector<Variant> variants;
  std::set<std::string> known;
  for (const std::string& name : names) {
    if (!known.insert(name).second) {
      throw Error(ErrorKind::usage, fmt::format("`methods`: '{}' is there twice; name each once", name));
    }
    variants.push_back(parse_variant(name));
  }
  if (variants.empty()) throw Error(ErrorKind::usage, "`methods`: expected at least one method, found none");
  return variants;
}

RunOptions with_variant(const RunOptions& base, const Variant& variant) {
  RunOptions options = base;
  options.method.select(variant.method);
  OptionList list;
  options.describe(list);
  apply_spec({variant.method, variant.settings}, list, "`methods` " + variant.name);
  return options;
}

std::string folder_name(const std::string& text) {
  constexpr size_t kLongest = 120, kDigits = 12;  // of the 255 bytes file systems take
  std::string name = text;
  for (char& c : name) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("._=+-").find(c) != std::string_view::npos;
    if (!plain) c = '-';
  }
  if (name.starts_with('.')) name[0] = '-';
  if (name.size() <= kLongest && read_folder_name(name) == text) return name;
  return name.substr(0, kLongest) + "~" + digest_of(text).substr(0, kDigits);
}

}  // namespace pdmp::comparing
