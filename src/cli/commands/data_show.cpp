#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/option_names.h"
#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "data/encode/encode_png.h"
#include "data/inspect/input_panel.h"
#include "data/inspect/input_picture.h"
#include "data/loader/modality_names.h"
#include "data/manifest/manifest.h"
#include "data/npy/write_npy.h"
#include "data/types/modality_type.h"
#include "data/types/tensors.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"

namespace pdmp::cli {
namespace {

struct ShowArguments {
  std::string directory, id, out, modality;
  bool training = false;
  uint64_t seed = 0;
  FileOptions files;

  bool numbers() const { return std::filesystem::path(out).extension() == ".npy"; }
};

data::ManifestRow find_row(const data::Manifest& manifest, const std::string& id) {
  std::vector<std::string> ids;
  for (const data::ManifestRow& row : manifest.rows) {
    if (row.id == id) return row;
    ids.push_back(row.id);
  }
  // Not all of them: there may be a million.
  const auto close = nearest(id, ids);
  const std::string hint = close ? fmt::format("; did you mean '{}'?", *close)
                                 : fmt::format("; the first of {} is '{}'", ids.size(), ids.front());
  throw Error(ErrorKind::usage, fmt::format("--id: {} has no sample '{}'{}", manifest.directory.string(), id, hint));
}

// All samples of the row's split, whatever they lack, and the position of the row among them.
struct Found {
  std::shared_ptr<const Dataset> data;
  int64_t index = 0;
};

// `modality` "": all of them. A modality's random numbers do not depend on the others.
Found open_row(const data::Manifest& manifest, const data::ManifestRow& row, const std::string& modality) {
  auto all = std::make_shared<data::Manifest>(manifest);
  all->missing = "mask";
  const std::vector<std::string> names(modality.empty() ? 0 : 1, modality);
  Found found{data::open_split(all, row.split, names, 1.0, 0), 0};
  while (found.data->id(found.index) != row.id) ++found.index;
  return found;
}

// What the first epoch of a training with this seed draws for the sample.
Sample load(const Found& found, const ShowArguments& arguments) {
  if (!arguments.training) return found.data->get(found.index, nullptr);
  RandomStream random = random_stream(arguments.seed, fmt::format("augment/0/{}", found.index));
  return found.data->get(found.index, &random);
}

// One line of the legend, but for what it is drawn as.
std::vector<std::string> legend_row(const ModalityInfo& info, const Tensor& input) {
  return {info.name, info.type, fmt::format("{}", fmt::join(info.shape, "x")),
          fmt::format("{:.4g} to {:.4g}", input.min().item<double>(), input.max().item<double>())};
}

// Why the modality is not there.
std::string absence(const Dataset& data, const ModalityInfo& info, const std::string& cell) {
  if (cell.empty()) return "absent: the sample lacks it";
  for (const DecodeFailure& failure : data.failures()) {
    const bool of_cell = failure.path == cell || failure.path.ends_with("/" + cell);
    if (failure.modality == info.name && of_cell) return "absent: " + with_flags(failure.reason);
  }
  return "absent: a file of " + cell + " is missing";
}

// Position of a modality in the manifest.
size_t entry_of(const data::Manifest& manifest, const ModalityInfo& info) {
  size_t m = 0;
  while (manifest.modalities.at(m).name != info.name) ++m;
  return m;
}

struct Shown {
  std::vector<Tensor> pictures;
  std::vector<std::vector<std::string>> legend = {{"modality", "type", "shape", "values", "drawn as"}};
  std::string texts;
};

// "speech: audio 1x64x198, -0.37 to 5.07"
std::string title_of(const std::vector<std::string>& legend) {
  return fmt::format("{}: {} {}, {}", legend[0], legend[1], legend[2], legend[3]);
}

Shown show(const data::Manifest& manifest, const data::ManifestRow& row, const Found& found, const Sample& sample) {
  Shown shown;
  for (size_t m = 0; m < sample.inputs.size(); ++m) {
    const ModalityInfo& info = found.data->modalities()[m];
    const size_t entry = entry_of(manifest, info);
    const Tensor& input = sample.inputs[m];
    std::vector<std::string> legend = legend_row(info, input);
    if (!sample.present[m]) {
      const std::string why = absence(*found.data, info, row.cells[entry]);
      legend[3].assign(1, '-');
      shown.pictures.push_back(data::panel_of_absence(fmt::format("{}: {} {}", legend[0], legend[1], legend[2]), why));
      legend.push_back(why);
    } else {
      const data::InputPanel panel = data::panel_of_input(manifest.modalities[entry], title_of(legend), input);
      shown.pictures.push_back(panel.pixels);
      legend.push_back(panel.drawn_as);
      if (info.type == "text") shown.texts += fmt::format("{}: {}\n", info.name, printable(data::text_of_input(input)));
    }
    shown.legend.push_back(std::move(legend));
  }
  return shown;
}

void check_target(const ShowArguments& arguments) {
  if (arguments.numbers() || std::filesystem::path(arguments.out).extension() == ".png") return;
  throw Error(ErrorKind::usage,
              fmt::format("--out: expected a name that ends in .png or .npy, found '{}'", arguments.out));
}

// One array a file.
void check_one_modality(const ShowArguments& arguments, const Dataset& data) {
  if (!arguments.numbers() || data.modalities().size() == 1) return;
  const std::vector<std::string> names = data::modality_names(data.modalities());
  throw Error(ErrorKind::usage, fmt::format("--out {}: a .npy file holds one modality; name it with --modality {}",
                                            arguments.out, fmt::join(names, "|")));
}

std::string heading(const data::Manifest& manifest, const data::ManifestRow& row, const ShowArguments& arguments) {
  const std::string how =
      arguments.training ? fmt::format("as in training (seed {}, first epoch)", arguments.seed) : "as in evaluation";
  return printable(fmt::format("{}: {}, class {}, {}:{}, {}", row.id, row.split,
                               manifest.classes[static_cast<size_t>(row.label)], row.file, row.line, how));
}

std::string draw(const data::Manifest& manifest, const data::ManifestRow& row, const ShowArguments& arguments,
                 const Found& found, const Sample& sample) {
  Shown shown = show(manifest, row, found, sample);
  shown.pictures.insert(shown.pictures.begin(), data::panel_of_heading(heading(manifest, row, arguments)));
  data::write_png(arguments.out, data::pixels_of(data::stack_pictures(shown.pictures)));
  return text_table(shown.legend, false) + shown.texts;
}

std::string write_numbers(const data::Manifest& manifest, const data::ManifestRow& row, const ShowArguments& arguments,
                          const Found& found, const Sample& sample) {
  const ModalityInfo& info = found.data->modalities()[0];
  if (!sample.present[0]) {
    throw Error(ErrorKind::data, fmt::format("sample '{}', modality '{}': {}; nothing is written", row.id, info.name,
                                             absence(*found.data, info, row.cells[entry_of(manifest, info)])));
  }
  data::write_npy(arguments.out, sample.inputs[0]);
  std::vector<std::vector<std::string>> table = {{"modality", "type", "shape", "values", "as"}};
  table.push_back(legend_row(info, sample.inputs[0]));
  table.back().emplace_back(data::holds_integers(info.type) ? "int64" : "float32");
  return text_table(table, false);
}

}  // namespace

int data_show_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp data show",
                         .summary =
                             "Draws one sample as a model sees it, all modalities one below the other, and "
                             "prints the legend; or writes the very numbers of one modality.",
                         .example = "pdmp data show mydata --id cat1 --out cat1.png --training",
                         .argument = "DIR",
                         .argument_help = "The data set: a folder with dataset.json.",
                         .min_arguments = 1,
                         .max_arguments = 1};
  ShowArguments arguments;
  OptionList list;
  list.add("id", &arguments.id, "The sample, by its id in the metadata.");
  list.add("out", &arguments.out, "The picture to write: a .png file; or a .npy file for the numbers themselves.");
  list.add("modality", &arguments.modality, "This modality alone; none named: all, which a .npy file cannot hold.");
  list.add("training", &arguments.training, "As the first epoch of training sees it: cropped, flipped, masked.");
  list.add("seed", &arguments.seed, "Seed of the training, and of a validation split by val_fraction.");
  arguments.files.describe(list);
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  require(list, help, {"id", "out"});
  check_target(arguments);
  arguments.directory = words.at(0);
  const data::Manifest manifest = data::read_manifest(arguments.directory, arguments.seed, arguments.files);
  const data::ManifestRow row = find_row(manifest, arguments.id);
  const Found found = open_row(manifest, row, arguments.modality);
  check_one_modality(arguments, *found.data);
  const Sample sample = load(found, arguments);
  const std::string text = (arguments.numbers() ? write_numbers : draw)(manifest, row, arguments, found, sample);
  out << heading(manifest, row, arguments) << "\n" << text;
  return 0;
}

}  // namespace pdmp::cli
