#include "cli/run_arguments.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <map>

#include "data/cache/sample_cache.h"
#include "pdmp/error.h"

namespace pdmp::cli {

void RunArguments::describe(OptionList& list, const char* data_help, const std::vector<std::string>& splits) {
  list.add("run", &run, "Run directory of a finished training.");
  list.add("data", &data, data_help);
  list.add("split", &split, "Which samples.").one_of(splits);
  list.add("threads", &threads, "Threads LibTorch computes with; none: as in training.").at_least(0).at_most(1024);
  list.add("workers", &workers, "Threads that decode samples; none: as in training.").at_least(0).at_most(256);
  list.add("batch-size", &batch_size, "Samples at a time; none: as in training.").at_least(1);
  list.add("cache", &cache, "Folder in which decoded samples are kept; none named: nothing is kept.");
  data::describe_cache_limit(list, &cache_gib);
  list.add("max-file-mib", &max_file_mib, "Size from which on a file is not read, in MiB; none: as in training.")
      .at_least(1)
      .at_most(1 << 20);
  list.add("max-file-seconds", &max_file_seconds, "Seconds that reading one file may take; none: as in training.")
      .above(0)
      .at_most(86400);
  list.add("media", &media, "What to do with damaged images: strict or lenient; none named: as in training.")
      .one_of({"", "strict", "lenient"});
  list.add("untrusted", &untrusted,
           "Refuse a data set that reads files outside its own folder, as --data of train does.");
}

TrainedModel RunArguments::load() const {
  TrainedModel model = pdmp::load(run, {.workers = workers,
                                        .batch_size = batch_size,
                                        .device = std::nullopt,
                                        .cache = cache,
                                        .cache_gib = cache_gib,
                                        .max_file_mib = max_file_mib,
                                        .max_file_seconds = max_file_seconds,
                                        .media = media.empty() ? std::nullopt : std::optional(media),
                                        .untrusted = untrusted});
  const int64_t wanted = threads.value_or(model.options().train.threads);
  if (wanted > 0) at::set_num_threads(static_cast<int>(wanted));
  return model;
}

std::shared_ptr<const Dataset> RunArguments::open(const TrainedModel& model) const {
  const TrainingData splits = model.data(data);
  const std::map<std::string, std::shared_ptr<const Dataset>> by_name = {
      {"train", splits.train}, {"val", splits.val}, {"test", splits.test}};
  const auto chosen = by_name.at(split);
  if (!chosen) {
    throw Error(ErrorKind::usage, fmt::format("--split {}: {} has no such samples; choose another split", split,
                                              data.empty() ? model.options().data.data : data));
  }
  return chosen;
}

}  // namespace pdmp::cli
