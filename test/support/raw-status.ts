import { connect } from 'node:net';
import { API_KEY } from './flowgate-stack.ts';

/** The status of a GET whose target is sent exactly as given: `fetch` would normalise it. */
export function rawStatus(port: number, target: string, headers = '', body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET ${target} HTTP/1.1\r\nhost: x\r\nx-api-key: ${API_KEY}\r\nconnection: close\r\n${headers}\r\n${body}`,
      );
    });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(answer.slice(9, 12))));
  });
}
