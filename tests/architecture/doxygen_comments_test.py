"""scripts/doxygen_comments.py gives every declaration of a header the comment that belongs to it."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import doxygen_comments  # noqa: E402


class DoxygenComments(unittest.TestCase):
    def assert_becomes(self, header, *expected):
        self.assertEqual(list(doxygen_comments.converted(header)), list(expected))

    def test_a_comment_before_a_declaration(self):
        self.assert_becomes("\n// Adds <b> & c.\nint add();", "", r"/// Adds \<b\> \& c.", "int add();")

    def test_a_comment_behind_a_declaration_and_below(self):
        self.assert_becomes("  int a;  // one\n          // two\n  // three\n  int b;",
                            "  int a;  ///< one", "          ///< two", "  /// three", "  int b;")

    def test_each_name_of_a_declaration(self):
        self.assert_becomes("int a = 0, b = f(1, 2);  // units\n"
                            "                         // of both",
                            "int a = 0;  ///< units", "                         ///< of both",
                            "int b = f(1, 2);  ///< units", "                         ///< of both")

    def test_commas_that_separate_no_names(self):
        for line in ("std::map<int, int> a;  ", 'std::string a = "x, y";  ', "int f(int a, int b);  ", "  int a, int b);  ", "  one,  ",
                     "int f() { return g(1, 2); }  "):
            self.assert_becomes(line + "// text", line + "///< text")

    def test_the_comment_at_the_top_and_code(self):
        self.assert_becomes("// Text:\n//   a < b;\n// More.\n#pragma once",
                            r"/// \file", "/// Text:", r"/// \code", "///   a < b;", r"/// \endcode", "/// More.", "#pragma once")

    def test_declarations_with_a_standard_text(self):
        self.assert_becomes("  void describe(OptionList& list);",
                            "  void describe(OptionList& list);  ///< Adds every field to the list, with its range and help text.")
        self.assert_becomes("  A(const A&) = delete;", "  A(const A&) = delete;  ///< Deleted.")
        self.assert_becomes("  std::unique_ptr<Method> make() const;  // its own", "  std::unique_ptr<Method> make() const;  ///< its own")
        self.assert_becomes("\n  // Its own.\n  ~A() = default;", "", "  /// Its own.", "  ~A() = default;")

    def test_what_is_left_out(self):
        self.assert_becomes("  A(int a);  // NOLINT(google-explicit-constructor): a value", "  A(int a);")
        self.assert_becomes("class A;  // src/a.h", "class A;")
        self.assert_becomes("}  // namespace pdmp", "}")
        self.assert_becomes('template <>\ninline constexpr auto kChoiceNames<A> = choice_names("a",\n  "b");\nint a;', "", "", "", "int a;")


if __name__ == "__main__":
    unittest.main()
