"""The plans that docs/providers gives to copy: `plan check` finds nothing wrong with any of them."""

import os
import re
import unittest

import harness

FOLDER = os.path.join(harness.ROOT, "docs", "providers")


class Pages(harness.ToolCase):
    def test_plans(self):
        seen = set()
        for name in sorted(os.listdir(FOLDER)):
            with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
                text = file.read()
            for plan in re.findall(r"(?ms)^```yaml\n(.*?)^```$", text):
                with self.subTest(name):
                    seen.add(name)
                    users = re.findall(r'(?m)^ +-? ?(source|target): "?([^"{\n]+)"?$', plan)
                    for path in re.findall(r'(?m)^ +(?:password|ca)-file: "?([^"\n]+)"?$', plan):
                        for side, user in users:
                            whole = path.replace("%u", user.replace("\\\\", "\\"))
                            where = os.path.join(self.dir, whole)
                            os.makedirs(os.path.dirname(where), exist_ok=True)
                            with open(where, "w", encoding="utf-8") as out:
                                out.write("x\n")
                    with open(os.path.join(self.dir, "plan.yaml"), "w", encoding="utf-8") as out:
                        out.write(plan)
                    done = self.run_command([harness.program(), "plan", "check", os.path.join(self.dir, "plan.yaml")])
                    self.assertEqual(done.status, harness.DONE, plan + str(done))
        self.assertGreaterEqual(len(seen), 16)


if __name__ == "__main__":
    unittest.main()
