// Lines of bounded length out of blocks of any length.
#include "data/tables/line_cutter.h"

namespace pdmp::data {

void LineCutter::add(std::string_view block) {
  for (size_t end = block.find('\n'); end != std::string_view::npos; end = block.find('\n')) {
    append(block.substr(0, end));
    end_line();
    block.remove_prefix(end + 1);
  }
  if (!block.empty()) append(block);
}

void LineCutter::finish() {
  if (begun_) end_line();
}

void LineCutter::append(std::string_view part) {
  begun_ = true;
  const size_t room = most_ - pending_.size();
  whole_ = whole_ && part.size() <= room;
  pending_ += part.substr(0, room);
}

void LineCutter::end_line() {
  take_(number_, pending_, whole_);
  pending_.clear();
  whole_ = true;
  begun_ = false;
  ++number_;
}

}  // namespace pdmp::data
