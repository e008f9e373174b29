// The one exception of pdmp.
//
// A message has three parts: what was expected, what was found (value, file, line), what to do. It is one line.
#pragma once

#include <stdexcept>
#include <string>

namespace pdmp {

enum class ErrorKind {
  usage,        // wrong flag, option or combination: the user can mend it on the command line (exit 2)
  data,         // a data set, checkpoint or config file says something impossible (exit 1)
  io,           // the file system refused: missing, unwritable, full (exit 1)
  busy,         // another process works in the folder; later it may be free (exit 75)
  interrupted,  // Ctrl-C, SIGTERM ... after the work was made safe (exit 130; the program: 75 unless Ctrl-C)
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// The exit code of a program that ends with this error.
int exit_code(ErrorKind kind);

}  // namespace pdmp
