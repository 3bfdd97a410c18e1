import { readFileSync } from 'node:fs';
import { parsers } from 'prettier/plugins/yaml';

/** What a document of YAML holds. */
export type YamlValue = string | number | boolean | null | YamlValue[] | { [key: string]: YamlValue };

/** A node of the tree that Prettier's parser makes: the formatter of this project knows YAML anyway. */
interface Node {
  readonly type: string;
  readonly value?: string;
  readonly anchor?: { readonly value: string } | null;
  readonly children?: readonly (Node | null)[];
}

/**
 * Every document of a file. Understands what files of deployments use: maps, lists, scalars of the core schema, anchors,
 * merge keys.
 * @throws Error for what it does not understand, and for a key that stands twice
 */
export async function readYaml(file: string): Promise<YamlValue[]> {
  const root = (await parsers.yaml.parse(readFileSync(file, 'utf8'), {} as never)) as Node;
  return (root.children ?? []).map((document) => {
    const body = document?.children?.find((part) => part?.type === 'documentBody');
    return valueOf(body?.children?.[0] ?? null, new Map());
  });
}

function valueOf(node: Node | null, anchors: Map<string, YamlValue>): YamlValue {
  if (node === null) return null;
  const value = contentOf(node, anchors);
  if (node.anchor) anchors.set(node.anchor.value, value);
  return value;
}

function contentOf(node: Node, anchors: Map<string, YamlValue>): YamlValue {
  const children = node.children ?? [];
  switch (node.type) {
    case 'mapping':
    case 'flowMapping':
      return mapOf(children, anchors);
    case 'sequence':
    case 'flowSequence':
      return children.map((item) =>
        valueOf(
          item?.type === 'sequenceItem' || item?.type === 'flowSequenceItem' ? first(item) : item,
          anchors,
        ),
      );
    case 'plain':
      return scalarOf(node.value ?? '');
    case 'quoteDouble':
    case 'quoteSingle':
    case 'blockLiteral':
    case 'blockFolded':
      return node.value ?? '';
    case 'alias': {
      const value = anchors.get(node.value ?? '');
      if (value === undefined) throw new Error(`no anchor ${node.value ?? ''}`);
      return value;
    }
    default:
      throw new Error(`a ${node.type} is not understood here`);
  }
}

const first = (node: Node | null | undefined): Node | null => node?.children?.[0] ?? null;

function mapOf(items: readonly (Node | null)[], anchors: Map<string, YamlValue>): YamlValue {
  const own: Record<string, YamlValue> = {};
  let merged: Record<string, YamlValue> = {};
  for (const item of items) {
    const [keyNode, valueNode] = item?.children ?? [];
    const key = first(keyNode)?.value ?? '';
    const value = valueOf(first(valueNode), anchors);
    if (key === '<<') merged = { ...merged, ...(value as Record<string, YamlValue>) };
    else if (Object.hasOwn(own, key)) throw new Error(`key ${key} stands twice`);
    else own[key] = value;
  }
  return { ...merged, ...own };
}

function scalarOf(text: string): YamlValue {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  return /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
