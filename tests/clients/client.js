const fs = require('fs');
const tls = require('tls');
const readline = require('readline');

function ask(host, port, trust) {
  return new Promise((done) => {
    const isAddress = /^[0-9.]+$/.test(host);
    const socket = tls.connect({
      host: '127.0.0.1', port, ca: fs.readFileSync(trust),
      servername: isAddress ? '' : host,
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate),
    });
    const end = (text) => { socket.destroy(); done(text.replace(/\n/g, ' ')); };
    socket.on('secureConnect', () => end('OK'));
    socket.on('error', (e) => end(`${e.code}: ${e.message}`));
  });
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [host, port, trust] = line.split('\t');
    console.log(await ask(host, Number(port), trust));
  }
})();
