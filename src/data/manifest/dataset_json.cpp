#include "data/manifest/dataset_json.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp::data {
namespace {

using Json = nlohmann::json;

// A JSON object with its place, for messages: "mydata/dataset.json: modality 2".
class Object {
 public:
  Object(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail(fmt::format("expected an object in braces, found {}", json.dump()));
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::data, fmt::format("{}: {}", where_, message));
  }

  bool has(const char* key) const { return json_.contains(key); }
  const Json& at(const char* key) const { return json_.at(key); }
  const std::string& where() const { return where_; }

  std::string text(const char* key, const std::string& otherwise = "") const {
    if (!has(key)) return otherwise;
    if (!at(key).is_string()) fail(fmt::format("'{}': expected text, found {}", key, at(key).dump()));
    return at(key).get<std::string>();
  }

  // Or a part of one: each row's cells begin with it.
  std::string path(const char* key) const {
    constexpr size_t kLongest = 4096;  // PATH_MAX
    std::string result = text(key);
    if (result.size() > kLongest)
      fail(fmt::format("'{}': expected at most {} bytes, found {}", key, kLongest, result.size()));
    return result;
  }

  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> result;
    if (!has(key)) return result;
    const bool good = at(key).is_array() && !at(key).empty() &&
                      std::all_of(at(key).begin(), at(key).end(), [](const Json& item) { return item.is_string(); });
    if (!good) fail(fmt::format("'{}': expected a list of texts, found {}", key, at(key).dump()));
    for (const Json& item : at(key)) result.push_back(item.get<std::string>());
    check_distinct(key, result);
    return result;
  }

 private:
  void check_distinct(const char* key, const std::vector<std::string>& values) const {
    std::set<std::string> seen;
    for (const std::string& value : values) {
      if (!seen.insert(value).second) fail(fmt::format("'{}': '{}' is there twice; remove one", key, value));
    }
  }

  const Json& json_;
  std::string where_;
};

// The name becomes part of flags (audio=resnet18), of logged numbers (coef/audio) and of file names.
void check_name(const Object& object, const std::string& name) {
  const bool good = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (!good) object.fail(fmt::format("'name': expected letters, digits, '_' and '-', found '{}'", name));
}

// Where the cells come from: exactly one of column, columns, path; or root and ext, or the column named after it.
void check_source(const Object& object, const ModalityEntry& entry) {
  const int sources = int{object.has("column")} + int{object.has("columns")} + int{object.has("path")};
  if (sources > 1) object.fail("expected one of 'column', 'columns' and 'path', found several; keep one");
  if (!entry.columns.empty() && (object.has("root") || object.has("ext"))) {
    object.fail("'columns' holds numbers: 'root' and 'ext' belong to files; remove them");
  }
}

ModalityEntry parse_entry(const Json& json, const std::string& where) {
  const Object object(json, where);
  ModalityEntry entry;
  entry.name = object.text("name");
  entry.type = object.text("type");
  entry.column = object.text("column");
  entry.columns = object.texts("columns");
  entry.path = object.path("path");
  entry.root = object.path("root");
  entry.ext = object.path("ext");
  entry.augment_with = object.text("augment_with");
  entry.settings = json;
  check_name(object, entry.name);
  check_source(object, entry);
  try {
    check_modality(entry);
  } catch (const Error& error) {
    object.fail(error.what());
  }
  return entry;
}

std::vector<ModalityEntry> parse_entries(const Object& object) {
  if (!object.has("modalities") || !object.at("modalities").is_array() || object.at("modalities").empty()) {
    object.fail("'modalities': expected a list of at least one modality");
  }
  constexpr size_t kMost = 256;
  if (object.at("modalities").size() > kMost) {
    object.fail(fmt::format("'modalities': expected at most {}, found {}", kMost, object.at("modalities").size()));
  }
  std::vector<ModalityEntry> entries;
  for (const Json& item : object.at("modalities")) {
    ModalityEntry entry = parse_entry(item, fmt::format("{}: modality {}", object.where(), entries.size() + 1));
    for (const ModalityEntry& other : entries) {
      if (other.name == entry.name) object.fail(fmt::format("modality '{}' is there twice; rename one", entry.name));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string parse_missing(const Object& object) {
  const std::string missing = object.text("missing", "mask");
  const std::vector<std::string> choices = {"mask", "skip", "error"};
  if (missing == "zero") return "mask";  // the same thing: zeros, marked absent
  if (std::find(choices.begin(), choices.end(), missing) == choices.end()) {
    object.fail(fmt::format("'missing': unknown value '{}'{}", missing, suggestion(missing, choices)));
  }
  return missing;
}

void parse_validation(const Object& object, DatasetJson& result) {
  if (object.has("val_fraction")) {
    const Json& value = object.at("val_fraction");
    if (!value.is_number() || value.get<double>() <= 0 || value.get<double>() >= 1) {
      object.fail(fmt::format("'val_fraction': expected a number between 0 and 1, found {}", value.dump()));
    }
    result.val_fraction = value.get<double>();
  }
  if (object.has("val_seed")) {
    const Json& value = object.at("val_seed");
    if (!value.is_number_unsigned()) {
      object.fail(fmt::format("'val_seed': expected a whole number of at least 0, found {}", value.dump()));
    }
    result.val_seed = value.get<uint64_t>();
  }
}

ColumnNames parse_columns(const Object& object) {
  ColumnNames columns;
  for (const std::string& key : ColumnNames::keys()) {
    if (!object.has(key.c_str())) continue;
    const std::string column = object.text(key.c_str());
    if (column.empty()) object.fail(fmt::format("'{}': expected the name of a column, found an empty text", key));
    columns.set(key, column);
  }
  return columns;
}

}  // namespace

const std::vector<std::string>& ColumnNames::keys() {
  static const std::vector<std::string> keys = {"id", "split", "label", "group", "start", "end"};
  return keys;
}

const std::string& ColumnNames::of(const std::string& key) const {
  const auto found = named_.find(key);
  return found == named_.end() ? key : found->second;
}

const std::vector<std::string>& dataset_json_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all = {"$schema",  "name",    "task",         "classes",  "modalities",
                                    "metadata", "missing", "val_fraction", "val_seed", "live_class"};
    all.insert(all.end(), ColumnNames::keys().begin(), ColumnNames::keys().end());
    return all;
  }();
  return keys;
}

DatasetJson parse_dataset_json(const nlohmann::json& json, const std::filesystem::path& file) {
  const Object object(json, file.string());
  for (const auto& [key, value] : json.items()) {
    const std::vector<std::string>& known = dataset_json_keys();
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      object.fail(fmt::format("unknown key '{}'{}", key, suggestion(key, known)));
    }
  }
  if (const std::string task = object.text("task", "classification"); task != "classification") {
    object.fail(fmt::format("'task': expected classification, found '{}'", task));
  }
  DatasetJson result;
  result.name = object.text("name", file.parent_path().filename().string());
  object.text("$schema");  // for editors
  result.metadata = object.text("metadata");
  result.columns = parse_columns(object);
  result.missing = parse_missing(object);
  result.classes = object.texts("classes");
  result.live_class = object.text("live_class");
  result.modalities = parse_entries(object);
  parse_validation(object, result);
  return result;
}

}  // namespace pdmp::data
