#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>
#include <numeric>
#include <system_error>
#include <thread>
#include <utility>

#include "base/session.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp {
namespace {

// A batch in the making. Every sample goes straight to its place; places may be filled from several threads.
class BatchBuilder {
 public:
  explicit BatchBuilder(std::vector<int64_t> indices) : indices_(std::move(indices)) {}

  const std::vector<int64_t>& indices() const { return indices_; }
  bool begun() const { return batch_.labels.defined(); }

  // Room for as many samples like this one as there are indices, in the memory of `old` where that fits.
  void begin(size_t position, const Sample& sample, bool pinned, const std::vector<Tensor>& old = {}) {
    const auto count = static_cast<int64_t>(indices_.size());
    const auto room = [&](const at::TensorOptions& type, std::vector<int64_t> shape) {
      return at::empty(shape, type.pinned_memory(pinned));
    };
    first_ = position;
    batch_.present = room(at::kBool, {count, static_cast<int64_t>(sample.inputs.size())});
    batch_.labels = room(at::kLong, {count});
    batch_.index = at::tensor(indices_, at::kLong);
    for (size_t m = 0; m < sample.inputs.size(); ++m) {
      const Tensor& input = sample.inputs[m];
      std::vector<int64_t> shape = input.sizes().vec();
      shape.insert(shape.begin(), count);
      const bool fits = m < old.size() && old[m].sizes() == at::IntArrayRef(shape) &&
                        old[m].scalar_type() == input.scalar_type() && old[m].is_contiguous();
      batch_.inputs.push_back(fits ? old[m].detach() : room(input.scalar_type(), std::move(shape)));
    }
  }

  void put(size_t position, const Sample& sample) {
    const size_t modalities = batch_.inputs.size();
    batch_.labels.data_ptr<int64_t>()[position] = sample.label;
    for (size_t m = 0; m < modalities; ++m) {
      batch_.present.data_ptr<bool>()[position * modalities + m] = sample.present.at(m);
      const Tensor& input = sample.inputs.at(m);
      Tensor place = batch_.inputs[m][static_cast<int64_t>(position)];
      if (input.sizes() != place.sizes()) {
        throw Error(
            ErrorKind::data,
            fmt::format("sample {}, modality {}: expected shape ({}) as in sample {}, found ({})", indices_[position],
                        m, fmt::join(place.sizes(), ", "), indices_[first_], fmt::join(input.sizes(), ", ")));
      }
      place.copy_(input);
    }
  }

  Batch take() { return std::move(batch_); }

 private:
  std::vector<int64_t> indices_;
  size_t first_ = 0;  // position of the sample it began with
  Batch batch_;
};

// A batch whose samples any worker loads.
struct Job {
  explicit Job(std::vector<int64_t> indices) : builder(std::move(indices)) {}

  BatchBuilder builder;
  int64_t epoch = 0;
  int64_t first = 0;             // place of its first sample in the epoch
  size_t taken = 0, loaded = 0;  // samples
  std::exception_ptr error;      // of the first sample in order that has one
  size_t error_position = 0;

  size_t size() const { return builder.indices().size(); }
  bool ready() const { return loaded == size(); }
};

bool only_here(const std::vector<Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(),
                     [](const Tensor& tensor) { return tensor.use_count() == 1 && tensor.storage().use_count() == 1; });
}

// As many samples as there are, with replacement; every class that has samples is as likely as any other.
std::vector<int64_t> balanced_order(const Dataset& data, RandomStream random) {
  std::vector<std::vector<int64_t>> classes(data.classes().size());
  for (int64_t i = 0; i < data.size(); ++i) classes[static_cast<size_t>(data.label(i))].push_back(i);
  std::erase_if(classes, [](const std::vector<int64_t>& members) { return members.empty(); });
  const auto below = [&](size_t count) {
    return static_cast<size_t>(random.integer(0, static_cast<int64_t>(count) - 1));
  };
  std::vector<int64_t> order;
  for (int64_t i = 0; i < data.size(); ++i) {
    const std::vector<int64_t>& members = classes[below(classes.size())];
    order.push_back(members[below(members.size())]);
  }
  return order;
}

std::vector<int64_t> order_of_epoch(const Dataset& data, const LoaderOptions& options, int64_t epoch) {
  if (options.balanced) return balanced_order(data, random_stream(options.seed, fmt::format("sampler/{}", epoch)));
  std::vector<int64_t> order(static_cast<size_t>(data.size()));
  std::iota(order.begin(), order.end(), 0);
  if (options.shuffle) random_stream(options.seed, fmt::format("shuffle/{}", epoch)).shuffle(order);
  return order;
}

void check_options(const Dataset& data, const LoaderOptions& options) {
  if (options.workers < 0 || options.prefetch < 0) {
    throw Error(ErrorKind::usage, fmt::format("workers and prefetch: expected at least 0, found {} and {}",
                                              options.workers, options.prefetch));
  }
  if (options.batch_size < 1) {
    throw Error(ErrorKind::usage, fmt::format("batch_size: expected at least 1, found {}", options.batch_size));
  }
  if (options.drop_last && data.size() > 0 && data.size() < options.batch_size) {
    throw Error(ErrorKind::data, fmt::format("expected at least one batch of {} samples, found {} samples; make the "
                                             "batch size smaller",
                                             options.batch_size, data.size()));
  }
}

}  // namespace

struct Loader::State {
  State(std::shared_ptr<const Dataset> source, const LoaderOptions& given);
  ~State();

  Sample load(const Job& job, size_t position) const;
  std::shared_ptr<Job> make_job(int64_t number) const;
  void fill(size_t window);  // wants the lock
  size_t prefetched() const;
  void start_workers();
  void stop_workers();
  void work();
  std::shared_ptr<Job> next_sample(std::unique_lock<std::mutex>& lock, size_t& position);
  void load_into(Job& job, size_t position);
  std::vector<Tensor> free_inputs();  // wants the lock
  void finish_sample(Job& job, size_t position, std::exception_ptr error);

  const std::shared_ptr<const Dataset> data;
  const LoaderOptions options;
  std::vector<int64_t> order;  // of this epoch
  int64_t epoch = 0;
  int64_t next_batch = 0;  // number of the next job to queue
  int64_t end = 0;         // batches of this epoch; 0 before the first
  double waited = 0;

  std::mutex mutex;
  std::condition_variable work_there, batch_there, worker_there;
  std::deque<std::shared_ptr<Job>> queue;      // in batch order
  size_t started = 0;                          // workers
  std::deque<std::vector<Tensor>> handed_out;  // inputs of the last batches
  bool stopping = false;
  std::vector<std::jthread> workers;  // last: joined before anything they use goes
};

Loader::State::State(std::shared_ptr<const Dataset> source, const LoaderOptions& given)
    : data(std::move(source)), options(given) {
  check_options(*data, options);
  start_workers();
}

Loader::State::~State() { stop_workers(); }

// A sample must not depend on the number of LibTorch's threads (sums would), and workers are many already: each works
// with one. That setting is per thread, but a thread begins with the last one made anywhere when LibTorch first looks
// for its own. So a worker has it look first and then makes its setting, and the caller's is made again after the
// workers have made theirs. Without workers, one thread works while the caller waits for it.
void Loader::State::start_workers() {
  const int threads = at::get_num_threads();
  const auto count = static_cast<size_t>(std::max<int64_t>(options.workers, 1));
  try {
    const SessionHandover session;
    while (workers.size() < count) {
      workers.emplace_back([this, session] {
        session.enter();
        work();
      });
    }
  } catch (const std::system_error& error) {
    stop_workers();
    throw Error(ErrorKind::io,
                fmt::format("cannot start {} loader threads: {}; ask for fewer workers", count, error.what()));
  }
  std::unique_lock lock(mutex);
  worker_there.wait(lock, [&] { return started == count; });
  at::set_num_threads(threads);
}

void Loader::State::stop_workers() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  work_there.notify_all();
  workers.clear();  // joins
}

// A sample that an epoch has twice is augmented in two ways.
Sample Loader::State::load(const Job& job, size_t position) const {
  const int64_t index = job.builder.indices()[position];
  if (!options.augment) return data->get(index, nullptr);
  const int64_t number = options.balanced ? job.first + static_cast<int64_t>(position) : index;
  RandomStream random = random_stream(options.seed, fmt::format("augment/{}/{}", job.epoch, number));
  return data->get(index, &random);
}

std::shared_ptr<Job> Loader::State::make_job(int64_t number) const {
  const int64_t begin = number * options.batch_size;
  const int64_t stop = std::min(begin + options.batch_size, data->size());
  auto job = std::make_shared<Job>(std::vector<int64_t>(order.begin() + begin, order.begin() + stop));
  job->epoch = epoch;
  job->first = begin;
  return job;
}

void Loader::State::fill(size_t window) {
  while (queue.size() < window && next_batch < end) queue.push_back(make_job(next_batch++));
  work_there.notify_all();
}

size_t Loader::State::prefetched() const {
  return options.workers == 0 ? 0 : static_cast<size_t>(std::max<int64_t>(options.prefetch, 1));
}

// The first sample nobody has taken, or null when the loader ends.
std::shared_ptr<Job> Loader::State::next_sample(std::unique_lock<std::mutex>& lock, size_t& position) {
  while (!stopping) {
    for (const std::shared_ptr<Job>& job : queue) {
      if (job->taken == job->size()) continue;
      position = job->taken++;
      return job;
    }
    work_there.wait(lock);
  }
  return nullptr;
}

void Loader::State::work() {
  std::unique_lock lock(mutex);
  at::get_num_threads();
  at::set_num_threads(1);
  ++started;
  worker_there.notify_all();
  size_t position = 0;
  while (std::shared_ptr<Job> job = next_sample(lock, position)) {
    lock.unlock();
    std::exception_ptr error;
    try {
      load_into(*job, position);
    } catch (...) {
      error = std::current_exception();
    }
    finish_sample(*job, position, std::move(error));
    job.reset();
    lock.lock();
  }
}

// Inputs handed out before that nobody holds any more. Fresh memory costs more than what is written to it: the system
// clears every page first. Of pinned memory LibTorch itself takes care, and a GPU may still be reading it.
std::vector<Tensor> Loader::State::free_inputs() {
  const auto found = std::find_if(handed_out.begin(), handed_out.end(), only_here);
  if (found == handed_out.end()) return {};
  std::vector<Tensor> inputs = std::move(*found);
  handed_out.erase(found);
  return inputs;
}

void Loader::State::load_into(Job& job, size_t position) {
  const Sample sample = load(job, position);
  {
    const std::lock_guard lock(mutex);
    if (!job.builder.begun()) job.builder.begin(position, sample, options.pinned, free_inputs());
  }
  job.builder.put(position, sample);
}

void Loader::State::finish_sample(Job& job, size_t position, std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex);
    if (error && (!job.error || position < job.error_position)) {
      job.error = std::move(error);
      job.error_position = position;
    }
    ++job.loaded;
    if (!job.ready()) return;
  }
  batch_there.notify_all();
}

Loader::Loader(std::shared_ptr<const Dataset> data, const LoaderOptions& options)
    : state_(std::make_unique<State>(std::move(data), options)) {}

Loader::~Loader() = default;

int64_t Loader::batches() const {
  const int64_t size = state_->data->size(), batch = state_->options.batch_size;
  return state_->options.drop_last ? size / batch : (size + batch - 1) / batch;
}

void Loader::start_epoch(int64_t epoch, int64_t first) {
  State& state = *state_;
  if (first < 0 || first > batches()) {
    throw Error(ErrorKind::data, fmt::format("expected a first batch from 0 to {}, found {}", batches(), first));
  }
  std::vector<int64_t> order = order_of_epoch(*state.data, state.options, epoch);
  const std::lock_guard lock(state.mutex);
  state.order = std::move(order);
  state.epoch = epoch;
  state.next_batch = first;
  state.end = batches();
  state.queue.clear();  // workers finish what they hold of the old epoch, and nobody looks at it
  state.fill(state.prefetched());
}

std::optional<Batch> Loader::next() {
  State& state = *state_;
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(state.mutex);
  state.fill(std::max<size_t>(state.prefetched(), 1));
  if (state.queue.empty()) return std::nullopt;
  const std::shared_ptr<Job> job = state.queue.front();
  state.batch_there.wait(lock, [&] { return job->ready(); });
  state.queue.pop_front();
  state.waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (job->error) {
    state.queue.clear();
    state.next_batch = state.end;
    // Moved out of the job, so that no worker that still holds the job is the last to let go of it.
    std::rethrow_exception(std::exchange(job->error, nullptr));
  }
  state.fill(state.prefetched());
  Batch batch = job->builder.take();
  if (!state.options.pinned) {
    state.handed_out.push_back(batch.inputs);
    if (state.handed_out.size() > state.prefetched() + 2) state.handed_out.pop_front();  // someone keeps them
  }
  return batch;
}

double Loader::wait_seconds() const { return state_->waited; }

Batch collate(const std::vector<Sample>& samples, const std::vector<int64_t>& indices) {
  if (samples.empty() || samples.size() != indices.size()) {
    throw Error(ErrorKind::data, fmt::format("collate: expected as many samples as indices and at least one, found {} "
                                             "and {}",
                                             samples.size(), indices.size()));
  }
  BatchBuilder builder(indices);
  builder.begin(0, samples.front(), false);
  for (size_t i = 0; i < samples.size(); ++i) builder.put(i, samples[i]);
  return builder.take();
}

}  // namespace pdmp
