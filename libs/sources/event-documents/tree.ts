/** A JSON object whose members are not known yet. */
export type Tree = Readonly<Record<string, unknown>>;

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member that must be an object; an empty one when it is none. An object may be written as JSON text (Sumo). */
export function treeAt(tree: Tree, path: string): Tree {
  const value = valueAt(tree, path);
  if (isTree(value)) return value;
  return typeof value === 'string' && value.startsWith('{') ? parseTree(value) : {};
}

/** A member by its path, whether objects are nested or their names are joined by dots. */
export function valueAt(tree: Tree, path: string): unknown {
  if (Object.hasOwn(tree, path)) return tree[path];
  const dot = path.indexOf('.');
  if (dot === -1) return undefined;
  const head = Object.hasOwn(tree, path.slice(0, dot)) ? tree[path.slice(0, dot)] : undefined;
  return isTree(head) ? valueAt(head, path.slice(dot + 1)) : undefined;
}

/** A plain value as text; undefined for objects, lists, null and nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

/** The first of several members that holds text that is not empty. */
export function textAt(tree: Tree, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const text = textOf(valueAt(tree, path));
    if (text !== undefined && text !== '') return text;
  }
  return undefined;
}

/** A whole number of 0 or more, also written as text; undefined for all else. */
export function countOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

/** The object that a JSON text holds; an empty one when it holds none. */
export function parseTree(text: string): Tree {
  try {
    const value: unknown = JSON.parse(text);
    return isTree(value) ? value : {};
  } catch {
    return {};
  }
}
