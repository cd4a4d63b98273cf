import { buildSchema } from 'graphql';

/**
 * The part of WorkflowGen's schema that is publicly known, and what is assumed beside it: `request`, `numericValue` and
 * `dateTimeValue`, and the fields of uploads that tests look at (`size`, `sha256`).
 */
export const schemaText = `
scalar DateTime
scalar Upload

type Query {
  viewer: User
  request(number: Int!): Request
  requests(page: PageInput, filter: CreatedFilter): RequestList
  actions(page: PageInput, filter: CreatedFilter): ActionList
}

type Mutation {
  createRequest(input: createRequestInput!): createRequestPayload
  updateRequestDataset(input: updateRequestDatasetInput!): updateRequestDatasetPayload
}

input PageInput { number: Int, size: Int }
input CreatedFilter { createdSince: DateTime }
input NamesFilter { names: [String!] }
input FileValueInput { upload: Upload }

input ParameterInput {
  name: String!
  textValue: String
  numericValue: Float
  dateTimeValue: DateTime
  fileValue: FileValueInput
}

input createRequestInput {
  processName: String!
  processVersion: Int
  parameters: [ParameterInput!]
  clientMutationId: String
}

input updateRequestDatasetInput {
  number: Int!
  parameters: [ParameterInput!]!
  clientMutationId: String
}

type createRequestPayload { request: Request, clientMutationId: String }
type updateRequestDatasetPayload { clientMutationId: String }

type User {
  id: ID!
  userName: String!
  firstName: String
  lastName: String
  actions(page: PageInput, filter: CreatedFilter): ActionList
}

type Process { name: String! }
type Activity { id: ID!, name: String!, description: String, hasQuickApproval: Boolean!, process: Process! }

type Action {
  id: ID!
  status: String!
  openedAt: DateTime!
  initiator: User
  assignee: User
  activity: Activity!
  request: Request!
}

type ActionList { totalCount: Int!, hasNextPage: Boolean!, hasPreviousPage: Boolean!, items: [Action!]! }

type File { name: String!, contentType: String!, size: Int!, sha256: String! }
type DataItem { id: ID!, name: String!, description: String, textValue: String, file: File }
type Dataset { items: [DataItem!]! }

type Request {
  id: ID!
  number: Int!
  description: String
  status: String!
  openedAt: DateTime!
  closedAt: DateTime
  requester: User!
  actions: ActionList!
  dataset(filter: NamesFilter): Dataset
}

type RequestList { totalCount: Int!, hasNextPage: Boolean!, hasPreviousPage: Boolean!, items: [Request!]! }
`;

export const schema = buildSchema(schemaText);
