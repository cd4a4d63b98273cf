import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { AnswerHead, BufferedAnswer, UpstreamRequest } from '../forward/upstream-request.ts';
import type { Problem } from '../problems/problem.ts';
import type { FilterTable, QueryPair } from './query.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * What sending a request twice would do: nothing (`read`), the same again (`change`), or a second thing (`start`).
 * It decides what may be repeated and what a lost answer means.
 */
export type Effect = 'read' | 'change' | 'start';

export type BodyPolicy =
  | { readonly kind: 'none' }
  /**
   * A JSON object. `check` throws a problem that names the member; `required` says that `{}` is the least; `arrays` that
   * an array is taken as well, unchecked.
   */
  | {
      readonly kind: 'json';
      readonly required: boolean;
      readonly check?: (body: JsonObject) => void;
      readonly arrays?: boolean;
      /** A form may come in place of the object. */
      readonly form?: FormPolicy;
    }
  /** Any bytes of any type, streamed when large. */
  | { readonly kind: 'stream'; readonly maxBytes: number };

/** `multipart/form-data`: how large it may be, and what goes upstream in its place. */
export interface FormPolicy {
  readonly maxBytes: number;
  /**
   * Reads the beginning of the form, and makes what is sent.
   *
   * @throws {Problem} where the form does not fit; a stream that it returns may fail with one, too
   */
  readonly makeOver: (form: CallersForm) => Promise<MadeOverForm>;
}

export interface CallersForm {
  /** With the boundary. */
  readonly contentType: string;
  /** Whole where it is small, else as it comes. */
  readonly body: Buffer | Readable;
  /** Largest JSON document in it, bytes. */
  readonly maxJsonBytes: number;
}

export interface MadeOverForm {
  readonly contentType: string;
  /** The JSON that the form brought. */
  readonly json: JsonObject;
  /** Whole where the form was, and then the same for equal forms, whatever their boundaries are. */
  readonly body: Buffer | Readable;
}

type QueryPolicy =
  | { readonly kind: 'none' }
  | { readonly kind: 'filters'; readonly filters: FilterTable }
  /** Sent on as it came, name by name. */
  | { readonly kind: 'pass' };

export type JsonObject = Readonly<Record<string, unknown>>;

/** What an operation is made of: everything here has been checked against its declarations. */
export interface OperationInput {
  readonly method: Method;
  /** Path parameters, decoded. The rest of a `**` is under `rest`, encoded again. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly QueryPair[];
  /** The caller's own bytes: what a JSON route sends on. */
  readonly body: Buffer | undefined;
  /** The body parsed, for looking only. `undefined` where there is none, or an array. */
  readonly json: JsonObject | undefined;
  /** The content type of a form that was made over, of which `body` or the stream is; `undefined`: there was no form. */
  readonly formType?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Whose credential the request carries. */
  readonly caller: string;
  /** The caller's own name of this request: the same under the same key is the same request again. */
  readonly idempotencyKey: string | undefined;
  /** A UUID of this request alone, for what is created under an id of our choice. */
  readonly freshId: string;
  /**
   * Who acts, by the service's `identity`: 1 to 255 characters, none of them a control character. `undefined`: nobody,
   * which an operation that `needsIdentity` never sees.
   */
  readonly identity: string | undefined;
  /** Whether this caller may call that route: for lists of what is offered. */
  readonly mayCall: (method: Method, path: string) => boolean;
}

/** The caller's answer, where it is not the upstream's own. */
export interface OperationAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** The answer that a start would have had; `undefined`: nothing proves that it has happened, nor that it has not. */
export type LookedUp = OperationAnswer | 'not-done' | undefined;

/** A request below the service's base URL. Its body is the caller's stream where the operation streams. */
export type OperationRequest = Omit<UpstreamRequest, 'body' | 'bodyLength'> & { readonly body?: Buffer };

/** When a request was sent whose outcome is unknown: wall clock, milliseconds, with some tolerance. */
export interface SentWindow {
  readonly fromMs: number;
  readonly upToMs: number;
}

/**
 * A further request for the same caller, under the same deadline: to read what a start did not tell, or to learn why
 * something was refused. Only reads are sent so.
 */
export type FollowUp = (request: OperationRequest) => Promise<BufferedAnswer>;

interface OperationBase {
  /** Unique within its service; names the operation in documents. */
  readonly id: string;
  readonly method: Method;
  /** Below `/api/<service>`: literal segments, `:name` for one, a final `**` for the rest. */
  readonly path: string;
  readonly summary: string;
  readonly effect: Effect;
  /** What the OAuth client needs upstream: authorities or roles. */
  readonly authorities: readonly string[];
  /** Whether it is done in somebody's name: a caller of whom the service's `identity` says nothing gets 403. */
  readonly needsIdentity?: boolean;
  readonly query: QueryPolicy;
  readonly body: BodyPolicy;
  /** The success status that callers see. */
  readonly status: number;
  /** What each path parameter may be; the default is an identifier of letters, digits, `.`, `_`, `-`. */
  readonly paramPatterns?: Readonly<Record<string, ParamPattern>>;
}

/** What a path parameter may be: the whole of it, decoded. */
export interface ParamPattern {
  readonly pattern: RegExp;
  /** Says it in words, to finish "It takes …". */
  readonly takes: string;
}

/** Answered from what is known here. */
export interface LocalOperation extends OperationBase {
  readonly kind: 'local';
  answer(input: OperationInput): OperationAnswer;
}

/** A read that decides whether the request goes out at all. */
export interface Beforehand {
  /** Made of the same input. Where it fails, its problem is the answer, and nothing else is sent. */
  readonly read: ForwardOperation;
  /** @throws {Problem} where the answer to the read tells that the request would be in vain */
  readonly check: (answer: OperationAnswer, input: OperationInput) => void;
}

/** One request to the upstream becomes one answer. */
export interface ForwardOperation extends OperationBase {
  readonly kind: 'forward';
  toRequest(input: OperationInput): OperationRequest;
  /** Asked first, for the same caller and under the same deadline. */
  readonly beforehand?: Beforehand;
  /** Whether an answer passes to the caller as it comes, bytes streamed. What does not pass is buffered. */
  passes(head: AnswerHead): boolean;
  /** Headers of the answer that pass. */
  readonly answerHeaders: readonly string[];
  /** Makes the caller's answer out of a buffered one; `undefined`: this is a refusal. */
  fromAnswer?(
    answer: BufferedAnswer,
    input: OperationInput,
    followUp: FollowUp,
  ): OperationAnswer | undefined | Promise<OperationAnswer | undefined>;
  /** Sent again, the same request does nothing more: the operator declared it to be so. */
  readonly repeatable?: boolean;
  /** A start that names what it makes: `lookUp` finds it by that name, so it is asked as soon as an answer is lost. */
  readonly namesWhatItMakes?: boolean;
  /** Sent again, with a pause, where the upstream says by 409 that it is busy and nothing was done. */
  readonly repeatsWhenBusy?: boolean;
  /**
   * Finds out whether a start whose outcome is unknown has happened, by the very input that it was made of.
   *
   * Where it is proven not to have happened, it may be sent again.
   */
  lookUp?(input: OperationInput, followUp: FollowUp, window: SentWindow): Promise<LookedUp>;
  /** The setting and length of its own deadline, where it has one. */
  readonly timeout?: { readonly ms: number; readonly setting: string };
  /** How the CSRF handshake of its endpoint is made. */
  readonly csrf?: { readonly mode: 'auto' | 'always'; readonly endpoint: string };
}

export type Operation = LocalOperation | ForwardOperation;

/** An answer that is not what the operation wanted, with all that helps to say why. */
export interface Refusal {
  readonly operation: ForwardOperation;
  readonly service: string;
  readonly params: Readonly<Record<string, string>>;
  /** The caller's body where it was a JSON object. */
  readonly sent?: JsonObject | undefined;
  readonly answer: BufferedAnswer;
  /** The beginning of the body as text. Never shown to callers. */
  readonly text: string;
  /** The body as JSON, where it is JSON. */
  readonly json: unknown;
  /** Scopes of the token that was sent, unverified. */
  readonly tokenScopes: readonly string[];
  /** Whether this caller may call that route: what it may not list is not told to it either. */
  readonly mayCall?: OperationInput['mayCall'];
}

/** One reason for a refusal and its cure. Rules are tried in order; the first that fits answers. */
export interface RefusalRule {
  readonly name: string;
  when(refusal: Refusal): boolean;
  problem(refusal: Refusal, followUp: FollowUp): Problem | Promise<Problem>;
}

/** What Flowgate offers in front of one service. */
export interface Offer {
  readonly service: string;
  readonly operations: readonly Operation[];
  readonly refusalRules: readonly RefusalRule[];
  /**
   * Whether an answer says that the token was refused and nothing was done, where that is not told by status 401 or 403.
   */
  readonly refusesToken?: (answer: BufferedAnswer) => boolean;
  /**
   * Whether an answer says that the service itself is in trouble, so that it may have to be left alone for a while. Where
   * it is not given: any 5xx.
   */
  readonly isInTrouble?: (head: AnswerHead) => boolean;
  /** Whether an answer says what a 403 says elsewhere: the token is good, but not for this. */
  readonly lacksAuthority?: (answer: BufferedAnswer) => boolean;
}
