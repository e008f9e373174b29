#include "data/cache/sample_cache.h"
#include "pdmp/run.h"
#include "run/files/config.h"

namespace pdmp {
namespace {

void describe_all_but_methods(RunOptions& options, OptionList& list) {
  list.heading("Data");
  options.data.describe(list);
  list.heading("Run");
  list.add("run", &options.run, "Run directory; it is made.").internal();
  options.method.describe_name(list);
  list.add("analysis", &options.analysis_file, "analysis.json to use instead of analysing the modalities.").internal();
  list.add("alone", &options.alone,
           "Runs of the modalities trained alone (audio=DIR,visual=DIR) for methods that learn from them; one that is "
           "not named is trained first.")
      .internal()
      .advanced();
  list.add("init-from", &options.init_from,
           "Run whose weights to start from: its directory (the selected epoch), or a weights.safetensors in its "
           "checkpoints/. Encoders are matched by modality, rows of the head by class; what it lacks starts afresh.");
  list.add("resume", &options.resume, "Go on with the run in --run; with more --epochs, extend it.").internal();
  list.add("overwrite", &options.overwrite, "Delete the run in --run and start again.").internal();
  list.heading("Model");
  options.model.describe(list);
  list.heading("Training");
  options.train.describe(list);
  list.add("profile", &options.train.profile,
           "Time the phases of training: a table at the end, and `phases` in each line of timing.jsonl.")
      .internal()
      .advanced();
  list.group("analysis", [&](OptionList& inner) { options.analysis.describe(inner); });
}

}  // namespace

void DataOptions::describe(OptionList& list) {
  list.add("data", &data, "Data set: the folder of dataset.json.");
  list.add("modalities", &modalities, "Modalities to use, in the order of the data set; none named: all.");
  list.add("val", &val, "Validation split: the data set's (auto), or none: it joins train.").one_of({"auto", "none"});
  list.add("max-undecodable", &max_undecodable, "Largest share of a modality's files in a split that may not decode.")
      .at_least(0)
      .at_most(1)
      .advanced();
  list.add("cache", &cache,
           "Folder in which decoded samples are kept for the next epoch and the next run; off: none, as where none is "
           "named, except by compare: OUT/cache.");
  data::describe_cache_limit(list, &cache_gib);
  files.describe(list);
}

void RunOptions::describe(OptionList& list) {
  describe_all_but_methods(*this, list);
  method.describe_all(list);
}

void runs::describe_config(RunOptions& options, OptionList& list) {
  describe_all_but_methods(options, list);
  options.method.describe_chosen(list);
}

}  // namespace pdmp
