// The session of the calling thread, as the library uses it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "pdmp/session.h"

namespace pdmp {

class SessionContext {
 public:
  SessionContext(std::shared_ptr<const SessionContext> outer, std::shared_ptr<Recorder> recorder, CancelToken cancel);

  bool hears() const { return recorder_ != nullptr; }
  bool cancelled() const { return cancel_.cancelled() || (outer_ && outer_->cancelled()); }
  void tell(const std::function<void(Recorder&)>& what) const;

 private:
  std::shared_ptr<const SessionContext> outer_;
  std::shared_ptr<Recorder> recorder_;  // that of `outer` where it has none of its own
  std::shared_ptr<std::recursive_mutex> mutex_;
  CancelToken cancel_;
};

bool anyone_listens();
void tell_recorder(const std::function<void(Recorder&)>& what);  // nothing where nobody listens
bool is_cancelled();

// For threads without a session of their own: the command line's terminal. Null: none.
void set_program_recorder(std::shared_ptr<Recorder> recorder);

// Lets a thread work for the one that made this.
class SessionHandover {
 public:
  SessionHandover();
  void enter() const;  // by the other thread, for the rest of its life

 private:
  std::shared_ptr<const SessionContext> context_;
};

// While it lives, messages of level info and progress of this thread go nowhere.
class SilentInfo {
 public:
  SilentInfo();
  ~SilentInfo();
  SilentInfo(const SilentInfo&) = delete;
  SilentInfo& operator=(const SilentInfo&) = delete;
};
bool info_is_silent();

}  // namespace pdmp
