// Asks each HOST:PORT over HTTPS, trusting one file; a line an answer.
const fs = require("node:fs");
const https = require("node:https");

const ca = fs.readFileSync(process.argv[2]);

function ask(target) {
  const [host, port] = [target.slice(0, target.lastIndexOf(":")), target.slice(target.lastIndexOf(":") + 1)];
  return new Promise((resolve) => {
    https
      .get({ host, port, ca, agent: false }, (answer) => {
        answer.resume();
        resolve(`ACCEPT ${answer.statusCode}`);
      })
      .on("error", (e) => resolve(`REFUSE ${e.code} ${e.message}`));
  });
}

(async () => {
  for (const target of process.argv.slice(3)) console.log(await ask(target));
})();
