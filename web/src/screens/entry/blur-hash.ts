/** Pictures before they are there: the few colours that a BlurHash says of one. */

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";

type Colour = readonly [number, number, number];

/** Draw what a hash says over the whole of a canvas; false for a text that is none. */
export function drawBlurHash(canvas: HTMLCanvasElement, hash: string): boolean {
  const parts = componentsOf(hash);
  const context = canvas.getContext("2d");
  if (parts === null || context === null) return false;
  const { width, height } = canvas;
  const image = context.createImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const sum: [number, number, number] = [0, 0, 0];
      parts.colours.forEach((colour, index) => {
        const basis = Math.cos((Math.PI * x * (index % parts.across)) / width) * Math.cos((Math.PI * y * Math.floor(index / parts.across)) / height);
        for (const channel of [0, 1, 2] as const) sum[channel] += colour[channel] * basis;
      });
      image.data.set([...sum.map(displayed), 255], 4 * (x + y * width));
    }
  }
  context.putImageData(image, 0, 0);
  return true;
}

function componentsOf(hash: string): { across: number; colours: readonly Colour[] } | null {
  const size = numberOf(hash, 0, 1);
  const across = (size % 9) + 1;
  const down = Math.floor(size / 9) + 1;
  if (Number.isNaN(numberOf(hash, 0, hash.length)) || hash.length !== 4 + 2 * across * down) return null;
  const greatest = (numberOf(hash, 1, 1) + 1) / 166;
  const mean = numberOf(hash, 2, 4);
  const colours: Colour[] = [[linear(mean >> 16), linear((mean >> 8) & 255), linear(mean & 255)]];
  for (let index = 1; index < across * down; index += 1) {
    const value = numberOf(hash, 4 + index * 2, 2);
    const part = (digit: number): number => Math.sign(digit - 9) * ((digit - 9) / 9) ** 2 * greatest;
    colours.push([part(Math.floor(value / 361)), part(Math.floor(value / 19) % 19), part(value % 19)]);
  }
  return { across, colours };
}

function numberOf(hash: string, from: number, length: number): number {
  let value = 0;
  for (const character of hash.slice(from, from + length)) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return NaN;
    value = value * 83 + digit;
  }
  return value;
}

function linear(byte: number): number {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function displayed(value: number): number {
  const bounded = Math.min(1, Math.max(0, value));
  return Math.round(255 * (bounded <= 0.0031308 ? bounded * 12.92 : 1.055 * bounded ** (1 / 2.4) - 0.055));
}
