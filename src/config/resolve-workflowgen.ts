import { basename, resolve } from 'node:path';
import type { GraphqlDocument, GraphqlOperationConfig, WorkflowgenConfig } from './config.ts';
import type { WorkflowgenEntry } from './file-schema.ts';
import { parseGraphqlDocument } from './graphql-document.ts';
import { entrySetting, locateServiceUrl, type ServiceContext } from './service-context.ts';
import { readTextFile } from './text-files.ts';
import { buildTokenClient } from './token-client.ts';
import { graphqlUrl } from './urls.ts';

/** What IIS takes unless it is told otherwise (maxAllowedContentLength). */
const DEFAULT_MAX_BODY_BYTES = 30_000_000;

/** A WorkflowGen, complete; `undefined` after problems were noted. */
export function resolveWorkflowgen(
  context: ServiceContext,
  entry: WorkflowgenEntry,
  defaultTimeoutMs: number,
): WorkflowgenConfig | undefined {
  const { plan, findings, policy } = context;
  const found = locateServiceUrl(context, 'url of the GraphQL API');
  const url = found && findings.take(found.setting, graphqlUrl(found.text, policy), found.field);
  const token = buildTokenClient(context);
  const operations = readOperations(context, entry, defaultTimeoutMs);
  if (url === undefined || token === undefined) return undefined;
  const { apiKey, identity } = entry;
  return {
    kind: 'workflowgen',
    name: plan.name,
    source: plan.from,
    token,
    identity,
    graphqlUrl: url,
    apiKey,
    operations,
  };
}

function readOperations(
  context: ServiceContext,
  { operations = {} }: WorkflowgenEntry,
  defaultTimeoutMs: number,
): readonly GraphqlOperationConfig[] {
  return Object.entries(operations).flatMap(([name, { document: path, timeout, maxBody }]) => {
    const document = readDocument(context, name, path);
    if (document === undefined) return [];
    return [
      {
        name,
        document,
        timeoutMs: timeout ?? defaultTimeoutMs,
        maxBodyBytes: maxBody ?? DEFAULT_MAX_BODY_BYTES,
      },
    ];
  });
}

/** The document of a file; `undefined` after its problem was noted, with the name of the file and the line. */
function readDocument(context: ServiceContext, name: string, path: string): GraphqlDocument | undefined {
  const { folder, readFile, findings } = context;
  const setting = entrySetting(context, 'operations', name, 'document');
  const file = resolve(folder, path);
  const text = findings.take(setting, readTextFile(readFile, file));
  return text === undefined ? undefined : findings.take(setting, parseGraphqlDocument(text), `(${basename(file)})`);
}
