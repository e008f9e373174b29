#include "data/manifest/path_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"

namespace pdmp::data {
namespace {

using ::testing::HasSubstr;

std::string expand(std::string_view text) {
  return expand_template(text, [](const std::string& name) { return name == "start" ? "30" : "<" + name + ">"; });
}

std::string message_of(std::string_view text) {
  try {
    expand(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(PathTemplate, FillsInNamesAndNumbers) {
  EXPECT_EQ(expand("a/{split}/{id}_{start:06d}.jpg"), "a/<split>/<id>_000030.jpg");
  EXPECT_EQ(expand("plain"), "plain");
  EXPECT_EQ(expand("{{x}}{id}"), "{x}<id>");
}

TEST(PathTemplate, SaysWhatIsWrong) {
  EXPECT_THAT(message_of("a/{id"), HasSubstr("path 'a/{id': '{' without its partner"));
  EXPECT_THAT(message_of("a}"), HasSubstr("'}' without its partner"));
  EXPECT_THAT(message_of("{start:6}"), HasSubstr("expected a format like 06d, found '6'"));
  EXPECT_THAT(message_of("{id:06d}"), HasSubstr("expected a number"));
}

}  // namespace
}  // namespace pdmp::data
