/**
 * Remembers the answers of a pure function by its text key. When `maxEntries` are held it starts anew, so
 * memory stays bounded whatever the input; a forgotten answer costs time, never correctness.
 */
export function boundedMemo<Value>(maxEntries: number): (key: string, compute: () => Value) => Value {
  let answers = new Map<string, Value>();
  return (key, compute) => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const value = compute();
    if (answers.size >= maxEntries) answers = new Map();
    answers.set(key, value);
    return value;
  };
}
