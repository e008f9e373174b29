// Who hears what a thread tells, and who may stop it.
#include "base/session.h"

#include <utility>

namespace pdmp {
namespace {

using Context = std::shared_ptr<const SessionContext>;

thread_local Context current;
thread_local int silenced = 0;

struct Program {
  std::mutex mutex;
  Context context;
};
Program& program() {
  static Program program;
  return program;
}

Context listening() {
  if (current && current->hears()) return current;
  Program& whole = program();
  const std::lock_guard lock(whole.mutex);
  return whole.context;
}

}  // namespace

void Recorder::on_log(LogLevel, const std::string&) {}
void Recorder::on_progress(const ProgressReport&) {}
void Recorder::on_step(const StepReport&) {}
void Recorder::on_epoch(const EpochReport&) {}

SessionContext::SessionContext(Context outer, std::shared_ptr<Recorder> recorder, CancelToken cancel)
    : outer_(std::move(outer)), recorder_(std::move(recorder)), cancel_(std::move(cancel)) {
  const bool inherits = recorder_ == nullptr && outer_ != nullptr;
  if (inherits) recorder_ = outer_->recorder_;
  mutex_ = inherits ? outer_->mutex_ : std::make_shared<std::recursive_mutex>();
}

void SessionContext::tell(const std::function<void(Recorder&)>& what) const {
  const std::lock_guard lock(*mutex_);
  what(*recorder_);
}

Session::Session(std::shared_ptr<Recorder> recorder, CancelToken cancel) : outer_(current) {
  current = std::make_shared<const SessionContext>(outer_, std::move(recorder), std::move(cancel));
}

Session::~Session() { current = std::move(outer_); }

bool anyone_listens() {
  const Context context = listening();
  return context && context->hears();
}

void tell_recorder(const std::function<void(Recorder&)>& what) {
  if (const Context context = listening()) context->tell(what);
}

bool is_cancelled() { return current && current->cancelled(); }

void set_program_recorder(std::shared_ptr<Recorder> recorder) {
  Context context;
  if (recorder) context = std::make_shared<const SessionContext>(nullptr, std::move(recorder), CancelToken());
  Program& whole = program();
  const std::lock_guard lock(whole.mutex);
  std::swap(whole.context, context);
}

SessionHandover::SessionHandover() : context_(current) {}

void SessionHandover::enter() const { current = context_; }

SilentInfo::SilentInfo() { ++silenced; }

SilentInfo::~SilentInfo() { --silenced; }

bool info_is_silent() { return silenced > 0; }

}  // namespace pdmp
