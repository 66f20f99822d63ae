import { createServer } from 'node:http';

/** The least that a Node HTTP server can do for a request: read its body, and answer with as many bytes as Feast would. `node bare.ts <port> <bytes>` */
const [port, bytes] = process.argv.slice(2).map(Number) as [number, number];
const answer = Buffer.alloc(bytes, '1');
const headers = { 'content-type': 'application/json', 'content-length': bytes };

createServer((request, response) => {
  request.on('data', () => undefined);
  request.on('end', () => {
    response.writeHead(200, headers);
    response.end(answer);
  });
}).listen(port, '127.0.0.1');
