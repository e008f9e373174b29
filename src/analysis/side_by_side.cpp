#include "analysis/side_by_side.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/progress.h"
#include "base/signal.h"
#include "metrics/metric.h"
#include "pdmp/error.h"
#include "train/next_batch.h"

namespace pdmp::analysis {
namespace {

// What a loader of modality m alone would hand out.
Batch part_of(const Batch& batch, int64_t m) {
  return {.inputs = {batch.inputs.at(static_cast<size_t>(m))},
          .present = batch.present.narrow(1, m, 1).contiguous(),
          .labels = batch.labels,
          .index = batch.index};
}

class SideBySide {
 public:
  SideBySide(const std::vector<Lane>& lanes, const std::shared_ptr<const Dataset>& train, const TrainOptions& options)
      : lanes_(lanes),
        generators_(lanes.size()),
        loader_(train, training::training_loader(options)),
        metric_(find_metric(options.select_metric)),
        progress_("each modality alone", options.epochs * loader_.batches(), "step") {
    for (size_t i = 0; i < lanes_.size(); ++i) alone(i, &training::TrainingLoop::begin);
    progress_.advance(epoch() * loader_.batches());
  }

  int64_t epoch() const {  // that every lane has reached
    int64_t epoch = lanes_.front().loop->epoch();
    for (const Lane& lane : lanes_) epoch = std::min(epoch, lane.loop->epoch());
    return epoch;
  }

  bool finished() const {
    return std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.loop->finished(); });
  }

  void train_epoch() {
    const auto start = std::chrono::steady_clock::now();
    const double waited = loader_.wait_seconds();
    const std::vector<size_t> here = lanes_in(epoch());
    int64_t number = loader_.batches();
    for (const size_t i : here) {
      number = std::min(number, loop(i).batch_in_epoch());
      alone(i, &training::TrainingLoop::begin_epoch);
    }
    progress_.advance(number);
    loader_.start_epoch(epoch(), number);
    for (; const std::optional<Batch> batch = training::next_batch(loader_, [this] { stop(); }); ++number) {
      for (const size_t i : here) {
        if (loop(i).batch_in_epoch() == number)
          alone(i, &training::TrainingLoop::train_step, part_of(*batch, lanes_[i].modality));
      }
      progress_.advance();
      if (interrupted()) stop();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    try {
      for (const size_t i : here)
        alone(i, &training::TrainingLoop::finish_epoch, seconds.count(), loader_.wait_seconds() - waited);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::interrupted) throw;
      stop();  // each lane before its evaluation, or in the next epoch
    }
    note();
  }

 private:
  training::TrainingLoop& loop(size_t lane) { return *lanes_[lane].loop; }

  std::vector<size_t> lanes_in(int64_t epoch) {
    std::vector<size_t> result;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      if (loop(i).epoch() == epoch) result.push_back(i);
    }
    return result;
  }

  // Calls a part of the lane's training with LibTorch's generator as that left it.
  template <class... Parameters, class... Arguments>
  void alone(size_t lane, void (training::TrainingLoop::*part)(Parameters...), Arguments&&... arguments) {
    at::Generator generator = at::detail::getDefaultCPUGenerator();
    if (generators_[lane].defined()) generator.set_state(generators_[lane]);
    try {
      (loop(lane).*part)(std::forward<Arguments>(arguments)...);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::data) throw;
      throw Error(ErrorKind::data,
                  fmt::format("modality {} alone: {}", loop(lane).model().infos().front().name, error.what()));
    }
    generators_[lane] = generator.get_state();
  }

  void note() {
    std::vector<std::string> scores;
    for (const Lane& lane : lanes_) {
      scores.push_back(fmt::format("{} {:.3f}", lane.loop->model().infos().front().name,
                                   lane.loop->history().back().val->score(metric_.name)));
    }
    progress_.note(fmt::format("epoch {}: validation {}", epoch(), fmt::join(scores, ", ")));
  }

  void stop() {
    for (size_t i = 0; i + 1 < lanes_.size(); ++i) alone(i, &training::TrainingLoop::checkpoint);
    alone(lanes_.size() - 1, &training::TrainingLoop::stop_for_interrupt);
  }

  const std::vector<Lane>& lanes_;
  std::vector<Tensor> generators_;  // per lane; undefined before it began, which seeds it
  Loader loader_;
  const Metric& metric_;
  Progress progress_;
};

}  // namespace

void train_side_by_side(const std::vector<Lane>& lanes, const std::shared_ptr<const Dataset>& train,
                        const TrainOptions& options, const std::function<bool(int64_t epochs)>& enough) {
  if (lanes.empty()) return;
  if (options.threads > 0) at::set_num_threads(static_cast<int>(options.threads));
  SideBySide all(lanes, train, options);
  while (!all.finished() && !(all.epoch() > 0 && enough(all.epoch()))) all.train_epoch();
}

}  // namespace pdmp::analysis
