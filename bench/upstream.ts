import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess, freePort, hasCommand, LOAD_CORE, nginxUser, untilItAnswers, workFolder } from './machine.ts';

/** What a start is answered with: a quarter of a kilobyte. */
export const STARTED = JSON.stringify({
  id: '7d3f1c2a-0b1c-11ef-9e92-0a9e5a06c0de',
  definitionId: 'onboarding',
  definitionVersion: '1',
  subject: 'onboarding',
  status: 'RUNNING',
  businessKey: '',
  startedAt: '2026-01-01T10:49:20.398Z',
  startedBy: 'sb-clone-00000000',
  completedAt: null,
});

/** What a start sends: half a kilobyte. */
export const CONTEXT = JSON.stringify({ employee: 'Ada', note: 'x'.repeat(470) });

const MEGABYTE = 1024 * 1024;

export interface Upstream {
  readonly url: string;
  readonly kind: 'nginx' | 'node';
  stop(): Promise<void>;
}

/**
 * The service behind every proxy: nginx where it is installed, else Node. It answers a start with 201, a list with
 * 100 KB, and gives 10 MB and 1 GB files.
 */
export async function startUpstream(): Promise<Upstream> {
  const port = await freePort();
  const files = join(workFolder, 'files');
  mkdirSync(join(files, 'http'), { recursive: true });
  writeFileSync(join(files, 'list.json'), listOf(100 * 1024));
  writeFileSync(join(files, 'http/10mb'), Buffer.alloc(10 * MEGABYTE, 'x'));
  writeFileSync(join(files, 'http/1gb'), '');
  truncateSync(join(files, 'http/1gb'), 1024 * MEGABYTE); // a sparse file: it takes no room
  const kind = hasCommand('nginx') ? 'nginx' : 'node';
  const command =
    kind === 'nginx'
      ? [
          'nginx',
          '-c',
          writeNginx(port, files),
          '-p',
          workFolder,
          '-e',
          join(workFolder, 'nginx-error.log'),
          '-g',
          'daemon off;',
        ]
      : [process.execPath, join(import.meta.dirname, 'node-upstream.ts')];
  const server = new BenchProcess(command, LOAD_CORE, { PORT: String(port), FILES: files, STARTED });
  const url = `http://127.0.0.1:${port}`;
  await untilItAnswers(`${url}/rest/v1/workflow-definitions`);
  return { url, kind, stop: () => server.stop() };
}

/**
 * Takes uploads to their last byte. nginx answers them at once and drops the rest, which no proxy would have to carry.
 */
export async function startSink(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = await freePort();
  const files = join(workFolder, 'files');
  const command = [process.execPath, join(import.meta.dirname, 'node-upstream.ts')];
  const server = new BenchProcess(command, LOAD_CORE, { PORT: String(port), FILES: files, STARTED });
  const url = `http://127.0.0.1:${port}`;
  await untilItAnswers(`${url}/rest/v1/workflow-definitions`);
  return { url, stop: () => server.stop() };
}

function listOf(bytes: number): string {
  const items = Array.from({ length: Math.ceil(bytes / (STARTED.length + 1)) }, () => STARTED);
  return `[${items.join(',')}]`;
}

function writeNginx(port: number, files: string): string {
  const path = join(workFolder, 'upstream.conf');
  writeFileSync(
    path,
    `${nginxUser}
worker_processes 1;
pid ${workFolder}/upstream.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${workFolder}/body;
  proxy_temp_path ${workFolder}/proxy;
  client_max_body_size 0;
  keepalive_timeout 120s;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    location = /rest/v1/workflow-instances { default_type application/json; return 201 '${STARTED}'; }
    location = /rest/v1/workflow-definitions { default_type application/json; root ${files}; try_files /list.json =404; }
    location /http/ { root ${files}; }
  }
}
`,
  );
  return path;
}
