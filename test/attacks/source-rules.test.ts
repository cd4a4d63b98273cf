import { describe, expect, it } from '@jest/globals';
import { nameOf, nodesOf, sourceFiles, textOf, type SourceFile, type Syntax } from '../support/source-tree.ts';

/** Rules that keep whole classes of attacks out: they are read from the sources, so that the next line obeys them, too. */

const files = sourceFiles('src');

/** `path: what`, for each node of a type that breaks a rule. */
function breaches(types: readonly string[], rule: (node: Syntax, file: SourceFile) => string | undefined): string[] {
  return files.flatMap((file) =>
    nodesOf(file.tree, ...types).flatMap((node) => {
      const breach = rule(node, file);
      return breach === undefined ? [] : [`${file.path}: ${breach}`];
    }),
  );
}

function isIn(file: SourceFile, ...places: readonly string[]): boolean {
  return places.some((place) => file.path.startsWith(`src/${place}`));
}

/** `undefined`, `null`, a text, a number: what it is compared with tells nothing of a secret. */
function isConstant(node: unknown): boolean {
  const { type, value } = node as Syntax;
  return (
    ['StringLiteral', 'NumericLiteral', 'NullLiteral', 'BooleanLiteral'].includes(String(type)) || value === 'undefined'
  );
}

describe('the sources', () => {
  it('are found', () => {
    expect(files.length).toBeGreaterThan(100);
  });

  it('D-03 compare no secret with === or its like', () => {
    const secret = /^reveal$|(?:secret|password|digest|credential|apikey)$/i;
    const found = breaches(['BinaryExpression'], ({ operator, left, right }, file) => {
      if (!['==', '===', '!=', '!=='].includes(String(operator)) || isConstant(left) || isConstant(right))
        return undefined;
      const names = [nameOf(left), nameOf(right)];
      // Elsewhere digests are those of our own tokens, which nobody can send us.
      const isSecret = names.some((name) => name === 'reveal' || (isIn(file, 'callers/', 'app/') && secret.test(name)));
      return isSecret ? names.join(` ${String(operator)} `) : undefined;
    });
    expect(found).toEqual([]);
  });

  it('D-03 compare the digest of a key in constant time', () => {
    const { text = '' } = files.find(({ path }) => path === 'src/callers/api-keys.ts') ?? {};
    expect(text).toContain('timingSafeEqual(');
  });

  it('A-15 make no URL of what a request says', () => {
    const found = breaches(['NewExpression', 'CallExpression'], (node, { text }) => {
      const { callee, arguments: given } = node;
      const isUrl = nameOf(callee) === 'URL' || (nameOf(callee) === 'parse' && /\bURL\b/.test(textOf(callee, text)));
      const made = isUrl ? textOf(node, text) : '';
      return given !== undefined && /\b(?:request|req|target|originalUrl|headers|host)\b/.test(made) ? made : undefined;
    });
    expect(found).toEqual([]);
  });

  it('touch the process in server.ts and cli/ alone', () => {
    const own = (file: SourceFile) => isIn(file, 'server.ts', 'cli/');
    const used = breaches(['MemberExpression'], ({ object }, file) =>
      !own(file) && (object as Syntax)['type'] === 'Identifier' && nameOf(object) === 'process' ? 'process' : undefined,
    );
    const imported = breaches(['ImportDeclaration'], ({ source }, file) =>
      !own(file) && /^(?:node:)?process$/.test(String((source as Syntax)['value'])) ? 'import of process' : undefined,
    );
    expect([...used, ...imported]).toEqual([]);
  });

  it('H-10 run no other code and speak no HTTP/2', () => {
    const never = /^(?:node:)?(?:vm|child_process|http2|worker_threads|cluster|inspector|repl|dgram)(?:\/|$)/;
    // V8's own collector, by its name, is all that is taken from another context.
    const isCollector = (name: string, text: string): boolean =>
      name === 'node:vm' && text.split('runInNewContext').length === 3 && text.includes("runInNewContext('gc')");
    const imports = breaches(['ImportDeclaration'], ({ source }, { text }) => {
      const name = String((source as Syntax)['value']);
      return never.test(name) && !isCollector(name, text) ? name : undefined;
    });
    const calls = breaches(['CallExpression', 'NewExpression'], ({ callee }, { text }) =>
      ['eval', 'Function'].includes(textOf(callee, text)) ? nameOf(callee) : undefined,
    );
    expect([...imports, ...calls]).toEqual([]);
  });

  it('G-01 G-03 follow no redirect, and send none', () => {
    const requests = files.filter(({ text }) => /\bimport got\b/.test(text));
    expect(requests.filter(({ text }) => !/followRedirect: false/.test(text)).map(({ path }) => path)).toEqual([]);
    const calls = breaches(['CallExpression'], ({ callee, arguments: given }, { text }) => {
      const isFetch = textOf(callee, text) === 'fetch' && (given as unknown[]).length > 0;
      return isFetch || nameOf(callee) === 'redirect' ? textOf(callee, text) : undefined;
    });
    expect(calls).toEqual([]);
  });

  it('G-08 switch the check of certificates off nowhere but where the doctor looks at one', () => {
    const found = breaches(['KeyValueProperty'], ({ key, value }, file) =>
      nameOf(key) === 'rejectUnauthorized' && (value as Syntax)['value'] !== true ? file.path : undefined,
    );
    expect(found.filter((breach) => !breach.startsWith('src/cli/doctor/certificate-finding.ts'))).toEqual([]);
  });

  it('C-13 never read headersDistinct, whose names may be those of an object', () => {
    const found = breaches(['MemberExpression'], ({ property }) =>
      /^(?:headers|trailers)Distinct$|^trailers$/.test(nameOf(property)) ? nameOf(property) : undefined,
    );
    expect(found).toEqual([]);
  });

  it('I-08 log no error of a library under a name that no serializer knows', () => {
    const found = breaches(['CallExpression'], ({ callee, arguments: given }, { text }) => {
      if (!/^(?:trace|debug|info|warn|error|fatal)$/.test(nameOf(callee)) || !/\blog\b/.test(textOf(callee, text)))
        return undefined;
      const logged = textOf((given as readonly Syntax[])[0]?.['expression'], text);
      return /^(?:error|reason|cause|failure)$|\b(?!err\b|error\b)\w+: (?:error|reason|cause|failure)\b(?!\.)/.test(
        logged,
      )
        ? logged
        : undefined;
    });
    expect(found).toEqual([]);
  });
});
