"""Each rule of scripts/check_tree.py complains about a tree that breaks it, and only then."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import check_tree  # noqa: E402

GOOD = {
    "include/pdmp/error.h": "#pragma once\n",
    "include/pdmp/torch.h": "#pragma once\n#include <torch/types.h>\n",
    "include/pdmp/model.h": '#pragma once\n#include "pdmp/error.h"\n#include "pdmp/torch.h"\n',
    "src/pch.cpp": "",
    "src/base/file.cpp": '#include "pdmp/error.h"\n#include <vector>\n',
    "src/base/CMakeLists.txt": "file.cpp",
    "src/models/encoders/mlp.cpp": '#include "pdmp/model.h"\n#include "models/layers/linear.h"\n#include "base/file.h"\n',
    "src/models/table.cpp": "",
    "src/models/CMakeLists.txt": "encoders/mlp.cpp table.cpp",
    "tests/base/file_test.cpp": "",
    "tests/base/CMakeLists.txt": "pdmp_test(base LINK pdmp_base)",
    "tests/models/encoders/mlp_test.cpp": "",
    "tests/models/CMakeLists.txt": "encoders/mlp_test.cpp",
}


class CheckTree(unittest.TestCase):
    def complaints(self, changes):
        """Complaints about the good tree with `changes` made to it; None removes a file."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **changes}.items():
                if text is not None:
                    path = Path(folder, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
            return check_tree.check(Path(folder))

    def assert_complains(self, changes, *expected):
        found = self.complaints(changes)
        self.assertEqual(len(found), len(expected), found)
        for complaint, start in zip(found, expected):
            self.assertTrue(complaint.startswith(start), complaint)

    def test_a_good_tree_passes(self):
        self.assert_complains({})

    def test_an_include_upwards(self):
        self.assert_complains(
            {"src/models/encoders/mlp.cpp": '#include "pdmp/model.h"\n\n#include "train/epoch.h"\n'},
            "src/models/encoders/mlp.cpp:3: models must not include train/epoch.h, which belongs to train")

    def test_a_public_header_upwards(self):
        self.assert_complains(
            {"src/models/encoders/mlp.cpp": '#include "pdmp/trainer.h"\n'},
            "src/models/encoders/mlp.cpp:1: models must not include pdmp/trainer.h, which belongs to train")
        self.assert_complains(
            {"include/pdmp/error.h": '#pragma once\n#include "pdmp/model.h"\n'},
            "include/pdmp/error.h:2: base must not include pdmp/model.h, which belongs to models",
            "include/pdmp/error.h: includes LibTorch", "src/base/file.cpp: includes LibTorch")

    def test_data_and_metrics_are_strangers(self):
        self.assert_complains({"src/data/files/a.h": '#pragma once\n#include "metrics/accuracy.h"\n'},
                              "src/data/files/a.h:2: data must not include metrics/accuracy.h")
        self.assert_complains({"src/metrics/a.h": '#pragma once\n#include "data/manifest/manifest.h"\n'},
                              "src/metrics/a.h:2: metrics must not include data/manifest/manifest.h")

    def test_base_stays_free_of_libtorch(self):
        self.assert_complains({"src/base/file.cpp": "#include <torch/types.h>\n"}, "src/base/file.cpp: includes LibTorch")
        self.assert_complains({"src/base/file.cpp": '#include "pdmp/torch.h"\n'}, "src/base/file.cpp: includes LibTorch")
        self.assert_complains({"include/pdmp/error.h": "#pragma once\n#include <ATen/core/Tensor.h>\n"},
                              "include/pdmp/error.h: includes LibTorch", "src/base/file.cpp: includes LibTorch")

    def test_a_folder_that_does_without_libtorch(self):
        self.assert_complains({"src/data/tables/a.h": '#pragma once\n#include "data/files/b.h"\n',
                               "src/data/files/b.h": '#pragma once\n#include "pdmp/torch.h"\n'},
                              "src/data/files/b.h: includes LibTorch", "src/data/tables/a.h: includes LibTorch")
        self.assert_complains({"src/data/types/a.h": '#pragma once\n#include "pdmp/torch.h"\n'})

    def test_folders_of_a_layer_point_one_way(self):
        self.assert_complains({"src/data/files/a.h": '#pragma once\n#include "data/types/b.h"\n', "src/data/types/b.h": "#pragma once\n"},
                              "src/data/files/a.h:2: data/files must not include data/types/b.h")
        self.assert_complains({"src/data/types/a.h": '#pragma once\n#include "data/files/b.h"\n', "src/data/files/b.h": "#pragma once\n"})
        self.assert_complains({"src/data/stray/a.h": "#pragma once\n"}, "src/data/stray/a.h: expected a file of one of the folders")

    def test_names_outside_their_layer_namespace(self):
        self.assert_complains({"src/optim/a.h": "#pragma once\nnamespace pdmp {\n}\n"},
                              "src/optim/a.h: expected its names in namespace pdmp::optim, found pdmp")
        self.assert_complains({"src/run/a.h": "#pragma once\nnamespace pdmp::run {\n}\n"},
                              "src/run/a.h: expected its names in namespace pdmp::runs, found pdmp::run")
        self.assert_complains({"src/optim/a.h": "#pragma once\nnamespace pdmp {\nclass Model;\n}\nnamespace pdmp::optim {\n}\n",
                               "src/base/b.h": "#pragma once\nnamespace pdmp {\n}\n"})

    def test_a_folder_that_holds_too_much(self):
        files = {f"src/optim/a{i}.h": "#pragma once\n" for i in range(check_tree.MOST_FILES)}
        self.assert_complains(files)
        self.assert_complains({**files, "src/optim/more.h": "#pragma once\n"}, "src/optim: expected at most 25 C++ files, found 26")

    def test_a_folder_or_header_without_a_layer(self):
        self.assert_complains({"src/stray/a.h": "#pragma once\n"}, "src/stray/a.h: expected a file of one of the layers")
        self.assert_complains({"include/pdmp/stray.h": "#pragma once\n"},
                              "include/pdmp/stray.h: expected a file of one of the layers")

    def test_a_source_without_test(self):
        self.assert_complains({"tests/base/file_test.cpp": None},
                              "src/base/file.cpp: expected its test tests/base/file_test.cpp")

    def test_a_source_tested_in_another_file(self):
        residual = {"src/models/layers/residual.cpp": "", "src/models/CMakeLists.txt": "encoders/mlp.cpp table.cpp residual.cpp"}
        self.assert_complains(residual, "src/models/layers/residual.cpp: expected its test tests/models/encoders/resnet_test.cpp")
        self.assert_complains({**residual, "tests/models/encoders/resnet_test.cpp": "",
                               "tests/models/CMakeLists.txt": "mlp_test.cpp resnet_test.cpp"})

    def test_a_test_folder_that_mirrors_nothing(self):
        self.assert_complains({"tests/stray/a_test.py": ""}, "tests/stray: expected a folder of src/ or one of architecture")
        self.assert_complains({"tests/regressions/holes.cpp": "", "tests/regressions/CMakeLists.txt": "holes.cpp"},
                              "tests/regressions/holes.cpp: expected <kind of fault>_test.cpp")
        self.assert_complains({"tests/regressions/holes_test.cpp": "", "tests/regressions/CMakeLists.txt": "holes_test.cpp"})

    def test_a_source_or_test_that_is_not_built(self):
        self.assert_complains({"src/base/CMakeLists.txt": "profile.cpp"}, "src/base/file.cpp: is listed in no")
        self.assert_complains({"tests/base/CMakeLists.txt": ""}, "tests/base/file_test.cpp: is listed in no")

    def test_a_long_file(self):
        self.assert_complains({"src/base/file.cpp": "\n" * 501}, "src/base/file.cpp: expected at most 500 lines, found 501")
        self.assert_complains({"src/base/file.cpp": "\n" * 500})

    def test_a_note_to_self(self):
        self.assert_complains({"src/base/file.cpp": "int a;\n// TO" "DO: later\n"}, "src/base/file.cpp:2: a note to self")

    def test_a_header_without_guard(self):
        self.assert_complains({"include/pdmp/error.h": "\n"}, "include/pdmp/error.h: expected #pragma once")

    def test_a_name_that_says_nothing(self):
        self.assert_complains({"src/base/utils.h": "#pragma once\n"}, "src/base/utils.h: expected a name")

    def test_traps_and_their_tests(self):
        tests = {"tests/base/file_test.cpp": "TEST(File, TrapOfOne) {}\nTEST_F(File, Reads) {}\n"}
        page = "docs/data-traps.md"
        self.assert_complains({**tests, page: "| x | `--flag=a.b` | `File.TrapOfOne`, `File.Reads` |\n"})
        self.assert_complains({**tests, page: "`File.TrapOfTwo`"}, f"{page}: names the test File.TrapOfTwo",
                              f"{page}: expected a line for the test File.TrapOfOne")
        self.assert_complains(tests, f"{page}: expected a line for the test File.TrapOfOne")

    def test_a_message_with_a_flag(self):
        breach = "src/base/file.cpp:2: a message with a flag"
        self.assert_complains({"src/base/file.cpp": 'void f() {\n  throw Error(kind, "use --select last");\n}\n'}, breach)
        self.assert_complains({"src/base/file.cpp": 'log_warning(fmt::format("{} (so)", g(1)) +  // "\n  "--{}.x is (");\n'}, breach)
        self.assert_complains({"src/base/file.cpp": 'log_info("use `select` last, see `pdmp x --help`");  // --select\nh("--serve");\n--i;\n'})
        self.assert_complains({"src/cli/a.h": '#pragma once\nlog_info("--select");\n',
                               "src/base/flags.cpp": 'throw Error(kind, "--select");\n', "tests/base/flags_test.cpp": "",
                               "src/base/CMakeLists.txt": "file.cpp flags.cpp"})


if __name__ == "__main__":
    unittest.main()
