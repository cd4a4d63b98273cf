import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.ts';
import { documentedApi } from '../../src/pages/documented-api.ts';
import { openApiDocument } from '../../src/pages/openapi/openapi-document.ts';
import { postmanCollection } from '../../src/pages/postman/postman-collection.ts';
import { integrationKey, workflowKey } from '../support/config-sources.ts';
import { inFolder, runFlowgate, type CommandResult } from '../support/run-flowgate.ts';

const KEY = 'portal-key-0123456789abcdef';

const env = {
  WORKFLOW_SERVICE_KEY: JSON.stringify(workflowKey),
  INTEGRATION_SERVICE_KEY: JSON.stringify(integrationKey),
  INTEGRATION_FLOWS: 'product-details=/http/products',
  API_KEYS: `portal=${KEY}`,
  PUBLIC_URL: 'https://flowgate.internal',
};

const api = documentedApi(loadConfig({ env, cwd: '/', readFile: noFile }));

describe('flowgate openapi', () => {
  it('prints the document of the whole configuration', async () => {
    const { status, stdout, stderr } = await runFlowgate(['openapi'], { env });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual(openApiDocument(api));
  });

  it('prints what one caller may call', async () => {
    const { stdout } = await withNarrowCaller(['openapi', '--caller', 'narrow']);
    const { paths } = JSON.parse(stdout) as { paths: object };
    expect(Object.keys(paths).filter((path) => path.startsWith('/api/'))).toEqual(['/api/workflow/definitions']);
  });

  it('names the nearest caller where there is none of that name', async () => {
    const { status, stderr } = await withNarrowCaller(['openapi', '--caller', 'narow']);
    expect(status).toBe(64);
    expect(stderr).toContain('Did you mean narrow?');
  });

  it('ends with 78 when the configuration has problems', async () => {
    const { status, stdout, stderr } = await runFlowgate(['openapi'], { env: { ...env, API_KEYS: 'portal=short' } });
    expect([status, stdout]).toEqual([78, '']);
    expect(stderr).toContain('API_KEYS');
  });
});

describe('flowgate postman', () => {
  it('prints the collection', async () => {
    const { status, stdout } = await runFlowgate(['postman'], { env });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(postmanCollection(api));
  });

  it('prints the environment, without any key in it', async () => {
    const { stdout } = await runFlowgate(['postman', '--environment'], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'Flowgate at flowgate.internal',
      values: [
        { key: 'baseUrl', value: 'https://flowgate.internal' },
        { key: 'apiKey', value: '', type: 'secret' },
      ],
    });
    expect(stdout).not.toContain(KEY);
  });
});

function withNarrowCaller(args: readonly string[]): Promise<CommandResult> {
  return inFolder(async (cwd) => {
    const text =
      "callers: { narrow: { apiKeys: [narrow-key-0123456789], allow: ['GET /api/workflow/definitions'] } }\n";
    await writeFile(join(cwd, 'flowgate.yaml'), text);
    return runFlowgate(args, { env, cwd });
  });
}

function noFile(path: string): never {
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
}
