// An upstream made with npm's ws: answers every message with itself, except where its `data` is an order.
// Says on stdout where it listens, and what it sees: open, ping, pong, close.
'use strict';
const {WebSocketServer} = require('ws');

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');

function obey(socket, order) {
  if (order.close) socket.close(order.close[0], order.close[1]);
  if (order.terminate) socket.terminate();
  if (order.ping !== undefined) socket.ping(order.ping);
  if (order.fragments) {
    order.fragments.forEach((part, i) => socket.send(part, {fin: i === order.fragments.length - 1}));
  }
}

const server = new WebSocketServer({host: '127.0.0.1', port: 0, maxPayload: 64 * 1024 * 1024});
server.on('listening', () => tell({event: 'listening', address: `127.0.0.1:${server.address().port}`}));
server.on('connection', (socket, request) => {
  tell({event: 'open', path: request.url, protocol: socket.protocol, extensions: socket.extensions,
        headers: request.headers});
  socket.on('pong', (data) => tell({event: 'pong', data: data.toString()}));
  socket.on('close', (code, reason) => tell({event: 'close', code, reason: reason.toString()}));
  socket.on('message', (data, binary) => {
    const order = binary ? null : JSON.parse(data).order;
    if (order) obey(socket, order);
    else socket.send(data, {binary});
  });
});
process.on('SIGTERM', () => process.exit(0));
