#include <nlohmann/json.hpp>

#include "base/table.h"
#include "base/text/json.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/print/method_page.h"
#include "cli/print/model_page.h"
#include "data/features/profiles.h"
#include "metrics/metric.h"
#include "pdmp/error.h"
#include "pdmp/importer.h"
#include "pdmp/method.h"
#include "pdmp/model.h"

namespace pdmp::cli {
namespace {

struct Entry {
  std::string name, summary, detail;  // detail: paper, shapes; may be empty
};

struct Listing {
  const char* name;
  const char* detail;  // what `detail` of its entries is, as a JSON key; null: there is none
  std::vector<Entry> (*entries)();
  std::string (*page)() = nullptr;  // of docs/, where there is one
};

template <class Table, class Detail>
std::vector<Entry> entries_of(const Table& table, Detail detail) {
  std::vector<Entry> result;
  for (const auto& row : table) result.push_back({row.name, row.summary, detail(row)});
  return result;
}

template <class Table>
std::vector<Entry> entries_of(const Table& table) {
  return entries_of(table, [](const auto&) { return ""; });
}

std::vector<Entry> models() {
  std::vector<Entry> result = entries_of(encoder_table(), [](const EncoderInfo&) { return "encoder"; });
  const std::vector<Entry> fusions = entries_of(fusion_table(), [](const FusionInfo&) { return "fusion"; });
  result.insert(result.end(), fusions.begin(), fusions.end());
  return result;
}

const std::vector<Listing>& listing_table() {
  static const std::vector<Listing> table = {
      {"methods", "source", [] { return entries_of(method_table(), [](const MethodInfo& row) { return row.source; }); },
       method_page},
      {"fusions", "source",
       [] { return entries_of(fusion_table(), [](const FusionInfo& row) { return row.source; }); }},
      {"encoders", "input",
       [] { return entries_of(encoder_table(), [](const EncoderInfo& row) { return row.input; }); }},
      {"models", "kind", models, model_page},
      {"importers", nullptr, [] { return entries_of(importer_table()); }},
      {"profiles", nullptr, [] { return entries_of(data::audio_profile_table()); }},
      {"metrics", nullptr, [] { return entries_of(metric_table()); }},
  };
  return table;
}

const Listing& find_listing(const std::string& name) {
  return get_row(listing_table(), name, "pdmp list: unknown list");
}

}  // namespace

int list_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{
      .name = "pdmp list",
      .summary = "What there is to choose from.",
      .example = "pdmp list encoders",
      .argument = "WHAT",
      .argument_help = "methods, fusions, encoders, models (both of them), importers, profiles or metrics.",
      .min_arguments = 1,
      .max_arguments = 1};
  bool as_json = false, as_page = false;
  OptionList list;
  list.add("json", &as_json, "Print JSON.");
  list.add("markdown", &as_page,
           "models, methods: print docs/models.md, docs/methods.md, with sources, options and costs.");
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  const Listing& listing = find_listing(words.at(0));
  if (as_page) {
    if (listing.page == nullptr || as_json) {
      throw Error(ErrorKind::usage,
                  "--markdown: expected the list 'models' or 'methods' and no --json; pdmp list models --markdown");
    }
    out << listing.page();
    return 0;
  }
  nlohmann::json values = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Entry& entry : listing.entries()) {
    rows.push_back({entry.name, entry.summary, entry.detail});
    values.push_back({{"name", entry.name}, {"summary", entry.summary}});
    if (listing.detail != nullptr) values.back()[listing.detail] = entry.detail;
  }
  out << (as_json ? json_text(values) : text_table(rows, false));
  return 0;
}

}  // namespace pdmp::cli
