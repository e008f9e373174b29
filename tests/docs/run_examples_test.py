#!/usr/bin/env python3
"""That run_examples.py complains about a page whose examples fail or print something else."""
import pathlib
import tempfile
import unittest

import run_examples

PROGRAM = pathlib.Path("/bin/echo")


def complaints(text):
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "page.md"
        page.write_text(text)
        return run_examples.run(page, PROGRAM)


class RunExamples(unittest.TestCase):
    def test_what_is_shown_is_printed(self):
        self.assertEqual(complaints("```sh\npdmp seed 3,   0.25\n```\n\n```text\n...\nseed 17, 0.5\n```\n"), [])

    def test_blocks_share_a_folder(self):
        self.assertEqual(complaints("```sh\necho > a\n```\n```sh\nls\n```\n```text\na\n```\n"), [])

    def test_another_word_is_a_complaint(self):
        [complaint] = complaints("```sh\npdmp accuracy 0.5\n```\n```text\nmacro-F1 0.5\n```\n")
        self.assertIn("macro-F# #", complaint)

    def test_a_failing_command_is_a_complaint(self):
        [complaint] = complaints("```sh\nfalse\necho later\n```\n")
        self.assertIn("exit status 1", complaint)

    def test_a_page_without_examples_is_a_complaint(self):
        self.assertEqual(len(complaints("# Nothing\n")), 1)


if __name__ == "__main__":
    unittest.main()
