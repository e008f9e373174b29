// The exception type of pdmp.
//
// A message is one line of three parts: what was expected, what was found (value, file, line), what to do. A single
// word in backticks that is the name of an option stands for that option, "use `select` last": programs show it their
// way, the command line as a flag. Commands, which have blanks, may stand in backticks too.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace pdmp {

// The cause of an error. Exit codes are those of exit_code().
enum class ErrorKind {
  usage,        // a wrong option, argument or combination of them; the caller can correct it (exit 2)
  data,         // invalid content of a data set, checkpoint or configuration file (exit 1)
  io,           // the file system refused: missing, not writable, full (exit 1)
  busy,         // another process works in the folder; it may be free later (exit 75)
  interrupted,  // Ctrl-C, SIGTERM or CancelToken, after work was made safe (exit 130; program pdmp: 75 unless Ctrl-C)
};

// The parts of a message, for programs. What is not known is empty.
struct ErrorDetails {
  std::string option = {};    // name of an option as in OptionList ("pdmp.gamma")
  std::string expected = {};  // what was expected, in the words of the message
  std::string found = {};     // what was found in its place, in the words of the message
  std::string file = {};      // path of the file that holds it
  int64_t line = 0;           // line of that file, from 1; 0: none
};

// Every failure that pdmp reports; what() is the message. Misuse of an interface in code is std::logic_error instead,
// and LibTorch throws its own c10::Error.
class Error : public std::runtime_error {
 public:
  // `message`: one line, as described at the top.
  Error(ErrorKind kind, const std::string& message, ErrorDetails details = {})
      : std::runtime_error(message), kind_(kind), details_(std::move(details)) {}
  ErrorKind kind() const { return kind_; }                           // given at construction
  const ErrorDetails& details() const { return details_; }           // all parts
  const std::string& option() const { return details_.option; }      // empty: none is meant
  const std::string& expected() const { return details_.expected; }  // empty: not known
  const std::string& found() const { return details_.found; }        // empty: not known
  const std::string& file() const { return details_.file; }          // empty: none is meant
  int64_t line() const { return details_.line; }                     // 0: none is meant

 private:
  ErrorKind kind_;
  ErrorDetails details_;
};

// The exit code of a program that ends with an error of this kind.
int exit_code(ErrorKind kind);

}  // namespace pdmp
