#include "base/phases.h"

#include <utility>

namespace pdmp {
namespace {

thread_local PhaseTimes* active = nullptr;

}  // namespace

PhaseTimes::PhaseTimes(std::function<void()> settle) : settle_(std::move(settle)) {}

PhaseTimes::~PhaseTimes() { stop(); }

void PhaseTimes::start() { active = this; }

void PhaseTimes::stop() {
  if (active == this) active = nullptr;
}

std::map<std::string, double> PhaseTimes::take() { return std::exchange(seconds_, {}); }

PhaseTimes::Clock::time_point PhaseTimes::now() const {
  if (settle_) settle_();
  return Clock::now();
}

PhaseTimes* PhaseTimes::current() { return active != nullptr && !active->included_ ? active : nullptr; }

void PhaseTimes::begin(std::string name) { open_.push_back({std::move(name), now()}); }

void PhaseTimes::end() {
  const Open phase = std::move(open_.back());
  open_.pop_back();
  const double all = std::chrono::duration<double>(now() - phase.start).count();
  seconds_[phase.name] += all - phase.within;
  if (!open_.empty()) open_.back().within += all;
}

Phase::Phase(const char* name, Nested nested) : times_(PhaseTimes::current()) {
  if (times_ == nullptr) return;
  times_->begin(name);
  times_->included_ = nested == Nested::included;
}

Phase::Phase(const char* name, const std::string& detail) : times_(PhaseTimes::current()) {
  if (times_ != nullptr) times_->begin(std::string(name) + " " + detail);
}

Phase::~Phase() {
  if (times_ == nullptr) return;
  times_->included_ = false;  // within one that includes it, it would not be timed
  times_->end();
}

}  // namespace pdmp
