// A page with a typed client: what it reads of an answer, and which problems it knows, is checked by the compiler.
import createClient from 'openapi-fetch';
import type { paths } from './flowgate.d.ts';

const form = document.querySelector('form') as HTMLFormElement;
const state = document.querySelector('#state') as HTMLElement;
const rows = document.querySelector('tbody') as HTMLElement;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { flowgate, key } = Object.fromEntries(new FormData(form)) as Record<string, string>;
  list(flowgate, key).catch(() => show('No answer came: is the address right, and is this page in CORS_ORIGINS?'));
});

/** Shows the newest instances, whatever their status is. */
async function list(baseUrl: string, key: string): Promise<void> {
  const client = createClient<paths>({ baseUrl, headers: { 'x-api-key': key } });
  show('Loading …');
  const { data, error, response } = await client.GET('/api/workflow/instances', {
    params: { query: { status: ['all'], orderby: 'startedAt desc', top: 10, count: true } },
  });
  if (error) {
    // Another code would not compile, unless this route can answer with it.
    show(error.code === 'unauthenticated' ? 'That key is not known here.' : `${error.title}. ${error.hint}`);
    return;
  }
  rows.replaceChildren(
    ...data.map(({ id, definitionId, status, startedAt }) => row(id, definitionId, status, startedAt)),
  );
  show(`${data.length} of ${response.headers.get('x-total-count')} instances`);
}

function row(...texts: (string | null | undefined)[]): HTMLElement {
  const made = document.createElement('tr');
  made.append(...texts.map((text) => Object.assign(document.createElement('td'), { textContent: text ?? '' })));
  return made;
}

function show(text: string): void {
  state.textContent = text;
}
