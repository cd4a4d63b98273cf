import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess, freePort, hasCommand, nginxUser, PROXY_CORE, untilItAnswers, workFolder } from './machine.ts';

/** Where a scenario's requests go in a proxy: the peers pass paths through, Flowgate has routes of its own. */
interface Paths {
  readonly start: string;
  readonly list: string;
  readonly download: (file: string) => string;
  readonly upload: string;
}

export interface Proxy {
  readonly name: string;
  readonly url: string;
  readonly paths: Paths;
  readonly headers: Readonly<Record<string, string>>;
  readonly process: BenchProcess;
}

const passedThrough: Paths = {
  start: '/rest/v1/workflow-instances',
  list: '/rest/v1/workflow-definitions',
  download: (file) => `/http/${file}`,
  upload: '/http/upload',
};

export const nodePeers = [
  'bare-undici',
  'http-proxy-middleware',
  'fastify-http-proxy',
  'express-http-proxy',
  'express-got',
  'approuter',
] as const;

/** Starts one of the Node peers, each in a process of its own. */
export async function startNodePeer(name: (typeof nodePeers)[number], target: string): Promise<Proxy> {
  const port = await freePort();
  const program = join(import.meta.dirname, 'peers', `${name}.mjs`);
  const started = new BenchProcess([process.execPath, program], PROXY_CORE, {
    PORT: String(port),
    TARGET: target,
    NODE_ENV: 'production',
  });
  return running({ name, port, paths: passedThrough, headers: {}, process: started });
}

/** nginx with one worker and kept-alive connections to the upstream, as its documentation recommends. */
export async function startNginx(target: string): Promise<Proxy | undefined> {
  if (!hasCommand('nginx')) return undefined;
  const port = await freePort();
  const folder = join(workFolder, `nginx-${port}`);
  mkdirSync(folder);
  const path = join(folder, 'proxy.conf');
  writeFileSync(
    path,
    `${nginxUser}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  upstream behind { server ${new URL(target).host}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://behind;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    }
  }
}
`,
  );
  const command = ['nginx', '-c', path, '-p', folder, '-e', join(folder, 'error.log'), '-g', 'daemon off;'];
  return running({
    name: 'nginx',
    port,
    paths: passedThrough,
    headers: {},
    process: new BenchProcess(command, PROXY_CORE),
  });
}

export interface FlowgateOptions {
  readonly target: string;
  readonly tokenUrl: string;
  /** How many services and callers the configuration has in all. */
  readonly copies?: number;
  /** Without: what it costs to know a caller, and nothing else. */
  readonly rateLimit?: boolean;
  /** What callers show. */
  readonly credential?: 'api-key' | 'anonymous' | { readonly issuer: string; readonly token: string };
  /** The path that tells that it runs; asking a service, which is what happens without, fetches a token. */
  readonly upWhen?: string;
  /** For Node itself, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

const BENCH_KEY = 'bench-key-0123456789abcdef';

/** The key of a caller that may send little: for the flood. */
export const FLOOD_KEY = 'flood-key-0123456789abcdef';
/** What it may send, requests per second. */
export const FLOOD_LIMIT = 100;

/** Those of `npm start`. */
const START_OPTIONS = ['--max-semi-space-size=16'];

/** Flowgate's production build with everything on: authentication, grants, rate limit, tokens, log, helmet. */
export async function startFlowgate(options: FlowgateOptions): Promise<Proxy> {
  const port = await freePort();
  const file = join(workFolder, `flowgate-${port}.yaml`);
  writeFileSync(file, flowgateFile(options));
  const server = join(import.meta.dirname, '../dist/server.js');
  const { credential = 'api-key' } = options;
  const nodeOptions = [...START_OPTIONS, ...(options.nodeOptions ?? [])];
  const started = new BenchProcess([process.execPath, ...nodeOptions, server], PROXY_CORE, {
    PORT: String(port),
    FLOWGATE_CONFIG: file,
    ...(credential === 'anonymous' ? { ALLOW_ANONYMOUS: 'true' } : {}),
  });
  const paths: Paths = {
    start: '/api/workflow/definitions/onboarding/instances',
    list: '/api/workflow/definitions',
    download: (name) => `/api/integration/flows/${name}`,
    upload: '/api/integration/flows/upload',
  };
  return running({
    name: 'flowgate',
    port,
    paths,
    headers: credentialHeaders(credential),
    process: started,
    ...(options.upWhen === undefined ? {} : { upWhen: options.upWhen }),
  });
}

function credentialHeaders(credential: NonNullable<FlowgateOptions['credential']>): Record<string, string> {
  if (credential === 'anonymous') return {};
  return credential === 'api-key' ? { 'x-api-key': BENCH_KEY } : { authorization: `Bearer ${credential.token}` };
}

function flowgateFile({ target, tokenUrl, copies = 1, credential, rateLimit = true }: FlowgateOptions): string {
  const token = `{ url: "${tokenUrl}", clientId: bench, clientSecret: bench-secret-0123456789 }`;
  const extraServices = Array.from(
    { length: copies - 1 },
    (_, at) => `  workflow-${at}: { kind: sap-workflow, url: "${target}/rest", token: ${token} }\n`,
  );
  const extraCallers = Array.from(
    { length: copies - 1 },
    (_, at) => `  caller-${at}: { apiKeys: ["other-key-0123456789-${at}"], allow: ["GET /api/workflow-${at}/**"] }\n`,
  );
  const callers = `callers:
  bench:
    apiKeys: ["${BENCH_KEY}"]
${typeof credential === 'object' ? `    jwt: { issuer: "${credential.issuer}", audience: flowgate }\n` : ''}    allow: ["POST /api/workflow/definitions/*/instances", "GET /api/workflow/**", "* /api/integration/**"]
${rateLimit ? '    rateLimit: 1000000/s\n' : ''}  flood: { apiKeys: ["${FLOOD_KEY}"], allow: ["POST /api/workflow/definitions/*/instances"], rateLimit: ${FLOOD_LIMIT}/s }
${extraCallers.join('')}`;
  return `services:
  workflow: { kind: sap-workflow, url: "${target}/rest", token: ${token} }
  integration:
    kind: sap-integration
    url: "${target}"
    token: ${token}
    flows:
      10mb: { address: /http/10mb, methods: [GET], csrf: off }
      1gb: { address: /http/1gb, methods: [GET], csrf: off, timeout: 120s }
      upload: { address: /http/upload, methods: [POST], csrf: off, maxBody: 2gb, timeout: 120s }
${extraServices.join('')}limits: { concurrency: 10000, perService: 10000 }
${credential === 'anonymous' ? '' : callers}`;
}

async function running({
  port,
  upWhen,
  ...proxy
}: Omit<Proxy, 'url'> & { readonly port: number; readonly upWhen?: string }): Promise<Proxy> {
  const url = `http://127.0.0.1:${port}`;
  await untilItAnswers(`${url}${upWhen ?? proxy.paths.list}`, proxy.headers);
  return { ...proxy, url };
}
