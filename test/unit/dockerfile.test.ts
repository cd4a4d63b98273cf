import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { dockerfile, dockerfileSource, dockerfileStages, textsOf } from '../support/dockerfile.ts';

const [build, image] = dockerfileStages;

/** Whether it is JSON of words: the process itself is started, not a shell that keeps signals to itself. */
function isExecForm(text: string): boolean {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string');
  } catch {
    return false;
  }
}

// The rules of hadolint that matter here, by their numbers.
describe('the Dockerfile', () => {
  it('has only instructions that there are', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD'];
    for (const { name } of dockerfile) expect(known).toContain(name);
  });

  it('builds in one stage and runs in another, which gets only what was built (multi-stage)', () => {
    expect(dockerfileStages).toHaveLength(2);
    expect(textsOf(build, 'FROM')).toEqual([expect.stringMatching(/ AS build$/)]);
    expect(textsOf(image, 'COPY').filter((text) => text.includes('--from=build'))).toEqual([
      '--from=build /app/dist ./dist',
    ]);
  });

  it('starts from images with a major version of the engines, never from latest (DL3006, DL3007)', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    for (const [text = ''] of dockerfileStages.map((stage) => textsOf(stage, 'FROM'))) {
      const [, major = ''] = /^node:(\d+)-slim\b/.exec(text) ?? [];
      expect(engines.node).toContain(`>=${major}.`);
    }
  });

  it('does not run as root: the last USER is another (DL3002)', () => {
    expect(textsOf(image, 'USER').at(-1)).toBe('node');
    const names = (image ?? []).map(({ name }) => name);
    expect(names.indexOf('USER')).toBeLessThan(names.indexOf('CMD'));
  });

  it('starts the process itself, so that it gets the signals (DL3025)', () => {
    expect(textsOf(image, 'CMD')).toHaveLength(1);
    expect(isExecForm(textsOf(image, 'CMD')[0] ?? '')).toBe(true);
  });

  it('has one health check, in exec form, of a route that there is (DL3012)', () => {
    const [check = '', ...others] = textsOf(image, 'HEALTHCHECK');
    expect(others).toEqual([]);
    expect(isExecForm(check.slice(check.indexOf('CMD ') + 4))).toBe(true);
    expect(check).toContain('/health');
  });

  it('changes folders with WORKDIR, to absolute ones (DL3000, DL3003)', () => {
    for (const stage of dockerfileStages) for (const text of textsOf(stage, 'WORKDIR')) expect(text).toMatch(/^\//);
    for (const stage of dockerfileStages) for (const text of textsOf(stage, 'RUN')) expect(text).not.toMatch(/\bcd\b/);
  });

  it('copies with COPY, and installs what the lock file says (DL3020, DL3016)', () => {
    expect(dockerfileSource).not.toMatch(/^ADD\b/m);
    for (const stage of dockerfileStages)
      for (const text of textsOf(stage, 'RUN').filter((one) => one.includes('npm')))
        expect(text).not.toMatch(/npm i(nstall)?\b/);
    expect(textsOf(image, 'RUN').join('\n')).toMatch(/npm ci --omit=dev\b/);
  });

  it('uses neither sudo nor a pipe whose failure nobody sees (DL3004, DL4006)', () => {
    for (const stage of dockerfileStages)
      for (const text of textsOf(stage, 'RUN')) expect(text).not.toMatch(/\bsudo\b|[^|]\|[^|]/);
  });

  it('holds no secret, and no setting that could be one', () => {
    const settings = dockerfile.filter(({ name }) => name === 'ENV' || name === 'ARG').map(({ text }) => text);
    expect(settings.join(' ')).not.toMatch(/key|secret|token|password|credential/i);
    for (const stage of dockerfileStages) expect(textsOf(stage, 'COPY').join('\n')).not.toMatch(/\.env\b|keys/);
  });

  it('gets from the folder only what it copies', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').split('\n');
    expect(allowed[0]).toBe('*');
    const copied = textsOf(build, 'COPY').flatMap((text) => text.split(' ').slice(0, -1));
    for (const name of copied) expect(allowed).toContain(`!${name.replace('./', '')}`);
    expect(allowed.filter((line) => line.startsWith('!'))).toHaveLength(new Set(copied).size);
  });

  it('listens on the port that it exposes, on all addresses', () => {
    const env = textsOf(image, 'ENV').join(' ');
    expect(env).toContain(`PORT=${textsOf(image, 'EXPOSE')[0] ?? ''}`);
    expect(env).toContain('HOST=0.0.0.0');
    expect(env).toContain('NODE_ENV=production');
  });
});
