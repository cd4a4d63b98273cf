import { htmlPage, readAsset, type HtmlPage } from './html-page.ts';
import { pageScript } from './page-script.ts';

/** A page of `assets/` with its script: `docs` is made of `docs.html` and `docs.js`. */
export function scriptPage(name: string): HtmlPage {
  return htmlPage({ html: readAsset(`${name}.html`), style: readAsset('page.css'), script: pageScript(`${name}.js`) });
}
