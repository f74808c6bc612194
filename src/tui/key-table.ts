/** The key table as Markdown, for docs/tui.md; a test holds the page to it. */
import { BINDINGS, type Binding, keyName } from './keys.ts';

const code = (text: string): string => (text === '|' ? '`\\|`' : text === '`' ? '`` ` ``' : `\`${text}\``);

/** Where a binding counts, in words. */
function where(binding: Binding): string {
  if (binding.places.length > 5) return 'everywhere';
  return binding.places.map((p) => (p === 'main' ? 'timeline' : p === 'list' ? 'list' : p)).join(', ');
}

export function keyTable(): string {
  const lines = ['| key | what it does | where | command |', '| --- | --- | --- | --- |'];
  for (const binding of BINDINGS) {
    lines.push(
      `| ${binding.keys.map((k) => code(keyName(k))).join(' ')} | ${binding.doc.replaceAll('|', '\\|')} | ${where(binding)} | \`${binding.command}\` |`,
    );
  }
  return lines.join('\n');
}
