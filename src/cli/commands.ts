import { check } from './check.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { hashKey } from './hash-key.ts';
import { importFiles } from './import.ts';
import { openapi } from './openapi.ts';
import { postman } from './postman.ts';

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [check, doctor, explain, importFiles, openapi, postman, hashKey];
