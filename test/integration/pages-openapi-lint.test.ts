import { describe, expect, it } from '@jest/globals';
import { Grants } from '../../src/callers/grants.ts';
import { documentedApi, reachableApi } from '../../src/pages/documented-api.ts';
import { openApiDocument } from '../../src/pages/openapi/openapi-document.ts';
import { everyKindConfig } from '../support/every-kind.ts';
import { lintOpenApi } from '../support/lint-openapi.ts';

describe('the linter of API descriptions', () => {
  const api = documentedApi(everyKindConfig());

  it('finds nothing in the document of a configuration with every kind of service', async () => {
    expect(await lintOpenApi(openApiDocument(api))).toEqual([]);
  });

  it('finds nothing in the document of a caller with few grants', async () => {
    const grants = new Grants(['GET /api/workflow/definitions']);
    const document = openApiDocument(reachableApi(api, (method, template) => grants.reaches(method, template)));
    expect(await lintOpenApi(document)).toEqual([]);
  });

  it('would find something', async () => {
    const document = openApiDocument(api);
    const [problem] = await lintOpenApi({ ...document, security: [{ unknown: [] }] });
    expect(problem).toMatch(/^security-defined/);
  });
});
