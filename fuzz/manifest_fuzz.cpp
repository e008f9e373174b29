// Any bytes as a data set: its dataset.json and metadata, divided by a line of three dashes, are refused with an error
// or give rows that keep their promises. A leading '{' on the metadata's side makes it JSON lines, anything else CSV.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include "data/manifest/manifest.h"
#include "data/types/settings.h"
#include "pdmp/error.h"

namespace pdmp::data {

// The table of types needs LibTorch.
CellFiles cell_files(const std::string& type) {
  if (type == "frames" || type == "flow") return CellFiles::several;
  return type == "text" || type == "vector" ? CellFiles::none : CellFiles::one;
}

// So do the types' own checks. In their place: every getter of what they read their settings with.
void check_modality(const ModalityEntry& entry) {
  Settings settings(entry);
  settings.integer("size", 1, 1, 4096);
  settings.number("fps", 1, 0, 1000);
  settings.text("note", "");
  settings.choice("policy", "first", {"first", "random", "segment"});
  settings.numbers("mean", {0.5, 0.5, 0.5});
  for (const int64_t length : settings.sizes("shape")) {
    if (length < 1) std::abort();
  }
  if (const nlohmann::json* inner = settings.value("augment"); inner != nullptr && inner->is_object()) {
    Settings augment(settings.where() + ", augment", *inner);
    augment.number("flip", 0.5, 0, 1);
    augment.finish();
  }
  settings.finish();
}

}  // namespace pdmp::data

namespace {

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(text.data(), static_cast<std::streamsize>(text.size()));
}

void check(const pdmp::data::Manifest& manifest) {
  if (manifest.rows.empty() || manifest.modalities.empty() || manifest.classes.size() < 2) std::abort();
  for (const pdmp::data::ManifestRow& row : manifest.rows) {
    const bool labelled = row.label >= 0 && row.label < static_cast<int64_t>(manifest.classes.size());
    const bool split = row.split == "train" || row.split == "val" || row.split == "test";
    if (!labelled || !split || row.id.empty() || row.cells.size() != manifest.modalities.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::filesystem::path directory = [] {
    const auto path = std::filesystem::temp_directory_path() / ("manifest_fuzz." + std::to_string(getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  constexpr std::string_view kDivider = "\n---\n";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t at = text.find(kDivider);
  const std::string_view metadata = at == std::string_view::npos ? "" : text.substr(at + kDivider.size());
  const bool lines = metadata.starts_with('{');
  std::filesystem::remove(directory / (lines ? "metadata.csv" : "metadata.jsonl"));
  write(directory / "dataset.json", text.substr(0, at));
  write(directory / (lines ? "metadata.jsonl" : "metadata.csv"), metadata);
  try {
    check(pdmp::data::read_manifest(directory, 0));
  } catch (const pdmp::Error& error) {
    if (std::string_view(error.what()).empty()) std::abort();
  }
  return 0;
}
