// A load generator for loopback: keep-alive connections, one request under way on each, bounded in time.
import { connect } from 'node:net';

const [port, path, connections, seconds, body] = process.argv.slice(2);
const request = Buffer.from(
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);
const latencies = [];
let failed = 0;
const ends = performance.now() + Number(seconds) * 1000;
const began = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, run));
const elapsed = (performance.now() - began) / 1000;
latencies.sort((a, b) => a - b);
const quantile = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
console.log(
  JSON.stringify({
    requests: latencies.length,
    failed,
    perSecond: latencies.length / elapsed,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }),
);

function run() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let received = '';
    let sent = 0;
    socket.setNoDelay(true);
    socket.on('error', reject);
    const send = () => {
      sent = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const head = received.indexOf('\r\n\r\n');
      if (head === -1) return;
      const length = /content-length: (\d+)/i.exec(received.slice(0, head));
      const chunked = length === null;
      if (chunked ? !received.endsWith('0\r\n\r\n') : received.length < head + 4 + Number(length[1])) return;
      if (!received.startsWith('HTTP/1.1 200')) failed++;
      latencies.push(performance.now() - sent);
      received = '';
      if (performance.now() < ends) send();
      else socket.end(resolve);
    });
  });
}
