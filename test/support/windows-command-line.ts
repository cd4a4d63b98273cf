/** What cmd.exe looks at for its own signs: a quote begins and ends what it leaves alone, escaped or not. */
export function outsideQuotes(line: string): string {
  return line
    .split('"')
    .filter((_part, at) => at % 2 === 0)
    .join('');
}

/** As a program takes its command line apart (learn.microsoft.com, "Parsing C command-line arguments"). */
export function windowsArguments(line: string): string[] {
  const args: string[] = [];
  let arg = '';
  let isQuoted = false;
  for (const [, slashes = '', sign = ''] of `${line} `.matchAll(/(\\*)([^\\])/g)) {
    const isLiteral = sign === '"' && slashes.length % 2 === 1;
    arg += sign === '"' ? slashes.slice(0, slashes.length / 2) : slashes;
    if (sign === '"' && !isLiteral) isQuoted = !isQuoted;
    else if (sign === ' ' && !isQuoted) {
      args.push(arg);
      arg = '';
    } else arg += sign;
  }
  return args;
}
