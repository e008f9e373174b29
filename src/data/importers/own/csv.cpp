// Lists of `id,label` without a header, one a split, and where the media of an id are: what many papers publish.
#include <algorithm>
#include <fmt/format.h>

#include "base/text/value_text.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/list_file.h"
#include "data/importers/shared/media_kind.h"
#include "data/manifest/class_labels.h"
#include "data/manifest/metadata.h"
#include "data/manifest/path_template.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

class CsvImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("root", &roots_,
             "Where the media of each modality are, below --raw: audio=wav/{id}.wav,visual=frames/{split}/{id}. Also "
             "{label}; {id:06d} pads a number with zeros.");
    list.add("lists", &lists_,
             "Folder of train.csv, val.csv and test.csv (also .txt), lines `id,label`; default: --raw.");
    list.add("classes", &classes_, "File with one class a line: fixes the numbering; labels may be names or numbers.");
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    if (roots_.empty()) {
      throw Error(ErrorKind::usage, "expected `root` MODALITY=TEMPLATE, for example `root` audio=wav/{id}.wav");
    }
    const fs::path root = open_download(raw);
    const ImporterOutput output(
        out, {{"importer", "csv"}, {"raw", root.string()}, {"root", roots_}, {"lists", lists_}, {"classes", classes_}},
        overwrite_);
    if (output.is_done_already()) return;
    ImportedSet set;
    set.name = root.filename().string();
    ModalityTypes types;
    for (const ListFile& list : find_lists(lists_.empty() ? root : fs::path(lists_))) add_rows(set, types, list, root);
    const size_t listed = set.rows.size();
    drop_empty(set);
    number(set);
    for (const auto& [name, text] : roots_) {
      const auto type = types.all().find(name);
      if (type == types.all().end()) {
        throw Error(ErrorKind::data,
                    fmt::format("`root` {}={}: expected media there, found none; {} of the files that {} listed "
                                "samples name cannot be used{}",
                                name, text, set.missing.size(), listed,
                                set.missing.empty() ? "" : ", the first: " + set.missing.front()));
      }
      set.columns.push_back(type->second == "text" ? name : name + "_file_name");
      set.modalities.push_back(media_entry(name, type->second, set.columns.back(), root.string()));
    }
    write_imported(std::move(set), output);
  }

 private:
  // In the order train, val, test.
  static std::vector<ListFile> find_lists(const fs::path& folder) {
    std::map<std::string, ListFile> found;
    for (const fs::path& file : sorted_entries(folder)) {
      const std::string extension = lower_case(file.extension().string());
      const auto split = canonical_split(file.stem().string());
      if (!split || (extension != ".csv" && extension != ".txt") || !fs::is_regular_file(file)) continue;
      const auto [other, fresh] = found.emplace(*split, read_list(file));
      if (fresh) continue;
      throw Error(ErrorKind::data, fmt::format("{}: {} is a list of the split {} too; remove one of them",
                                               file.string(), other->second.file.string(), *split));
    }
    std::vector<ListFile> lists;
    for (const char* split : {"train", "val", "test"}) {
      if (const auto list = found.find(split); list != found.end()) lists.push_back(list->second);
    }
    if (!lists.empty()) return lists;
    throw Error(ErrorKind::io, fmt::format("{}: expected lists train.csv, val.csv or test.csv, found none; name their "
                                           "folder with `lists`",
                                           folder.string()));
  }

  void add_rows(ImportedSet& set, ModalityTypes& types, const ListFile& list, const fs::path& root) const {
    const std::string split = *canonical_split(list.file.stem().string());
    for (const ListFile::Line& line : list.lines) {
      const auto fields = split_fields(line.text, ',');
      const bool good = fields && fields->size() == 2 && !(*fields)[0].empty() && !(*fields)[1].empty();
      if (!good) list.refuse(line, "'id,label'");
      if (lower_case((*fields)[0]) == "id" && lower_case((*fields)[1]) == "label") continue;  // a header after all
      ImportedRow row{(*fields)[0], split, (*fields)[1], "", {}};
      for (const auto& [name, text] : roots_) row.cells.push_back(cell(set, types, row, name, text, root));
      set.rows.push_back(std::move(row));
    }
  }

  static std::string cell(ImportedSet& set, ModalityTypes& types, const ImportedRow& row, const std::string& name,
                          const std::string& text, const fs::path& root) {
    const fs::path file = (root / expand_template(text, [&](const std::string& field) {
                             if (field == "id") return row.id;
                             if (field == "label") return row.label;
                             if (field == "split") return row.split;
                             throw Error(ErrorKind::usage, fmt::format("`root` {}={}: expected {{id}}, {{label}} or "
                                                                       "{{split}}, found {{{}}}",
                                                                       name, text, field));
                           })).lexically_normal();
    std::string problem = fs::is_directory(file) ? "" : medium_problem(file);
    if (problem.empty()) problem = place_problem(file, root);
    if (!problem.empty()) {
      set.missing.push_back(fmt::format("{}: {}", file.string(), problem));
      return "";
    }
    const std::string type = media_type(file);
    if (type.empty()) {
      throw Error(ErrorKind::data, fmt::format("{}: expected a picture, recording, video, .npy, .txt or folder of "
                                               "pictures, found another extension; correct `root` {}={}",
                                               file.string(), name, text));
    }
    types.add(name, type, file.string());
    return type == "text" ? text_cell(file, root) : file_cell(root, file);
  }

  static void drop_empty(ImportedSet& set) {
    std::erase_if(set.rows, [](const ImportedRow& row) {
      return std::all_of(row.cells.begin(), row.cells.end(), [](const std::string& cell) { return cell.empty(); });
    });
  }

  void number(ImportedSet& set) const {
    if (classes_.empty()) {
      set.classes = number_classes(set.rows);
      return;
    }
    for (const ListFile::Line& line : read_list(classes_).lines) set.classes.push_back(line.text);
    const ClassIndex index(set.classes);
    for (const ImportedRow& row : set.rows) {
      if (index.find(row.label)) continue;
      throw Error(ErrorKind::data,
                  fmt::format("{}: expected a list of all classes, found no '{}', the label of '{}'; add it{}",
                              classes_, row.label, row.id, index.advice(row.label)));
    }
  }

  NameMap roots_;
  std::string lists_, classes_;
  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_csv_importer() { return std::make_unique<CsvImporter>(); }

}  // namespace pdmp::data
