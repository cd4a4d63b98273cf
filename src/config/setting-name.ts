export type SettingPath = readonly PropertyKey[];

/** Names that are safe to show: a longer or stranger one may be a secret that slipped into the wrong place. */
const SHOWABLE = /^[\w.<-][\w.-]{0,63}$/;

/** The name of a setting in the file as people write it: `services.workflow.flows.orders.headers[1]`. */
export function settingName(path: SettingPath): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${shownName(String(part))}`));
  return parts.join('').replace(/^\./, '');
}

/** The name itself where it can be shown, else words in its place. */
export function shownName(name: string): string {
  return SHOWABLE.test(name) ? name : '(unusual name)';
}
