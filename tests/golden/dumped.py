"""What pdmp decodes of media files, asked of media_dump, for the checks beside this file."""
import json
import subprocess
from pathlib import Path

import numpy as np


class Dump:
    """One process of media_dump; files are written below `folder`."""

    def __init__(self, program, folder):
        self.out = Path(folder) / "dumped.raw"
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, kind, path):
        self.process.stdin.write(f"{kind}\t{path}\t{self.out}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def sound(self, path):
        """(samples, rate), or the message of the refusal."""
        answer = self.ask("sound", path)
        return answer["error"] if "error" in answer else (np.fromfile(self.out, np.float32), answer["rate"])

    def video(self, path):
        """(frames, answer), or the message of the refusal."""
        answer = self.ask("video", path)
        if "error" in answer:
            return answer["error"]
        return np.fromfile(self.out, np.uint8).reshape(-1, answer["height"], answer["width"], 3), answer


class Report:
    """Lines of what was compared, by kind; exit status 1 where something differs without a reason. `reasons`: by kind and
    beginning of the file's name."""

    def __init__(self, reasons):
        self.reasons, self.kinds, self.wrong, self.used = reasons, {}, [], set()

    def add(self, kind, name, difference):
        """`difference`: "" where the two are equal."""
        equal, explained, differing = self.kinds.get(kind, (0, 0, 0))
        reason = next((key for key in self.reasons if difference and kind == key[0] and name.startswith(key[1])), None)
        if not difference:
            equal += 1
        elif reason is not None:
            explained += 1
            self.used.add((reason, name, difference))
        else:
            differing += 1
            self.wrong.append((name, difference))
        self.kinds[kind] = (equal, explained, differing)

    def finish(self):
        print(f"{'':34}{'equal':>8}{'with a reason':>16}{'different':>12}")
        for kind, counts in sorted(self.kinds.items()):
            print(f"{kind:34}{counts[0]:8}{counts[1]:16}{counts[2]:12}")
        totals = [sum(column) for column in zip(*self.kinds.values())]
        print(f"{'all':34}{totals[0]:8}{totals[1]:16}{totals[2]:12}")
        for reason, name, difference in sorted(self.used):
            print(f"  {name}: {difference}\n    {self.reasons[reason]}")
        for name, difference in self.wrong:
            print(f"DIFFERENT {name}: {difference}")
        return 1 if self.wrong else 0


def ffmpeg(*arguments):
    """Runs ffmpeg; what it writes to stdout."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-threads", "1", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
