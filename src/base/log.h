// Messages for people, to the recorder of the session (base/session.h). Whatever a message quotes arrives as
// base/text/printable.h shows it.
#pragma once

#include <string>

namespace pdmp {

void log_info(const std::string& message);
void log_lines(const std::string& text);  // a table: its lines as they are, without empty ones at the end
void log_warning(const std::string& message);
void log_error(const std::string& message);

}  // namespace pdmp
