#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "data/decode/encode_png.h"
#include "data/input_picture.h"
#include "data/manifest.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

struct ShowArguments {
  std::string directory, id, out;
  bool training = false;
  uint64_t seed = 0;
};

const ManifestRow& find_row(const Manifest& manifest, const std::string& id) {
  std::vector<std::string> ids;
  for (const ManifestRow& row : manifest.rows) {
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

Found open_row(const Manifest& manifest, const ManifestRow& row) {
  auto all = std::make_shared<Manifest>(manifest);
  all->missing = "mask";
  Found found{open_split(all, row.split, {}, 1.0, 0), 0};
  while (found.data->id(found.index) != row.id) ++found.index;
  return found;
}

// What the first epoch of a training with this seed draws for the sample.
Sample load(const Found& found, const ShowArguments& arguments) {
  if (!arguments.training) return found.data->get(found.index, nullptr);
  RandomStream random = random_stream(arguments.seed, fmt::format("augment/0/{}", found.index));
  return found.data->get(found.index, &random);
}

// One line of the legend, but for the rows of the picture.
std::vector<std::string> legend_row(const ModalityInfo& info, const Tensor& input) {
  return {info.name, info.type, fmt::format("{}", fmt::join(info.shape, "x")),
          fmt::format("{:.4g} to {:.4g}", input.min().item<double>(), input.max().item<double>())};
}

// Why the modality is not there.
std::string absence(const Dataset& data, const ModalityInfo& info, const std::string& cell) {
  if (cell.empty()) return "absent: the sample lacks it";
  for (const DecodeFailure& failure : data.failures()) {
    const bool of_cell = failure.path == cell || failure.path.ends_with("/" + cell);
    if (failure.modality == info.name && of_cell) return "absent: " + failure.reason;
  }
  return "absent: a file of " + cell + " is missing";
}

struct Shown {
  std::vector<Tensor> pictures;
  std::vector<std::vector<std::string>> legend = {{"modality", "type", "shape", "values", "in the picture"}};
  std::string texts;
};

Shown show(const Manifest& manifest, const ManifestRow& row, const Found& found, const Sample& sample) {
  Shown shown;
  int64_t y = 0;
  for (size_t m = 0; m < sample.inputs.size(); ++m) {
    const ModalityInfo& info = found.data->modalities()[m];
    const Tensor& input = sample.inputs[m];
    shown.legend.push_back(legend_row(info, input));
    std::string& place = shown.legend.back().emplace_back();
    if (!sample.present[m]) {
      shown.legend.back()[3] = "-";
      place = absence(*found.data, info, row.cells[m]);
    } else if (info.type == "text") {
      place = "as text below";
      shown.texts += fmt::format("{}: {}\n", info.name, text_of_input(input));
    } else {
      const Tensor picture = picture_of_input(manifest.modalities[m], input);
      place = fmt::format("rows {} to {}, {} columns", y, y + picture.size(0) - 1, picture.size(1));
      y += picture.size(0) + kPictureGap;
      shown.pictures.push_back(picture);
    }
  }
  return shown;
}

void check_target(const std::string& out) {
  if (std::filesystem::path(out).extension() == ".png") return;
  throw Error(ErrorKind::usage, fmt::format("--out: expected a name that ends in .png, found '{}'", out));
}

std::string text_of(const Manifest& manifest, const ManifestRow& row, const ShowArguments& arguments,
                    const Shown& shown) {
  const std::string how =
      arguments.training ? fmt::format("as in training (seed {}, first epoch)", arguments.seed) : "as in evaluation";
  std::string text = fmt::format("{}: {}, class {}, {}:{}, {}\n", row.id, row.split,
                                 manifest.classes[static_cast<size_t>(row.label)], row.file, row.line, how);
  text += text_table(shown.legend, false) + shown.texts;
  if (shown.pictures.empty()) text += fmt::format("nothing to draw: {} is not written\n", arguments.out);
  return text;
}

}  // namespace

int data_show_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{.name = "pdmp data show",
                         .summary =
                             "Draws one sample as a model sees it, all modalities one below the other, and "
                             "prints the legend.",
                         .example = "pdmp data show mydata --id cat1 --out cat1.png --training",
                         .argument = "DIR",
                         .argument_help = "The data set: a folder with dataset.json.",
                         .min_arguments = 1,
                         .max_arguments = 1};
  ShowArguments arguments;
  OptionList list;
  list.add("id", &arguments.id, "The sample, by its id in the metadata.");
  list.add("out", &arguments.out, "The picture to write: a .png file.");
  list.add("training", &arguments.training, "As the first epoch of training sees it: cropped, flipped, masked.");
  list.add("seed", &arguments.seed, "Seed of the training, and of a validation split by val_fraction.");
  std::vector<std::string> words;
  if (!parse_arguments(list, args, help, out, &words)) return 0;
  require(list, help, {"id", "out"});
  check_target(arguments.out);
  arguments.directory = words.at(0);
  const Manifest manifest = read_manifest(arguments.directory, arguments.seed);
  const ManifestRow& row = find_row(manifest, arguments.id);
  const Found found = open_row(manifest, row);
  const Sample sample = load(found, arguments);
  const Shown shown = show(manifest, row, found, sample);
  if (!shown.pictures.empty()) write_png(arguments.out, stack_pictures(shown.pictures));
  out << text_of(manifest, row, arguments, shown);
  return 0;
}

}  // namespace pdmp
