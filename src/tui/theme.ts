/** Colours by what they mean. The dark and light themes use the terminal's own 16 colours; mono uses attributes only. */
import { BOLD, INVERSE, PLAIN, type Style, style, UNDERLINE } from './canvas.ts';

export interface Theme {
  readonly name: string;
  readonly text: Style;
  readonly dim: Style;
  readonly frame: Style;
  readonly frameFocus: Style;
  readonly title: Style;
  readonly titleFocus: Style;
  readonly bar: Style;
  readonly barKey: Style;
  readonly header: Style;
  readonly cursor: Style;
  readonly cursorIdle: Style;
  readonly marked: Style;
  readonly label: Style;
  readonly error: Style;
  readonly warn: Style;
  readonly note: Style;
  readonly good: Style;
  readonly hit: Style;
  readonly field: Style;
  readonly prompt: Style;
  readonly differs: Style;
}

const BRIGHT_BLACK = 8;
const LIGHT_GRAY = 7;
const BLACK = 0;
const RED = 1;
const GREEN = 2;
const YELLOW = 3;
const BLUE = 4;
const MAGENTA = 5;
const CYAN = 6;

const NONE = undefined;

const DARK: Theme = {
  name: 'dark',
  text: PLAIN,
  dim: style(BRIGHT_BLACK),
  frame: style(BRIGHT_BLACK),
  frameFocus: style(CYAN),
  title: PLAIN,
  titleFocus: style(CYAN, NONE, BOLD),
  bar: style(NONE, NONE, INVERSE),
  barKey: style(NONE, NONE, BOLD),
  header: style(NONE, NONE, BOLD),
  cursor: style(BLACK, CYAN),
  cursorIdle: style(NONE, BRIGHT_BLACK),
  marked: style(MAGENTA, NONE, BOLD),
  label: style(CYAN),
  error: style(RED, NONE, BOLD),
  warn: style(YELLOW),
  note: style(CYAN),
  good: style(GREEN),
  hit: style(BLACK, YELLOW),
  field: style(BLACK, CYAN),
  prompt: style(NONE, NONE, BOLD),
  differs: style(YELLOW, NONE, BOLD),
};

const LIGHT: Theme = {
  ...DARK,
  name: 'light',
  dim: style(BRIGHT_BLACK),
  frame: style(BRIGHT_BLACK),
  frameFocus: style(BLUE),
  titleFocus: style(BLUE, NONE, BOLD),
  cursor: style(15, BLUE),
  cursorIdle: style(BLACK, LIGHT_GRAY),
  label: style(BLUE),
  warn: style(MAGENTA),
  note: style(BLUE),
  field: style(15, BLUE),
  differs: style(MAGENTA, NONE, BOLD),
};

const MONO: Theme = {
  name: 'mono',
  text: PLAIN,
  dim: PLAIN,
  frame: PLAIN,
  frameFocus: style(NONE, NONE, BOLD),
  title: PLAIN,
  titleFocus: style(NONE, NONE, BOLD),
  bar: style(NONE, NONE, INVERSE),
  barKey: style(NONE, NONE, BOLD),
  header: style(NONE, NONE, BOLD | UNDERLINE),
  cursor: style(NONE, NONE, INVERSE),
  cursorIdle: style(NONE, NONE, UNDERLINE),
  marked: style(NONE, NONE, BOLD),
  label: PLAIN,
  error: style(NONE, NONE, BOLD),
  warn: style(NONE, NONE, BOLD),
  note: PLAIN,
  good: PLAIN,
  hit: style(NONE, NONE, INVERSE),
  field: style(NONE, NONE, INVERSE),
  prompt: style(NONE, NONE, BOLD),
  differs: style(NONE, NONE, BOLD | UNDERLINE),
};

export const THEMES = { dark: DARK, light: LIGHT, mono: MONO } as const;
export type ThemeName = keyof typeof THEMES;

const COLORS: Readonly<Record<string, number>> = {
  black: 0,
  red: 1,
  green: 2,
  yellow: 3,
  blue: 4,
  magenta: 5,
  cyan: 6,
  white: 7,
  gray: 8,
  grey: 8,
};

/** "yellow bold", "white on red", "202 underline" → a style; undefined when a word is unknown. */
export function parseStyle(text: string): Style | undefined {
  let foreground: number | undefined;
  let background: number | undefined;
  let attributes = 0;
  let behind = false;
  for (const word of text
    .toLowerCase()
    .split(/\s+/)
    .filter((w) => w !== '')) {
    if (word === 'on') behind = true;
    else if (word === 'bold') attributes |= BOLD;
    else if (word === 'underline') attributes |= UNDERLINE;
    else if (word === 'inverse') attributes |= INVERSE;
    else {
      const color = COLORS[word] ?? (/^\d{1,3}$/.test(word) && Number(word) < 256 ? Number(word) : undefined);
      if (color === undefined) return undefined;
      if (behind) background = color;
      else foreground = color;
    }
  }
  return style(foreground, background, attributes);
}
