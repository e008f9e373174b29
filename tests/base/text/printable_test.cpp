#include "base/text/printable.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace pdmp {
namespace {

TEST(Printable, PlainTextStaysAsItIs) {
  const std::string text = "caf\u00E9 \u20AC \xF0\x9F\x90\xB8 C:\\x \"q\" ~";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, ControlCharactersBecomeVisible) {
  EXPECT_EQ(printable("\x1B[2Jx\x07\x7F"), "\\u001b[2Jx\\u0007\\u007f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\u0000b");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J\xC2\x80\xC2\x9F\xC2\xA0"),
            "\\u009b2J\\u0080\\u009f\u00A0");  // C1, as UTF-8; the first above them stays
}

TEST(Printable, TextDirectionAndSeparatorsBecomeVisible) {
  EXPECT_EQ(printable("a\u202Egnp.exe"), "a\\u202egnp.exe");
  EXPECT_EQ(printable("\u2066\u2069\u200F\u061C\u2028"), "\\u2066\\u2069\\u200f\\u061c\\u2028");
  EXPECT_EQ(printable("\u2027\u202F\u206A"), "\u2027\u202F\u206A");  // their neighbors
}

TEST(Printable, BytesThatAreNoUtf8BecomeVisible) {
  EXPECT_EQ(printable("a\x9B"
                      "b\xFF\xE2\x82"),
            "a\\x9bb\\xff\\xe2\\x82");  // a raw C1 byte is obeyed by terminals that are set to Latin-1
}

TEST(Printable, LinesAndTabsMayStay) { EXPECT_EQ(printable_lines("a\n\tb\r\x1B"), "a\n\tb\\r\\u001b"); }

TEST(Printable, AMessageHasAnEnd) {
  EXPECT_EQ(message_line("short\n"), "short\\n");
  EXPECT_EQ(message_line(std::string(3999, 'a') + "\u00E9tail"), std::string(3999, 'a') + "...");
}

TEST(PrintableBuffer, PassesOnWhatIsSafe) {
  std::ostringstream target;
  PrintableBuffer buffer(*target.rdbuf());
  std::ostream stream(&buffer);
  stream << "a\x1B" << 'b' << "\n\xE2\x82";
  EXPECT_EQ(target.str(), "a\\u001bb\n");
  stream << '\xAC' << "\x7F" << std::flush;  // the rest of a character that was begun
  EXPECT_EQ(target.str(), "a\\u001bb\n\u20AC\\u007f");
  EXPECT_TRUE(stream.good());
}

TEST(PrintableBuffer, JsonStaysTheSameDocument) {
  const nlohmann::json value = {{"k\x7F", {"\x1B[31m\n\xC2\x9B\u202E", "\u00E9"}}};
  std::ostringstream target;
  PrintableBuffer buffer(*target.rdbuf());
  std::ostream(&buffer) << value.dump(2) << std::flush;
  EXPECT_EQ(nlohmann::json::parse(target.str()), value);
  EXPECT_EQ(target.str().find("\xC2\x9B"), std::string::npos);
}

TEST(PrintableBuffer, ATargetThatFailsIsNoticed) {
  std::ostringstream target;
  struct Full : std::streambuf {
  } full;  // takes nothing
  PrintableBuffer buffer(full);
  std::ostream stream(&buffer);
  stream << "a\n";
  EXPECT_FALSE(stream.good());
}

}  // namespace
}  // namespace pdmp
