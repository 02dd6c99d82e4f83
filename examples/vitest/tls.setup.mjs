import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

export default ({ provide }) => {
  const folder = mkdtempSync(`${tmpdir()}/tls-`);
  execFileSync("certforge", ["-q", "--dir", folder, "up", "localhost", "--key", "p256"], { stdio: "inherit" });
  provide("tls", `${folder}/localhost`); // fullchain.pem, key.pem, ca.pem
  return () => rmSync(folder, { recursive: true });
};
