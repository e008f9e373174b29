// Where the time of a thread goes, by named phases (`pdmp train --profile`).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace pdmp {

// Seconds by phase, each without the phases within it.
class PhaseTimes {
 public:
  // `settle` is called before each moment is taken: for devices that still compute when a call has returned.
  explicit PhaseTimes(std::function<void()> settle = {});
  ~PhaseTimes();
  PhaseTimes(const PhaseTimes&) = delete;
  PhaseTimes& operator=(const PhaseTimes&) = delete;

  // Phases of the calling thread are timed from here on, until `stop`; one object a thread at a time.
  void start();
  void stop();
  // What was timed since the last call.
  std::map<std::string, double> take();

 private:
  friend class Phase;
  using Clock = std::chrono::steady_clock;
  struct Open {
    std::string name;
    Clock::time_point start;
    double within = 0;  // seconds of phases inside it
  };

  static PhaseTimes* current();  // of this thread; null where nothing is timed, or the innermost phase includes all
  void begin(std::string name);
  void end();
  Clock::time_point now() const;

  std::function<void()> settle_;
  std::vector<Open> open_;
  std::map<std::string, double> seconds_;
  bool included_ = false;  // the innermost phase includes those within it
};

// For the life of the object. Where nothing is timed it costs one look at a thread's variable.
class Phase {
 public:
  enum class Nested { separate, included };  // whether phases within it are timed on their own

  explicit Phase(const char* name, Nested nested = Nested::separate);
  Phase(const char* name, const std::string& detail);  // "forward image"
  ~Phase();
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  PhaseTimes* times_;  // null: not timed
};

}  // namespace pdmp
