// WebDataset: tar shards whose members KEY.EXTENSION belong together. Media are unpacked below --out.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/text/json.h"
#include "base/text/value_text.h"
#include "data/importers/own/tar.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/folder_tree.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/media_kind.h"
#include "data/manifest/metadata.h"
#include "data/tables/file_list.h"
#include "data/tables/metadata_limits.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

struct Shard {
  fs::path file;
  std::string split;
};

// By the folder of the shard, or the beginning of its name: train-000000.tar, imagenet-val-000000.tar.
std::string split_of(const fs::path& shard, bool& named) {
  const std::string folder = shard.parent_path().filename().string(), stem = shard.stem().string();
  for (size_t at = 0; at <= stem.size();) {
    const size_t end = std::min(stem.find_first_of("-_.", at), stem.size());
    if (const auto split = canonical_split(stem.substr(at, end - at))) return *split;
    at = end + 1;
  }
  const auto split = canonical_split(folder);
  named = named && split.has_value();
  return split.value_or("train");
}

std::vector<Shard> find_shards(const fs::path& root) {
  std::vector<Shard> shards;
  bool named = true;
  const auto add = [&](const fs::path& file) {
    if (file.extension() == ".tar" && fs::is_regular_file(file)) shards.push_back({file, split_of(file, named)});
  };
  for (const fs::path& entry : sorted_entries(root)) {
    add(entry);
    if (!fs::is_directory(entry)) continue;
    for (const fs::path& file : sorted_entries(entry)) add(file);
  }
  if (shards.empty()) {
    throw Error(ErrorKind::io, fmt::format("{}: expected shards like train-000000.tar, found none", root.string()));
  }
  if (!named) log_warning("shards that name no split (train, val, test) count as train");
  return shards;
}

struct Found {
  ImportedRow row;
  std::map<std::string, std::string> cells;  // by modality
};

// "a/clip01.rgb.jpg" -> "a/clip01", "rgb.jpg".
std::pair<std::string, std::string> split_at_first_dot(const std::string& name) {
  const size_t slash = name.rfind('/'), from = slash == std::string::npos ? 0 : slash + 1;
  const size_t dot = std::min(name.find('.', from), name.size());
  return {name.substr(0, dot), dot == name.size() ? "" : name.substr(dot + 1)};
}

// "a/22.05.CLS" -> "a/22.05", "cls".
std::pair<std::string, std::string> split_at_last_dot(const std::string& name) {
  const size_t slash = name.rfind('/'), dot = name.rfind('.');
  if (dot == std::string::npos || (slash != std::string::npos && dot < slash)) return {name, ""};
  return {name.substr(0, dot), lower_case(name.substr(dot + 1))};
}

// Of a member in a hidden folder, or what macOS puts beside each file: no data.
bool is_hidden(const std::string& name) {
  const fs::path path(name);
  return std::any_of(path.begin(), path.end(), [](const fs::path& part) { return part != "." && is_leftover(part); });
}

// "rgb.jpg" -> rgb; "jpg" -> image; "0.jpg" -> image_0.
std::string modality_name(const std::string& extension, const std::string& type) {
  const size_t dot = extension.rfind('.');
  if (dot == std::string::npos) return type;
  std::string part = extension.substr(0, dot);
  std::replace(part.begin(), part.end(), '.', '_');
  const bool digits = std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? type + "_" + part : part;
}

std::string without_blanks(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

class WebdatasetImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("label", &label_, "Key of the class in .json members; a .cls member goes before it.");
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    const fs::path root = open_download(raw);
    const std::vector<Shard> shards = find_shards(root);
    nlohmann::json sizes = nlohmann::json::object();  // what was unpacked of other shards is not kept
    for (const Shard& shard : shards) sizes[cell_below(root, shard.file)] = fs::file_size(shard.file);
    const ImporterOutput output(
        out, {{"importer", "webdataset"}, {"raw", root.string()}, {"label", label_}, {"shards", sizes}}, overwrite_);
    if (output.is_done_already()) return;
    ImportedSet set;
    set.name = root.filename().string();
    ModalityTypes types;
    std::vector<Found> found;
    Progress progress("shards", static_cast<int64_t>(shards.size()), "shard");
    for (const Shard& shard : shards) {
      add_shard(set, types, found, shard, root, output);
      progress.advance();
    }
    for (const auto& [name, type] : types.all()) {
      set.columns.push_back(type == "text" ? name : name + "_file_name");
      set.modalities.push_back(media_entry(name, type, set.columns.back(), ""));
    }
    for (Found& item : found) {
      for (const auto& [name, type] : types.all()) item.row.cells.push_back(item.cells[name]);
      set.rows.push_back(std::move(item.row));
    }
    set.classes = number_classes(set.rows);
    write_imported(std::move(set), output);
  }

 private:
  void add_shard(ImportedSet& set, ModalityTypes& types, std::vector<Found>& found, const Shard& shard,
                 const fs::path& root, const ImporterOutput& output) const {
    const std::string folder = fs::path(cell_below(root, shard.file)).replace_extension().generic_string();
    const std::vector<TarMember> members = members_of(shard, set);
    const std::map<std::string, std::string> labels = labels_of(shard, members);
    std::map<std::string, Found> samples;
    std::set<std::string> unlabelled;
    for (const TarMember& member : members) {
      if (interrupted()) {
        throw Error(ErrorKind::interrupted, "stopped while unpacking; the same command goes on where it stopped");
      }
      const std::string key = key_of(member.name, labels);
      if (key.empty()) {
        unlabelled.insert(split_at_first_dot(member.name).first);
      } else if (Found& item = samples[key]; !is_label(member.name)) {
        add_member(set, types, item, shard, member, member.name.substr(key.size() + 1), folder, output);
      }
    }
    for (const std::string& key : unlabelled) {
      set.missing.push_back(
          fmt::format("{}: {}: has no class (.cls, or '{}' in .json)", shard.file.string(), key, label_));
    }
    for (auto& [key, item] : samples) {
      item.row.id = folder + "/" + key;
      item.row.split = shard.split;
      item.row.label = labels.at(key);
      found.push_back(std::move(item));
    }
  }

  static bool is_label(const std::string& name) {
    const std::string extension = split_at_last_dot(name).second;
    return extension == "cls" || extension == "json";
  }

  // Without hidden ones, each name once.
  static std::vector<TarMember> members_of(const Shard& shard, ImportedSet& set) {
    std::vector<TarMember> members;
    std::set<std::string> names;
    for (TarMember& member : read_tar(shard.file)) {
      if (is_hidden(member.name)) continue;
      if (names.insert(member.name).second) {
        members.push_back(std::move(member));
      } else {
        set.missing.push_back(
            fmt::format("{}: {}: is in the shard twice, the second is left out", shard.file.string(), member.name));
      }
    }
    return members;
  }

  // By key: what stands before the extension of a member that says the class. A .cls member goes before a .json one.
  std::map<std::string, std::string> labels_of(const Shard& shard, const std::vector<TarMember>& members) const {
    std::map<std::string, std::string> labels;
    for (const char* wanted : {"cls", "json"}) {
      for (const TarMember& member : members) {
        const auto [key, extension] = split_at_last_dot(member.name);
        if (extension != wanted || labels.contains(key)) continue;
        const std::string label = extension == "cls"
                                      ? without_blanks(read_tar_member(shard.file, member, kMostFieldBytes))
                                      : label_in(shard, member);
        if (!label.empty()) labels[key] = label;
      }
    }
    return labels;
  }

  // The longest beginning up to a dot that has a class: keys may hold dots themselves. "" where none has.
  static std::string key_of(const std::string& name, const std::map<std::string, std::string>& labels) {
    const size_t slash = name.rfind('/'), from = slash == std::string::npos ? 0 : slash + 1;
    for (size_t dot = name.rfind('.'); dot != std::string::npos && dot > from; dot = name.rfind('.', dot - 1)) {
      if (labels.contains(name.substr(0, dot))) return name.substr(0, dot);
    }
    return "";
  }

  // `extension`: what follows the key.
  static void add_member(ImportedSet& set, ModalityTypes& types, Found& item, const Shard& shard,
                         const TarMember& member, const std::string& extension, const std::string& folder,
                         const ImporterOutput& output) {
    const std::string where = shard.file.string() + ": " + member.name, type = media_type_of_name(member.name);
    if (type.empty() || member.size == 0) {
      set.missing.push_back(where + (type.empty() ? ": is no medium that is read" : ": is empty"));
      return;
    }
    const std::string name = modality_name(extension, type);
    types.add(name, type, where);
    if (item.cells.contains(name)) {
      set.missing.push_back(where + ": another file gives the sample's " + name + ", so it is left out");
    } else if (type == "text") {
      std::string text = without_blanks(read_tar_member(shard.file, member, kMostFieldBytes));
      std::replace_if(
          text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
      item.cells[name] = text;
    } else {
      const std::string file = "media/" + folder + "/" + member.name;
      output.make(file, [&](const fs::path& target) { extract_tar_member(shard.file, member, target); });
      item.cells[name] = escaped_file(file);
    }
  }

  // "" where there is none. KEY.json must be an object that may have one; others, such as KEY.camera.json, may be
  // anything.
  std::string label_in(const Shard& shard, const TarMember& member) const {
    const bool plain = lower_case(split_at_first_dot(member.name).second) == "json";
    if (!plain && member.size > kDescriptionLimits.bytes) return "";
    nlohmann::json json;
    try {
      json = parse_json(read_tar_member(shard.file, member, kDescriptionLimits.bytes), kDescriptionLimits);
    } catch (const JsonFault&) {
      // not an object either
    }
    const auto found = json.is_object() ? json.find(label_) : json.end();
    const bool has_label = found != json.end() && !found->is_null();
    if (json.is_object() && !has_label) return "";
    if (has_label && !found->is_structured()) return found->is_string() ? found->get<std::string>() : found->dump();
    if (!plain) return "";
    const std::string where = shard.file.string() + ": " + member.name;
    if (!json.is_object()) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: expected a JSON object, found something else; mend the shard", where));
    }
    throw Error(ErrorKind::data,
                fmt::format("{}: expected '{}' to be a text or a number, found a list or object; mend the shard", where,
                            label_));
  }

  std::string label_ = "label";
  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_webdataset_importer() { return std::make_unique<WebdatasetImporter>(); }

}  // namespace pdmp::data
