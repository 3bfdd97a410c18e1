interface OpenObject {
  readonly kind: 'object';
  readonly keys: Set<string>;
  key: string;
}
interface OpenArray {
  readonly kind: 'array';
  index: number;
}

/**
 * The dotted path of the first member that its object has twice, or that is called `__proto__`; null when there is
 * none. JSON leaves open which of two members counts, so such a row says nothing for certain.
 * @param text valid JSON; only rows that `parseRow` suspects come here, so it need not be fast
 */
export function findRepeatedKey(text: string): string | null {
  const open: (OpenObject | OpenArray)[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const top = open.at(-1);
    if (token === '{') open.push({ kind: 'object', keys: new Set(), key: '' });
    else if (token === '[') open.push({ kind: 'array', index: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && top?.kind === 'array') top.index += 1;
    else if (token === ',' && top?.kind === 'object') top.key = '';
    else if (token === ':' && top?.kind === 'object') {
      if (top.keys.has(top.key) || top.key === '__proto__') return pathOf(open);
      top.keys.add(top.key);
    } else if (token.startsWith('"') && top?.kind === 'object' && top.key === '') {
      top.key = JSON.parse(token) as string;
    }
  }
  return null;
}

const pathOf = (open: readonly (OpenObject | OpenArray)[]): string =>
  open.map((level) => (level.kind === 'object' ? level.key : String(level.index))).join('.');
