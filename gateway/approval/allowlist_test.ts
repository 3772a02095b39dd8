/** What the rules of the file allow: agents, patterns, platforms, and everything that a shell could add. */
import assert from "node:assert/strict";
import type { ExecApprovalsFile } from "../../schemas/method/approvals.ts";
import { fallback, patternFor, programOf, rulesFor, verdict } from "./allowlist.ts";

const file = (patterns: readonly string[], rules: Partial<ExecApprovalsFile> = {}): ExecApprovalsFile => ({
  version: 1,
  ...rules,
  agents: { ...rules.agents, main: { ...rules.agents?.["main"], allowlist: patterns.map((pattern) => ({ pattern })) } },
});
const says = (patterns: readonly string[], argv: readonly string[], host = {}) =>
  verdict(file(patterns), "main", argv, host).decision;

Deno.test("nothing written down means: ask", () => {
  assert.deepEqual(rulesFor({ version: 1 }, "main"), { security: "allowlist", ask: "on-miss", askFallback: "deny" });
  assert.deepEqual(verdict({ version: 1 }, "main", ["ls"]), { decision: "ask" });
  assert.deepEqual(verdict({ version: 1 }, "constructor", ["ls"]), { decision: "ask" });
  assert.equal(fallback({ version: 1 }, "main", ["ls"]), false);
});

Deno.test("an agent's own rules stand over those of all agents, and those over the defaults", () => {
  const layered: ExecApprovalsFile = {
    version: 1,
    defaults: { security: "full", ask: "off" },
    agents: { "*": { security: "allowlist" }, main: { ask: "always", askFallback: "full" } },
  };
  assert.deepEqual(rulesFor(layered, "main"), { security: "allowlist", ask: "always", askFallback: "full" });
  assert.deepEqual(verdict(layered, "main", ["ls"]), { decision: "ask" });
  assert.equal(fallback(layered, "main", ["ls"]), true);
  assert.deepEqual(verdict(layered, "other", ["ls"]), { decision: "deny" });
  assert.deepEqual(verdict({ version: 1, defaults: { security: "full" } }, "x", ["rm", "-rf", "/"]), {
    decision: "allow",
  });
  assert.deepEqual(verdict({ version: 1, defaults: { security: "deny", ask: "always" } }, "x", ["ls"]), {
    decision: "deny",
  });
  const all: ExecApprovalsFile = { version: 1, agents: { "*": { allowlist: [{ pattern: "ls" }] } } };
  assert.deepEqual(verdict(all, "x", ["ls"]), { decision: "allow", hit: { agentId: "*", pattern: "ls" } });
});

Deno.test("a pattern with a slash is a glob on the resolved path, one without is a bare name", () => {
  const path = { resolvedPath: "/usr/bin/git" };
  for (
    const pattern of ["/usr/bin/git", "/usr/bin/*", "/usr/**", "/**/git", "/usr/**/git", "/usr/bin/gi?", "git", "g*"]
  ) {
    assert.equal(says([pattern], ["git", "status"], path), "allow", pattern);
  }
  for (const pattern of ["/usr/*", "/usr/bin/g", "bin/git", "*/git", "/usr/bin/git/", "hg", "", "/opt/**/git"]) {
    assert.equal(verdict(file([pattern]), "main", ["git"], path).decision, "ask", pattern);
  }
  assert.equal(says(["/usr/bin/git"], ["git"]), "ask", "the path is not known");
  assert.equal(says(["git"], ["./git"]), "ask");
  assert.equal(says(["git"], ["/tmp/git"]), "ask");
  assert.equal(says(["/usr/bin/**"], ["/usr/bin/../../tmp/evil"]), "ask");
  assert.equal(says(["/usr/bin/**"], ["x"], { resolvedPath: "/usr/bin//x" }), "ask");
  assert.equal(says(["~/bin/*"], ["x"], { resolvedPath: "/home/a/bin/x", home: "/home/a" }), "allow");
});

Deno.test("case counts where the platform says so, and Windows paths have either slash", () => {
  const path = { resolvedPath: "/Usr/Bin/Git" };
  assert.equal(says(["/usr/bin/git"], ["Git"], { ...path, platform: "linux" }), "ask");
  assert.equal(says(["/usr/bin/git"], ["Git"], { ...path, platform: "darwin" }), "allow");
  const win = { resolvedPath: "C:\\Program Files\\Git\\git.exe", platform: "windows" };
  assert.equal(says(["c:/program files/**"], ["git"], win), "allow");
  assert.equal(says(["C:\\Program Files\\Git\\git.exe"], ["git"], win), "allow");
  assert.equal(says(["run.bat"], ["run.bat", "a&b"], { platform: "windows" }), "ask");
  assert.equal(says(["run.bat"], ["run.bat", "a"], { platform: "windows" }), "allow");
});

Deno.test("a shell is seen through for a plain command and allows nothing else", () => {
  const wide = ["**", "*", "/**", "sh", "bash", "/bin/sh", "ls", "git"];
  assert.equal(says(["ls"], ["/bin/sh", "-lc", "ls -l /tmp"]), "allow");
  assert.equal(
    says(["/bin/sh", "sh"], ["/bin/sh", "-lc", "ls -l /tmp"]),
    "ask",
    "an entry for the shell is none for its script",
  );
  for (
    const script of [
      "ls; id",
      "ls && id",
      "ls | id",
      "ls & id",
      "ls > f",
      "ls < f",
      "ls $(id)",
      "ls `id`",
      "ls\nid",
      "X=1 ls",
      "ls $X",
      "sh -c id",
      "ls ~",
      "ls *",
      "(ls)",
      "",
      "bash",
    ]
  ) {
    assert.equal(says(wide, ["sh", "-c", script]), "ask", script);
    assert.equal(says(wide, ["/bin/bash", "-lc", script]), "ask", script);
  }
  for (
    const argv of [["bash", "-xc", "id"], ["sh", "-c", "ls", "a"], ["pwsh", "-Command", "id"], ["cmd", "/k", "dir"], [
      "busybox",
      "-x",
    ]]
  ) assert.equal(says(wide, argv), "ask", argv.join(" "));
  assert.equal(says(["dir"], ["cmd.exe", "/d", "/s", "/c", "dir C:\\x"]), "allow");
  assert.equal(says(["dir"], ["cmd.exe", "/c", "dir & del x"]), "ask");
  assert.equal(says(["bash"], ["bash", "script.sh"]), "allow", "written down by the owner, and no -c");
  assert.deepEqual(programOf(["grep", "a;b|c", "f"]), ["grep", "a;b|c", "f"], "no shell reads these words");
});

Deno.test("always remembers the program that was asked for, and never something that runs others", () => {
  assert.equal(patternFor(["git", "status"]), "git");
  assert.equal(patternFor(["git", "status"], "/usr/bin/git"), "/usr/bin/git");
  assert.equal(patternFor(["sh", "-c", "git status"], "/usr/bin/git"), "/usr/bin/git");
  for (
    const [argv, path] of [
      [["sh", "-c", "git status; id"], undefined],
      [["sh", "x.sh"], undefined],
      [["env", "git"], undefined],
      [["sudo", "git"], undefined],
      [["python3", "-c", "print(1)"], "/usr/bin/python3.12"],
      [["python3.12", "x.py"], undefined],
      [["pypy3"], undefined],
      [["node", "-e", "1"], undefined],
      [["awk", "{ system($0) }"], "/usr/bin/mawk"],
      [["perl5.36.0", "-e", "1"], undefined],
      [["docker", "run", "x"], undefined],
      [["npx", "x"], undefined],
      [["sh", "-c", "python3 -c 1"], undefined],
      [["git"], "/bin/sh"],
      [["git"], "/usr/**"],
      [["git"], "/usr/bin/../x"],
      [["./git"], undefined],
      [["g*"], undefined],
      [[], undefined],
    ] as const
  ) assert.equal(patternFor(argv, path), undefined, `${argv.join(" ")} ${path}`);
});

Deno.test("no pattern is slow", () => {
  const before = performance.now();
  const resolvedPath = `/${"a/".repeat(2_000)}a`;
  assert.equal(says([`/${"**/*a".repeat(150)}x`], ["a"], { resolvedPath }), "ask");
  assert.ok(performance.now() - before < 3_000);
});
