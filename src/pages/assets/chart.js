import { element } from './elements.js';

const WIDTH = 300;
const HEIGHT = 60;

/**
 * A line over the last samples, with its present value in words: the picture says nothing that the text does not.
 *
 * @param {string} title
 * @param {(number | undefined)[]} values the newest last; a gap where there is none
 * @param {number} most how many samples fill the width
 * @param {(value: number) => string} format
 */
export function chart(title, values, most, format) {
  const known = values.filter((value) => value !== undefined);
  const highest = Math.max(...known, 0);
  const last = values.at(-1);
  const text = last === undefined ? 'nothing yet' : `${format(last)} (highest ${format(highest)})`;
  return element('figure', {}, element('figcaption', {}, `${title}: ${text}`), line(values, most, highest));
}

/**
 * @param {(number | undefined)[]} values
 * @param {number} most
 * @param {number} highest
 */
function line(values, most, highest) {
  const scale = highest === 0 ? 0 : (HEIGHT - 4) / highest;
  const points = values.flatMap((value, at) =>
    value === undefined ? [] : [`${(WIDTH * (at + most - values.length)) / (most - 1)},${HEIGHT - 2 - value * scale}`],
  );
  const svg = svgElement('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true', class: 'chart' });
  svg.append(svgElement('polyline', { points: points.join(' ') }));
  return svg;
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 */
function svgElement(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
