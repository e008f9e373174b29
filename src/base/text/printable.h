// Text of unknown origin (names, cells, messages of libraries) as it may be shown on a terminal: characters that a
// terminal would obey, or that hide or reorder what stands around them, become visible escapes.
//
// Escaped are control characters (C0, DEL, C1), the bidirectional controls of Unicode (UAX 9) and its line and
// paragraph separators, as "\u001b", and bytes that are no UTF-8, as "\xff". A character's escape is also what JSON
// means by it, so that the text of a JSON document stays the same document. Backslashes stay as they are: the result is
// for people.
#pragma once

#include <streambuf>
#include <string>
#include <string_view>

namespace pdmp {

std::string printable(std::string_view text);        // one line: newline and tab are escaped too, as "\n" and "\t"
std::string printable_lines(std::string_view text);  // newline and tab stay

// The first `most` bytes of a text, whole characters, and "..." where there were more.
std::string shortened(std::string_view text, size_t most);

// printable(text), cut where a line is so long that it would hide what was said before: a message may quote a file.
std::string message_line(std::string_view text);

// Passes text on to `target` as printable_lines gives it. Whole lines are passed on as they come, the rest with a
// flush.
class PrintableBuffer : public std::streambuf {
 public:
  explicit PrintableBuffer(std::streambuf& target) : target_(target) {}

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;

 private:
  bool pass_on(std::string_view text);

  std::streambuf& target_;
  std::string begun_;  // the line that has not ended
};

}  // namespace pdmp
