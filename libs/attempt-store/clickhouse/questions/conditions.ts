/** Conditions of a question with bound parameters: text from outside never becomes SQL. */
export class Conditions {
  private readonly parts: string[] = [];
  readonly parameters: Record<string, string | number | readonly (string | number)[]> = {};

  /** Adds `column operator value` when the value is given. */
  where(column: string, operator: '=' | '>=', type: string, value: string | number | null | undefined): this {
    if (value === undefined || value === null) return this;
    return this.add(`${column} ${operator} ${this.bind(type, value)}`);
  }

  add(condition: string): this {
    this.parts.push(condition);
    return this;
  }

  /** A placeholder for a bound value. */
  bind(type: string, value: string | number | readonly string[]): string {
    const name = `p${Object.keys(this.parameters).length}`;
    this.parameters[name] = value;
    return `{${name}:${type}}`;
  }

  /** All conditions joined, `1` when there is none. */
  get sql(): string {
    return this.parts.length === 0 ? '1' : this.parts.join(' AND ');
  }
}
