import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import https from "node:https";
import { createInterface } from "node:readline";
import { expect, inject, test } from "vitest";

const read = (file) => readFileSync(`${inject("tls")}/${file}`);

const get = (url, options) =>
  new Promise((resolve, reject) => {
    const answered = (answer) => answer.on("data", (data) => resolve(data.toString()));
    https.get(url, { agent: false, ...options }, answered).on("error", reject);
  });

test("a server with the leaf is believed with the CA", async () => {
  const options = { key: read("key.pem"), cert: read("fullchain.pem") };
  const server = https.createServer(options, (_, answer) => answer.end("hello")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://localhost:${server.address().port}/`;
  expect(await get(url, { ca: read("ca.pem"), family: 4 })).toBe("hello");
  await expect(get(url, { family: 4 })).rejects.toThrow("unable to verify the first certificate");
  server.close();
});

test.each([
  ["expired", "certificate has expired"],
  ["wrong-host", "does not match certificate's altnames"],
  ["unknown-ca", "unable to verify the first certificate"],
])("a server that is %s is refused", async (fault, message) => {
  const ca = `${inject("tls")}/../${fault}.pem`;
  const server = spawn("certforge", ["-q", "serve", "--fault", fault, "--ca-file", ca]);
  try {
    const [line] = await once(createInterface(server.stdout), "line"); // its URL, once it is ready
    const options = { servername: "server.test", headers: { host: "server.test" }, ca: readFileSync(ca) };
    await expect(get(line, options)).rejects.toThrow(message);
  } finally {
    server.kill();
  }
});
