import { FlowgateClient, FlowgateProblem } from './flowgate-client.js';

const form = document.querySelector('#start');
const state = document.querySelector('#state');
const advice = document.querySelector('#advice');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { flowgate, key, employee, department } = Object.fromEntries(new FormData(form));
  const client = new FlowgateClient(flowgate, () => ({ 'x-api-key': key }));
  advice.textContent = '';
  form.querySelector('button').disabled = true;
  try {
    state.textContent = 'Starting …';
    const { id } = await client.post('/api/workflow/definitions/onboarding/instances', { employee, department });
    await follow(client, id);
  } catch (error) {
    show(error);
  } finally {
    form.querySelector('button').disabled = false;
  }
});

/** Reads the instance until it has ended. */
async function follow(client, id) {
  for (;;) {
    const { status } = await client.get(`/api/workflow/instances/${encodeURIComponent(id)}`);
    state.textContent = `Instance ${id}: ${status}`;
    if (status === 'COMPLETED' || status === 'CANCELED') return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Problems say what to do; anything else is the network, or an origin that Flowgate does not know. */
function show(error) {
  if (error instanceof FlowgateProblem) {
    state.textContent = `${error.problem.title}. ${error.problem.detail}`;
    advice.textContent = error.problem.hint;
  } else {
    state.textContent = 'Flowgate did not answer.';
    advice.textContent = `Is it running, and is ${location.origin} among its CORS_ORIGINS?`;
  }
}
