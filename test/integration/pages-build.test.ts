import { execFile } from 'node:child_process';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { workflowKey } from '../support/config-sources.ts';
import { inFolder } from '../support/run-flowgate.ts';
import { startServer } from '../support/server-process.ts';

const run = promisify(execFile);

describe('a build', () => {
  it('serves the same pages as the sources', async () => {
    await inFolder(async (cwd) => {
      for (const path of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
        await cp(path, join(cwd, path), { recursive: true });
      await symlink(join(process.cwd(), 'node_modules'), join(cwd, 'node_modules'));
      await run('npm', ['run', 'build'], { cwd });
      const env = {
        WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey),
        API_KEYS: 'tester=test-key-0123456789abcdef',
        LOG_LEVEL: 'silent',
      };
      const built = await startServer({ env, cwd, entry: 'dist/server.js' });
      const sources = await startServer({ env });
      try {
        await Promise.all([built.ready(), sources.ready()]);
        for (const path of ['/docs', '/problems/authority-missing']) {
          const [ofBuild, ofSources] = await Promise.all([fetch(built.url + path), fetch(sources.url + path)]);
          expect(ofBuild.status).toBe(200);
          expect(await ofBuild.text()).toBe(await ofSources.text());
        }
      } finally {
        await Promise.all([built.stop(), sources.stop()]);
      }
    });
  }, 60_000);
});
