import type { ServiceConfig } from '../../config/config.ts';
import { Secret } from '../../config/secret.ts';

/** An entry of `services`, as it is written into the file. */
export type ServiceDraft = Record<string, unknown> & { readonly kind: ServiceConfig['kind'] };

/** A variable that must be set before the server starts. Its value is never written. */
export interface DraftVariable {
  readonly name: string;
  readonly meaning: string;
}

/** What could not be carried over, or must be looked at. */
export interface DraftNote {
  readonly about: string;
  readonly text: string;
}

/** Longest name of a service that is made out of another name. */
const LONGEST_NAME = 40;

/** The configuration that is being made, and what must be told about it. */
export class Draft {
  readonly services = new Map<string, ServiceDraft>();
  readonly allow = new Set<string>();
  readonly variables: DraftVariable[] = [];
  readonly notes: DraftNote[] = [];
  /** Old path to new path, for the pages that call. */
  readonly moved = new Map<string, string>();

  /** @param wanted any name; it is made into one that can stand in a route, and is taken by nobody else */
  addService(wanted: string, entry: ServiceDraft): string {
    const name = this.nameFor(wanted);
    this.services.set(name, entry);
    return name;
  }

  /** The name that a service would get. */
  nameFor(wanted: string): string {
    const plain = wanted
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, LONGEST_NAME);
    const name = plain === '' ? 'service' : plain;
    let free = name;
    for (let at = 2; this.services.has(free); at++) free = `${name}-${at}`;
    return free;
  }

  /** Puts a variable in the place of a secret; two secrets never share one. @returns the reference, `${NAME}` */
  variable(service: string, what: string, meaning: string): string {
    const name = `${service}_${what}`
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, '_')
      .replace(/^(?=\d)/, '_');
    let free = name;
    for (let at = 2; this.variables.some((known) => known.name === free); at++) free = `${name}_${at}`;
    this.variables.push({ name: free, meaning });
    return `\${${free}}`;
  }

  note(about: string, text: string): void {
    this.notes.push({ about, text });
  }
}

/** A value that will be a variable: kept so that a test of the result can stand in for it, never printed. */
export function standIn(name: string): Secret {
  const isPem = /(?:PRIVATE_KEY|CERTIFICATE)(?:_\d+)?$/.test(name);
  return new Secret(isPem ? '-----BEGIN X-----\nstand-in\n-----END X-----' : 'stand-in-for-a-secret');
}
