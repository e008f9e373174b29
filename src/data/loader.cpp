#include <ATen/Parallel.h>
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

#include "pdmp/dataset.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

// A batch in the making. Its samples are loaded by any worker; who loads the last one stacks them.
struct Job {
  std::vector<int64_t> indices;
  int64_t epoch = 0;
  std::vector<Sample> samples;
  size_t taken = 0, loaded = 0;  // samples
  std::exception_ptr error;      // of the first sample in order that has one
  size_t error_position = 0;
  Batch batch;
  bool ready = false;
};

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

  Sample load(int64_t epoch, int64_t index) const;
  std::shared_ptr<Job> make_job(int64_t number) const;
  void fill(size_t window);  // wants the lock
  size_t prefetched() const;
  void start_workers();
  void stop_workers();
  void work();
  std::shared_ptr<Job> next_sample(std::unique_lock<std::mutex>& lock, size_t& position);
  void finish_sample(Job& job, size_t position, Sample sample, std::exception_ptr error);

  const std::shared_ptr<const Dataset> data;
  const LoaderOptions options;
  std::vector<int64_t> order;  // of this epoch
  int64_t epoch = 0;
  int64_t next_batch = 0;  // number of the next job to queue
  int64_t end = 0;         // batches of this epoch; 0 before the first
  double waited = 0;

  std::mutex mutex;
  std::condition_variable work_there, batch_there, worker_there;
  std::deque<std::shared_ptr<Job>> queue;  // in batch order
  size_t started = 0;                      // workers
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
// with one. That setting is per thread, but new threads begin with the last one made anywhere, so the caller's is made
// again after the workers have made theirs. Without workers, one thread works while the caller waits for it.
void Loader::State::start_workers() {
  const int threads = at::get_num_threads();
  const auto count = static_cast<size_t>(std::max<int64_t>(options.workers, 1));
  try {
    while (workers.size() < count) workers.emplace_back([this] { work(); });
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

Sample Loader::State::load(int64_t of_epoch, int64_t index) const {
  if (!options.augment) return data->get(index, nullptr);
  RandomStream random = random_stream(options.seed, fmt::format("augment/{}/{}", of_epoch, index));
  return data->get(index, &random);
}

std::shared_ptr<Job> Loader::State::make_job(int64_t number) const {
  auto job = std::make_shared<Job>();
  const int64_t begin = number * options.batch_size;
  const int64_t stop = std::min(begin + options.batch_size, data->size());
  job->indices.assign(order.begin() + begin, order.begin() + stop);
  job->epoch = epoch;
  job->samples.resize(job->indices.size());
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
      if (job->taken == job->indices.size()) continue;
      position = job->taken++;
      return job;
    }
    work_there.wait(lock);
  }
  return nullptr;
}

void Loader::State::work() {
  std::unique_lock lock(mutex);
  at::set_num_threads(1);
  ++started;
  worker_there.notify_all();
  size_t position = 0;
  while (std::shared_ptr<Job> job = next_sample(lock, position)) {
    lock.unlock();
    Sample sample;
    std::exception_ptr error;
    try {
      sample = load(job->epoch, job->indices[position]);
    } catch (...) {
      error = std::current_exception();
    }
    finish_sample(*job, position, std::move(sample), std::move(error));
    job.reset();
    lock.lock();
  }
}

void Loader::State::finish_sample(Job& job, size_t position, Sample sample, std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex);
    job.samples[position] = std::move(sample);
    if (error && (!job.error || position < job.error_position)) {
      job.error = std::move(error);
      job.error_position = position;
    }
    if (++job.loaded < job.samples.size()) return;
  }
  // From here on the job is this thread's alone until it is ready.
  Batch batch;
  try {
    if (!job.error) batch = collate(job.samples, job.indices);
  } catch (...) {
    job.error = std::current_exception();
  }
  {
    const std::lock_guard lock(mutex);
    job.samples.clear();
    job.batch = std::move(batch);
    job.ready = true;
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
  std::vector<int64_t> order(static_cast<size_t>(state.data->size()));
  std::iota(order.begin(), order.end(), 0);
  if (state.options.shuffle) random_stream(state.options.seed, fmt::format("shuffle/{}", epoch)).shuffle(order);
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
  state.batch_there.wait(lock, [&] { return job->ready; });
  state.queue.pop_front();
  state.waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (job->error) {
    state.queue.clear();
    state.next_batch = state.end;
    // Moved out of the job, so that no worker that still holds the job is the last to let go of it.
    std::rethrow_exception(std::exchange(job->error, nullptr));
  }
  state.fill(state.prefetched());
  return std::move(job->batch);
}

double Loader::wait_seconds() const { return state_->waited; }

Batch collate(const std::vector<Sample>& samples, const std::vector<int64_t>& indices) {
  if (samples.empty() || samples.size() != indices.size()) {
    throw Error(ErrorKind::data, fmt::format("collate: expected as many samples as indices and at least one, found {} "
                                             "and {}",
                                             samples.size(), indices.size()));
  }
  const size_t modalities = samples.front().inputs.size();
  const auto count = static_cast<int64_t>(samples.size());
  Batch batch;
  batch.present = torch::empty({count, static_cast<int64_t>(modalities)}, torch::kBool);
  batch.labels = torch::empty({count}, torch::kInt64);
  batch.index = torch::tensor(indices, torch::kInt64);
  for (size_t i = 0; i < samples.size(); ++i) {
    batch.labels.data_ptr<int64_t>()[i] = samples[i].label;
    for (size_t m = 0; m < modalities; ++m) {
      batch.present.data_ptr<bool>()[i * modalities + m] = samples[i].present.at(m);
    }
  }
  for (size_t m = 0; m < modalities; ++m) {
    std::vector<Tensor> inputs;
    for (size_t i = 0; i < samples.size(); ++i) {
      inputs.push_back(samples[i].inputs.at(m));
      if (inputs.back().sizes() != inputs.front().sizes()) {
        throw Error(
            ErrorKind::data,
            fmt::format("sample {}, modality {}: expected shape ({}) as in sample {}, found ({})", indices[i], m,
                        fmt::join(inputs.front().sizes(), ", "), indices[0], fmt::join(inputs.back().sizes(), ", ")));
      }
    }
    batch.inputs.push_back(torch::stack(inputs));
  }
  return batch;
}

}  // namespace pdmp
