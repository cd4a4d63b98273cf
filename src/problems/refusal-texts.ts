import type { ProblemText } from './problem-text.ts';

/** What the services behind refuse. */
export const refusalTexts = {
  'token-rejected': {
    meaning: 'The service refuses an access token that was fetched a moment ago.',
    causes: [
      'The service key belongs to another subaccount, region or installation than the address of the service.',
      'The key was deleted, and the authorization server has not noticed yet.',
      'WorkflowServer: token.clientSecret is not its API access token or client secret.',
      'WorkflowGen: the client is not registered as an application, or "audience" of token.params is another one than that of its GraphQL API.',
    ],
    checks: [
      'Take the address and the client from one and the same service key.',
      'Flows: compare the host of the flow address with "url" of the key.',
    ],
    lines: ['npx flowgate doctor'],
  },
  'authority-missing': {
    meaning: 'The service knows the OAuth client, but has not given it the right to do this. Nothing was done.',
    causes: [
      'Authorities are given one by one; a service instance that was made without parameters may not even start a workflow.',
      "Flows: the User Role of the sender is not among the roles of the client's service instance.",
      'WorkflowServer: the client has no permission for this operation. WorkflowGen: the user for whom it is done lacks the right.',
      'A list that was given anew and left out what had been there: it replaces the old one.',
    ],
    checks: [
      'The hint names what is missing and has the complete JSON.',
      'WorkflowServer: allow the operation to the client in its administration. WorkflowGen: give the right to the user behind the application, or to the one that "identity" names.',
      'Workflows: Flowgate fetches a new token by itself. Roles of flows take up to 1 hour to arrive.',
    ],
    lines: [
      'cf update-service <instance> -c config.json',
      '{"authorities":["WORKFLOW_INSTANCE_START","WORKFLOW_INSTANCE_GET"],"defaultCollectionQueryFilter":"own"}',
    ],
  },
  'wrong-service-plan': {
    meaning: 'The service key was made for the administration API, with which no flow can be called.',
    causes: ['An instance of Process Integration Runtime with plan api.'],
    checks: ['Make an instance with plan integration-flow and role ESBMessaging.send, and use a key of that one.'],
    lines: [
      `cf create-service it-rt integration-flow my-it-rt -c '{"grant-types":["client_credentials"],"redirect-uris":[],"roles":["ESBMessaging.send"]}'`,
      'cf create-service-key my-it-rt flowgate',
    ],
  },
  'definition-not-found': {
    meaning: 'Where the service leads to, there is no workflow definition of this id. Nothing was started.',
    causes: [
      'A typing error; letters count by case.',
      'The workflow was deployed to another subaccount, or not at all.',
      'Process automation: the project runs in a shared environment.',
      'WorkflowServer: no scheme has this code. WorkflowGen: no active process has this name.',
    ],
    checks: [
      'List what is deployed. WorkflowGen has no list here: look into its administration.',
      'For a shared environment set environmentId and apiKey of the service.',
    ],
    lines: ['curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/definitions"'],
  },
  'instance-not-found': {
    meaning: 'There is no workflow instance of this id, or not for this client.',
    causes: ['A typing error, or the id of a task or definition.', 'The instance was deleted.'],
    checks: [
      'Look for it among all instances: the lists of SAP show only those that run or have failed, unless status says more.',
      'WorkflowServer and WorkflowGen: list what the client, or who acts, can see.',
    ],
    lines: [
      'curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/instances?status=all&orderby=startedAt%20desc"',
      'curl -H "x-api-key: $KEY" "$FLOWGATE/api/<service>/instances"',
    ],
  },
  'task-not-found': {
    meaning: 'There is no task of this id, or not for this client.',
    causes: ['A typing error, or the id of an instance.', 'The task was deleted together with its instance.'],
    checks: ['Find the task by its instance.'],
    lines: ['curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/tasks?workflowInstanceId=<id>"'],
  },
  'upstream-conflict': {
    meaning: 'The present state of the instance or task does not allow this. Nothing was done.',
    causes: [
      'It has ended, is suspended, or the task was completed by somebody else.',
      'The engine is busy with it in the background; then "retryable" is true.',
      'The command is not possible in this state, or not for who is acting.',
    ],
    checks: [
      'Read the instance or the task and look at its status.',
      'For a command, see what is possible now: GET /api/<service>/instances/<id>/commands.',
      'If "retryable" is true, wait a few seconds.',
    ],
    lines: ['curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/instances/<id>"'],
  },
  'context-invalid': {
    meaning: 'The names or values of the context do not fit what the workflow expects. Nothing was done.',
    causes: ['A misspelt name, a text in the place of a number, or inputs that have to be nested.'],
    checks: ['upstream.error.details names the inputs.', 'Compare the body with the sample context.'],
    lines: ['curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/definitions/<id>/sample-context"'],
  },
  'message-not-consumed': {
    meaning: 'No workflow instance waits for this message now. Nobody received it.',
    causes: [
      'The instance has not reached the step that waits, or has passed it.',
      'Another message name, instance id or business key than the workflow expects.',
    ],
    checks: ['Read the execution log of the instance: it shows the step.'],
    lines: ['curl -H "x-api-key: $KEY" "$FLOWGATE/api/workflow/instances/<id>/execution-logs"'],
  },
  'upstream-invalid-request': {
    meaning: 'The service does not accept the request, for a reason that is its own.',
    causes: ['A value that only the service can check, or a body that a proxy in front of it finds too large.'],
    checks: [
      "upstream.error has the service's words, where they may be shown.",
      'See what would be sent, and where to, without sending it.',
    ],
    lines: ['npx flowgate explain POST "/api/workflow/definitions/<id>/instances" --caller <caller>'],
  },
  'upstream-rate-limited': {
    meaning: 'The service limits the requests of this OAuth client. Nothing was done.',
    causes: ['All callers of this service share one client, and its limit.', 'The quota of the tenant is used up.'],
    checks: ['Wait as long as Retry-After says and send it again.', 'Give the loudest callers a rateLimit.'],
    lines: ['callers:\n  reporting:\n    rateLimit: 60/min'],
  },
} as const satisfies Record<string, ProblemText>;
