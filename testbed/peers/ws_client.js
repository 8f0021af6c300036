// A client made with npm's ws, driven by JSON lines on stdin; says on stdout what it sees, a JSON line for each event.
//   {"send": TEXT}  {"fragments": [TEXT, …]}  {"binary": HEX}  {"ping": TEXT}  {"close": [CODE, REASON]}
//   {"fill": {"service": …, "size": N}}   a message of exactly N bytes, whose echo is compared
// Usage: ws_client.js URL [SUBPROTOCOL…]
'use strict';
const readline = require('readline');
const WebSocket = require('ws');

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const [url, ...protocols] = process.argv.slice(2);
const socket = new WebSocket(url, protocols, {perMessageDeflate: true});
const filled = new Set();

function fill({service, size}) {
  const head = `{"method":"/api/v1/${service}/x","data":"`;
  const text = head + 'x'.repeat(size - head.length - 2) + '"}';
  filled.add(text);
  socket.send(text);
}

function obey(order) {
  if (order.send !== undefined) socket.send(order.send);
  if (order.binary !== undefined) socket.send(Buffer.from(order.binary, 'hex'));
  if (order.ping !== undefined) socket.ping(order.ping);
  if (order.close) socket.close(order.close[0], order.close[1]);
  if (order.fill) fill(order.fill);
  if (order.fragments) {
    order.fragments.forEach((part, i) => {
      socket.send(part, {fin: i === order.fragments.length - 1});
      if (i === 0) socket.ping('between');
    });
  }
}

socket.on('upgrade', (response) => tell({event: 'upgrade', headers: response.headers}));
socket.on('open', () => {
  tell({event: 'open', protocol: socket.protocol, extensions: socket.extensions});
  readline.createInterface({input: process.stdin}).on('line', (line) => obey(JSON.parse(line)));
});
socket.on('message', (data, binary) => {
  const text = data.toString();
  if (filled.delete(text)) tell({event: 'filled', size: data.length});
  else tell({event: 'message', binary, text});
});
socket.on('pong', (data) => tell({event: 'pong', data: data.toString()}));
socket.on('error', (error) => tell({event: 'error', text: error.message}));
socket.on('close', (code, reason) => {
  tell({event: 'close', code, reason: reason.toString()});
  process.exit(0);
});
