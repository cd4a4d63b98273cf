import { registerHooks } from 'node:module';

// openapi-typescript builds its output with the compiler's API, which TypeScript 7 no longer has. The last version that
// had it comes inside @ts-morph/common.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'typescript') return next(specifier, context);
    return { url: new URL('typescript-api.js', import.meta.url).href, shortCircuit: true };
  },
});
