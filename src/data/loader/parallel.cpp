#include "data/loader/parallel.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/session.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

class Crew {
 public:
  Crew(int64_t count, Progress& progress, const std::function<void(int64_t)>& work)
      : count_(count), progress_(progress), work_(work) {}

  void run() {
    at::set_num_threads(1);
    for (int64_t i = 0; take(i);) {
      std::exception_ptr error;
      try {
        work_(i);
      } catch (...) {
        error = std::current_exception();
      }
      finish(i, error);
    }
  }

  void stop() {
    const std::lock_guard lock(mutex_);
    next_ = count_;
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  bool take(int64_t& i) {
    const std::lock_guard lock(mutex_);
    if (next_ >= count_) return false;
    i = next_++;
    return true;
  }

  void finish(int64_t i, const std::exception_ptr& error) {
    const std::lock_guard lock(mutex_);
    progress_.advance();
    if (!error) return;
    if (!error_ || i < failed_) {
      error_ = error;
      failed_ = i;
    }
    next_ = count_;
  }

  const int64_t count_;
  Progress& progress_;
  const std::function<void(int64_t)>& work_;
  std::mutex mutex_;
  int64_t next_ = 0, failed_ = 0;
  std::exception_ptr error_;
};

}  // namespace

int64_t default_workers() { return at::get_num_threads(); }

void for_each_parallel(int64_t count, int64_t workers, Progress& progress, const std::function<void(int64_t)>& work) {
  // New threads begin with the setting made last anywhere: the caller's is made again once they are done.
  const int threads = at::get_num_threads();
  Crew crew(count, progress, work);
  try {
    std::vector<std::jthread> members;
    const auto wanted = static_cast<size_t>(std::clamp<int64_t>(workers, 1, std::max<int64_t>(count, 1)));
    try {
      const SessionHandover session;
      while (members.size() < wanted) {
        members.emplace_back([&crew, session] {
          session.enter();
          crew.run();
        });
      }
    } catch (const std::system_error&) {
      crew.stop();  // the members that are there are joined on the way out
      throw;
    }
  } catch (const std::system_error& error) {
    at::set_num_threads(threads);
    throw Error(ErrorKind::io,
                fmt::format("cannot start {} threads: {}; ask for fewer workers", workers, error.what()));
  }
  at::set_num_threads(threads);
  crew.rethrow();
}

}  // namespace pdmp::data
